//! A map with a bound in bytes: what is added beyond it drops the oldest entries.

use std::collections::{HashMap, VecDeque};

/// Entries by key, oldest first.
pub(crate) struct BoundedMap<T> {
    entries: HashMap<String, Entry<T>>,
    /// Every key with its number, oldest first. An entry that was removed or added again leaves its
    /// old number behind.
    order: VecDeque<(u64, String)>,
    last: u64,
    bytes: usize,
    limit: usize,
    dropped: u64,
    /// How many entries there may be before expired ones are looked for.
    swept_at: usize,
}

struct Entry<T> {
    number: u64,
    bytes: usize,
    value: T,
}

/// What one entry costs beside its value: the key twice, the table and the queue.
const OVERHEAD: usize = 256;

impl<T> BoundedMap<T> {
    /// A map of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        BoundedMap {
            entries: HashMap::new(),
            order: VecDeque::new(),
            last: 0,
            bytes: 0,
            limit,
            dropped: 0,
            swept_at: 64,
        }
    }

    /// Adds an entry whose value has about `bytes` bytes, after removing the entries that have
    /// expired.
    pub(crate) fn insert(
        &mut self,
        key: String,
        value: T,
        bytes: usize,
        has_expired: impl Fn(&T) -> bool,
    ) {
        if self.entries.len() >= self.swept_at {
            self.sweep(has_expired);
        }
        self.last += 1;
        let entry = Entry {
            number: self.last,
            bytes: bytes + OVERHEAD,
            value,
        };
        self.bytes += entry.bytes;
        self.order.push_back((self.last, key.clone()));
        if let Some(replaced) = self.entries.insert(key, entry) {
            self.bytes -= replaced.bytes;
        }
        self.drop_beyond_limit();
    }

    /// Notes that the value of an entry has about `bytes` bytes by now.
    pub(crate) fn resize(&mut self, key: &str, bytes: usize) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.bytes = self.bytes - entry.bytes + bytes + OVERHEAD;
            entry.bytes = bytes + OVERHEAD;
        }
        self.drop_beyond_limit();
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.value)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// How many entries were dropped because of the bound.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn drop_beyond_limit(&mut self) {
        while self.bytes > self.limit && self.entries.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((number, key)) = self.order.pop_front() else {
            return;
        };
        if self.entries.get(&key).is_some_and(|it| it.number == number)
            && let Some(entry) = self.entries.remove(&key)
        {
            self.bytes -= entry.bytes;
            self.dropped += 1;
        }
    }

    /// Removes what has expired. Looked for each time the map has doubled, so that adding stays cheap.
    fn sweep(&mut self, has_expired: impl Fn(&T) -> bool) {
        self.entries.retain(|_, entry| !has_expired(&entry.value));
        let entries = &self.entries;
        let is_current = |(number, key): &(u64, String)| {
            entries
                .get(key)
                .is_some_and(|entry| entry.number == *number)
        };
        self.order.retain(is_current);
        self.bytes = self.entries.values().map(|entry| entry.bytes).sum();
        self.swept_at = (self.entries.len() * 2).max(64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: &u32) -> bool {
        false
    }

    #[test]
    fn the_oldest_entries_are_dropped_and_counted() {
        let mut map = BoundedMap::new(10 * OVERHEAD);
        for number in 0..100 {
            map.insert(number.to_string(), number, 0, never);
        }
        assert_eq!(
            (map.get("99"), map.get("90"), map.get("89")),
            (Some(&99), Some(&90), None)
        );
        assert_eq!(map.dropped(), 90);
        assert!(map.order.len() <= 11);
    }

    #[test]
    fn one_entry_stays_however_large_it_is() {
        let mut map = BoundedMap::new(100);
        map.insert("a".to_owned(), 1, 1 << 20, never);
        assert_eq!(map.get("a"), Some(&1));
        map.insert("b".to_owned(), 2, 1 << 20, never);
        assert_eq!((map.get("a"), map.get("b")), (None, Some(&2)));
    }

    #[test]
    fn an_entry_that_is_added_again_counts_once() {
        let mut map = BoundedMap::new(10 * OVERHEAD);
        for _ in 0..100 {
            map.insert("a".to_owned(), 1, 0, never);
        }
        assert_eq!((map.bytes, map.dropped()), (OVERHEAD, 0));
    }

    #[test]
    fn an_entry_that_grows_drops_the_oldest() {
        let mut map = BoundedMap::new(10 * OVERHEAD);
        for number in 0..9 {
            map.insert(number.to_string(), number, 0, never);
        }
        map.resize("8", 3 * OVERHEAD);
        assert_eq!((map.get("1"), map.get("2")), (None, Some(&2)));
        assert_eq!(map.remove("8"), Some(8));
        assert_eq!((map.remove("8"), map.bytes), (None, 6 * OVERHEAD));
    }

    #[test]
    fn what_has_expired_is_removed_and_not_counted_as_dropped() {
        let mut map = BoundedMap::new(1 << 20);
        for number in 0..1_000 {
            map.insert(number.to_string(), number, 0, |it| *it + 10 < number);
        }
        assert!(map.entries.len() <= 64 && map.order.len() <= 64);
        assert_eq!((map.dropped(), map.get("999")), (0, Some(&999)));
    }
}
