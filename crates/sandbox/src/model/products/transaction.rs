//! A transaction, from the grid of `user_good` or of a test user with transactions of its own.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::{day::Day, feed::Keyed, transactions::Row};
use crate::plaid::json::RenderedList;

/// One transaction of an Item.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transaction<'a> {
    Grid(Row),
    Own(&'a OwnRow),
}

/// A stored transaction, of a test user with transactions of its own.
#[derive(Clone, Debug)]
pub(crate) struct OwnRow {
    /// Identifies it among the transactions of its Item.
    pub(crate) number: u32,
    /// The mask of its account.
    pub(crate) mask: String,
    pub(crate) date: Day,
    pub(crate) is_pending: bool,
    /// The number of the pending transaction that this one replaced.
    pub(crate) was_pending: Option<u32>,
    /// Its fields, without ids and `date`.
    pub(crate) row: Map<String, Value>,
}

/// Above the keys of the grid.
const OWN_KEYS: u64 = 1 << 40;

/// The key of the stored transaction with this number.
pub(crate) fn own_key(number: u32) -> u64 {
    OWN_KEYS | u64::from(number)
}

impl Keyed for Transaction<'_> {
    fn key(&self) -> u64 {
        match self {
            Transaction::Grid(row) => row.key(),
            Transaction::Own(row) => own_key(row.number),
        }
    }
}

impl<'a> Transaction<'a> {
    /// The mask of its account.
    pub(crate) fn mask(self) -> &'a str {
        match self {
            Transaction::Grid(row) => row.mask(),
            Transaction::Own(row) => &row.mask,
        }
    }

    pub(crate) fn date(self) -> Day {
        match self {
            Transaction::Grid(row) => row.date,
            Transaction::Own(row) => row.date,
        }
    }

    /// Its name, as the bank wrote it.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Transaction::Grid(row) => row.name(),
            Transaction::Own(row) => row.row["name"].as_str().unwrap_or_default(),
        }
    }

    /// The sort key: date, newest first; within a day the order of the list.
    pub(crate) fn newest_first(self) -> (Reverse<Day>, u64) {
        (Reverse(self.date()), self.key())
    }

    /// Adds the transaction to a list, as [`Transaction::to_json`] shows it.
    pub(crate) fn render(
        self,
        account_id: &str,
        id: impl Fn(u64) -> String,
        with_original_description: bool,
        list: &mut RenderedList,
    ) {
        if let Transaction::Grid(row) = self {
            row.render(account_id, &id(row.key()), with_original_description, list);
            return;
        }
        let mut shown = self.to_json(account_id, id);
        if with_original_description {
            // Inferred: the name as the bank wrote it.
            shown["original_description"] = self.name().into();
        }
        list.push_value(shown);
    }

    /// The transaction as Plaid's replies show it. `id` gives the id for a key.
    pub(crate) fn to_json(self, account_id: &str, id: impl Fn(u64) -> String) -> Value {
        let own = match self {
            Transaction::Grid(row) => return row.to_json(account_id, &id(row.key())),
            Transaction::Own(own) => own,
        };
        let mut row = own.row.clone();
        let fields = [
            ("account_id", Value::from(account_id)),
            ("date", own.date.to_string().into()),
            ("pending", own.is_pending.into()),
            (
                "pending_transaction_id",
                own.was_pending.map(|number| id(own_key(number))).into(),
            ),
            ("transaction_id", id(own_key(own.number)).into()),
        ];
        row.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        if own.is_pending {
            // Observed.
            row.remove("running_balance");
        }
        row.into()
    }
}
