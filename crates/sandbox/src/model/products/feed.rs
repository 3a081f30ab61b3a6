//! The changes that `/transactions/sync` returns, in the order they happened, page by page from a
//! cursor.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A change to one transaction. `T` is the transaction as it was after the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<T> {
    Added(T),
    Modified(T),
    Removed(T),
}

impl<T: Copy> Change<T> {
    pub(crate) fn row(self) -> T {
        let (Change::Added(row) | Change::Modified(row) | Change::Removed(row)) = self;
        row
    }
}

/// Has a key that is unique within one Item.
pub(crate) trait Keyed {
    fn key(&self) -> u64;
}

/// The changes from one cursor to the next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) added: Vec<T>,
    /// The oldest change first (documented).
    pub(crate) modified: Vec<T>,
    pub(crate) removed: Vec<T>,
    pub(crate) next: Cursor,
    pub(crate) has_more: bool,
}

/// A position in the changes of one Item, or of one of its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Identifies the Item, or one account of it.
    stream: u64,
    /// Where the first page of this loop started. The caller does not know transactions added after
    /// that, so they are never modified or removed for it.
    start: u32,
    /// The first change of the next page.
    position: u32,
}

impl Cursor {
    /// Before the first change.
    pub(crate) fn first(stream: u64) -> Self {
        Cursor {
            stream,
            start: 0,
            position: 0,
        }
    }

    /// After the first `changes` changes.
    pub(crate) fn after(stream: u64, changes: usize) -> Self {
        let position = u32::try_from(changes).unwrap_or(u32::MAX);
        Cursor {
            stream,
            start: position,
            position,
        }
    }

    /// The stream that this cursor belongs to.
    pub(crate) fn stream(&self) -> u64 {
        self.stream
    }

    /// Parses the text of [`Cursor::encode`]; `None` for any other text.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (fields, check) = bytes.split_at(16);
        let number = |from: usize| {
            u32::from_be_bytes(fields[from..from + 4].try_into().expect("four bytes"))
        };
        let cursor = Cursor {
            stream: u64::from(number(0)) << 32 | u64::from(number(4)),
            start: number(8),
            position: number(12),
        };
        (check == checksum(fields) && cursor.start <= cursor.position).then_some(cursor)
    }

    /// The cursor as replies show it: opaque text.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(20);
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(self.start.to_be_bytes());
        bytes.extend(self.position.to_be_bytes());
        let check = checksum(&bytes);
        bytes.extend(check);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// FNV-1a. It detects a cursor that was cut or changed by accident; it is not a signature.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let fold = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    bytes.iter().fold(0x811c_9dc5, fold).to_be_bytes()
}

/// The page of at most `count` changes from `cursor` on. The same cursor gives the same page while
/// nothing changes (observed).
///
/// A transaction that was added and modified since the loop started appears only in `added`, as it is
/// now. One that was added and removed does not appear.
pub(crate) fn page<T: Keyed + Copy>(
    changes: &[Change<T>],
    cursor: Cursor,
    count: usize,
) -> Page<T> {
    let first = (cursor.position as usize).min(changes.len());
    let last = History::of(changes);
    let mut page = Page {
        added: Vec::new(),
        modified: Vec::new(),
        removed: Vec::new(),
        next: cursor,
        has_more: false,
    };
    let mut position = first;
    let mut room = count;
    for (index, change) in changes.iter().enumerate().skip(first) {
        let Some(shown) = last.shown(index, change, cursor.start) else {
            position = index + 1;
            continue;
        };
        if room == 0 {
            page.has_more = true;
            break;
        }
        room -= 1;
        position = index + 1;
        match shown {
            Change::Added(row) => page.added.push(row),
            Change::Modified(row) => page.modified.push(row),
            Change::Removed(row) => page.removed.push(row),
        }
    }
    page.next.position = u32::try_from(position).unwrap_or(u32::MAX);
    if !page.has_more {
        page.next = Cursor::after(cursor.stream, changes.len());
    }
    page
}

/// For each transaction, the index of the change that added it, and its last change.
struct History<T> {
    of: HashMap<u64, (usize, usize, Change<T>)>,
}

