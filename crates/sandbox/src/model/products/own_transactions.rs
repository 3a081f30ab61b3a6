//! The stored transactions of two test users: `user_transactions_dynamic`, where each refresh changes
//! transactions, and `user_custom`.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::{
    day::Day,
    feed::Change,
    transaction::{OwnRow, Transaction},
    transactions::sample,
};
use crate::plaid::json;

/// The most transactions of one Item. When they are reached, a refresh changes nothing.
const MAX_ROWS: usize = 1_000;

/// The dynamic user has 108 transactions over 29 days, of which 4 are pending (observed; which
/// merchants and amounts they have is inferred).
const DYNAMIC_POSTED: u32 = 104;
const DYNAMIC_PENDING: u32 = 4;
const DYNAMIC_DAYS: i32 = 29;

/// The accounts of the dynamic user: one depository and one credit account (observed).
pub(crate) const DYNAMIC_MASKS: [&str; 2] = ["0000", "3333"];

/// Transactions and their changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnTransactions {
    /// Every version of every transaction.
    rows: Vec<OwnRow>,
    /// The changes, by the index of the version.
    changes: Vec<Change<usize>>,
    next_number: u32,
    /// Whether a refresh changes something.
    is_dynamic: bool,
}

impl OwnTransactions {
    /// The transactions of `user_transactions_dynamic` on a day.
    pub(crate) fn dynamic(today: Day, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut own = OwnTransactions {
            is_dynamic: true,
            ..OwnTransactions::default()
        };
        for index in 0..DYNAMIC_POSTED {
            let days = index * DYNAMIC_DAYS.unsigned_abs() / DYNAMIC_POSTED;
            own.add_random(
                today + -i32::try_from(days).unwrap_or(0),
                false,
                &mut random,
            );
        }
        for _ in 0..DYNAMIC_PENDING {
            own.add_random(today, true, &mut random);
        }
        own
    }

    /// Adds a transaction. Returns its number.
    pub(crate) fn add(&mut self, mask: &str, date: Day, row: Map<String, Value>) -> u32 {
        self.push(OwnRow {
            number: self.next_number,
            mask: mask.to_owned(),
            date,
            is_pending: false,
            was_pending: None,
            row,
        })
    }

    /// A refresh of the dynamic user (observed): pending transactions are removed and come back
    /// posted, new ones are pending, one old amount grows by 1.00, and every other known transaction
    /// comes again as modified. Returns what changed.
    pub(crate) fn refresh(&mut self, today: Day, seed: u64) -> Refreshed {
        let mut refreshed = Refreshed::default();
        if !self.is_dynamic || self.rows.len() + 16 > MAX_ROWS {
            return refreshed;
        }
        let mut random = Rng::with_seed(seed ^ u64::from(self.next_number));
        let current = self.current();
        let (pending, posted): (Vec<usize>, Vec<usize>) = current
            .into_iter()
            .partition(|index| self.rows[*index].is_pending);
        if let Some(first) = posted.first() {
            let mut grown = self.rows[*first].clone();
            let amount = grown.row["amount"].as_f64().unwrap_or_default() + 1.0;
            grown.row.insert("amount".to_owned(), json::number(amount));
            self.rows.push(grown);
            self.changes.push(Change::Modified(self.rows.len() - 1));
        }
        self.changes
            .extend(posted.iter().skip(1).copied().map(Change::Modified));
        for index in pending {
            self.changes.push(Change::Removed(index));
            let row = self.rows[index].clone();
            refreshed.removed.push(row.number);
            self.push(OwnRow {
                number: self.next_number,
                is_pending: false,
                was_pending: Some(row.number),
                ..row
            });
            refreshed.added += 1;
        }
        for _ in 0..DYNAMIC_PENDING {
            self.add_random(today, true, &mut random);
            refreshed.added += 1;
        }
        refreshed
    }

    /// Whether `count` more transactions are within the limit.
    pub(crate) fn has_room(&self, count: usize) -> bool {
        self.rows.len() + count <= MAX_ROWS
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<Transaction<'_>>> {
        self.changes.iter().map(|change| {
            let row = Transaction::Own(&self.rows[change.row()]);
            match change {
                Change::Added(_) => Change::Added(row),
                Change::Modified(_) => Change::Modified(row),
                Change::Removed(_) => Change::Removed(row),
            }
        })
    }

    /// The newest version of every transaction that was not removed, oldest number first.
    fn current(&self) -> Vec<usize> {
        let mut newest = std::collections::BTreeMap::new();
        for change in &self.changes {
            let index = change.row();
            let number = self.rows[index].number;
            match change {
                Change::Removed(_) => newest.remove(&number),
                Change::Added(_) | Change::Modified(_) => newest.insert(number, index),
            };
        }
        newest.into_values().collect()
    }

    fn push(&mut self, row: OwnRow) -> u32 {
        let number = row.number;
        self.next_number = number + 1;
        self.rows.push(row);
        self.changes.push(Change::Added(self.rows.len() - 1));
        number
    }

    fn add_random(&mut self, date: Day, is_pending: bool, random: &mut Rng) {
        let mut row = sample(random.usize(..));
        // A third of the amounts have more than two decimals (observed).
        let amount = match random.u8(0..3) {
            0 => f64::from(random.u32(10_000..2_000_000_000)) / 1e7,
            _ => f64::from(random.u32(100..20_000)) / 100.0,
        };
        let authorized = (date + -random.i32(0..=2)).to_string();
        row.insert("amount".to_owned(), json::number(amount));
        row.insert("authorized_date".to_owned(), authorized.into());
        let mask = DYNAMIC_MASKS[random.usize(0..2)].to_owned();
        self.push(OwnRow {
            number: self.next_number,
            mask,
            date,
            is_pending,
            was_pending: None,
            row,
        });
    }
}

/// What a refresh changed, for its webhooks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refreshed {
    pub(crate) added: usize,
    /// The numbers of the transactions that were removed.
    pub(crate) removed: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dynamic_user_starts_with_what_was_observed() {
        let today = Day::parse("2026-08-24").unwrap();
        let own = OwnTransactions::dynamic(today, 1);
        let rows: Vec<_> = own.changes().map(Change::row).collect();
        assert_eq!(rows.len(), 108);
        let oldest = rows.iter().map(|row| row.date()).min().unwrap();
        assert_eq!(today.number() - oldest.number(), 28);
    }

    #[test]
    fn a_refresh_posts_the_pending_and_repeats_the_rest() {
        let today = Day::parse("2026-08-24").unwrap();
        let mut own = OwnTransactions::dynamic(today, 1);
        let refreshed = own.refresh(today, 1);
        assert_eq!((refreshed.added, refreshed.removed.len()), (8, 4));
        let after: Vec<_> = own.changes().skip(108).collect();
        let count =
            |wanted: fn(&Change<Transaction>) -> bool| after.iter().filter(|it| wanted(it)).count();
        assert_eq!(count(|it| matches!(it, Change::Modified(_))), 104);
        assert_eq!(count(|it| matches!(it, Change::Removed(_))), 4);
        assert_eq!(count(|it| matches!(it, Change::Added(_))), 8);
        assert_eq!(own.refresh(today, 1).removed.len(), 4);
    }

    #[test]
    fn refreshes_do_not_grow_without_end() {
        let today = Day::parse("2026-08-24").unwrap();
        let mut own = OwnTransactions::dynamic(today, 1);
        for _ in 0..1_000 {
            own.refresh(today, 1);
        }
        assert!(own.rows.len() <= MAX_ROWS);
        assert_eq!(own.refresh(today, 1), Refreshed::default());
    }
}