impl<T: Keyed + Copy> History<T> {
    /// Empty if every change adds a transaction.
    fn of(changes: &[Change<T>]) -> Self {
        let mut of = HashMap::new();
        let has_more_than_added = |change: &Change<T>| !matches!(change, Change::Added(_));
        if changes.iter().any(has_more_than_added) {
            for (index, change) in changes.iter().enumerate() {
                let noted = of
                    .entry(change.row().key())
                    .or_insert((index, index, *change));
                (noted.1, noted.2) = (index, *change);
            }
        }
        History { of }
    }

    /// How the change at `index` appears in a loop that started at `start`, if it does.
    fn shown(&self, index: usize, change: &Change<T>, start: u32) -> Option<Change<T>> {
        let Some((added, last, now)) = self.of.get(&change.row().key()) else {
            return Some(*change);
        };
        match (change, now) {
            (Change::Added(_), Change::Removed(_)) => None,
            (Change::Added(_), Change::Added(row) | Change::Modified(row)) => {
                Some(Change::Added(*row))
            }
            _ => (index == *last && *added < start as usize).then_some(*change),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Change::{Added, Modified, Removed},
        *,
    };

    impl Keyed for u64 {
        fn key(&self) -> u64 {
            // The tens are the transaction, the ones its version.
            self / 10
        }
    }

    const INITIAL: [Change<u64>; 2] = [Added(10), Added(20)];
    const STREAM: u64 = 0x0123_4567_89ab_cdef;

    fn after(changes: usize) -> Cursor {
        Cursor::after(STREAM, changes)
    }

    #[test]
    fn everything_comes_from_the_first_cursor_on() {
        let page = page(&INITIAL, Cursor::first(STREAM), 100);
        assert_eq!(page.added, [10, 20]);
        assert!(!page.has_more);
        assert_eq!(page.next, after(2));
    }

    #[test]
    fn a_page_ends_at_its_count_and_the_next_one_goes_on() {
        let changes = [Added(10), Added(20), Added(30)];
        let one = page(&changes, Cursor::first(STREAM), 2);
        assert_eq!((one.added, one.has_more), (vec![10, 20], true));
        let two = page(&changes, one.next, 2);
        assert_eq!((two.added, two.has_more), (vec![30], false));
        let none = page(&changes, two.next, 2);
        assert_eq!(
            (none.added, none.has_more, none.next),
            (vec![], false, after(3))
        );
    }

    #[test]
    fn a_full_last_page_has_no_more() {
        let page = page(&INITIAL, Cursor::first(STREAM), 2);
        assert!(!page.has_more);
    }

    #[test]
    fn the_historical_update_repeats_known_rows_as_modified() {
        let changes = [Added(10), Added(20), Added(30), Modified(10), Modified(20)];
        let page = page(&changes, after(2), 100);
        assert_eq!((page.added, page.modified), (vec![30], vec![10, 20]));
    }

    #[test]
    fn what_was_added_in_the_same_loop_is_never_modified() {
        let changes = [Added(10), Added(20), Modified(11), Removed(20)];
        let whole = page(&changes, Cursor::first(STREAM), 100);
        assert_eq!(
            (whole.added, whole.modified, whole.removed),
            (vec![11], vec![], vec![])
        );
        let mut cursor = Cursor::first(STREAM);
        let mut added = Vec::new();
        loop {
            let part = page(&changes, cursor, 1);
            added.extend(part.added);
            assert!(part.modified.is_empty() && part.removed.is_empty());
            cursor = part.next;
            if !part.has_more {
                break;
            }
        }
        assert_eq!(added, [11]);
    }

    #[test]
    fn what_was_known_and_went_is_removed() {
        let changes = [Added(10), Added(20), Modified(11), Removed(10)];
        let page = page(&changes, after(2), 100);
        assert_eq!(
            (page.added, page.modified, page.removed),
            (vec![], vec![], vec![10])
        );
    }

    #[test]
    fn a_cursor_survives_being_written_and_read() {
        let cursor = Cursor {
            stream: STREAM,
            start: 2,
            position: 7,
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
    }

    #[test]
    fn a_cursor_that_was_cut_or_changed_is_none() {
        let text = after(7).encode();
        for end in 0..text.len() {
            assert_eq!(Cursor::decode(&text[..end]), None);
        }
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Cursor::decode(&changed), None, "{index}");
        }
        assert_eq!(Cursor::decode("not a cursor"), None);
    }
}
