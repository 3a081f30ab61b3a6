//! The investments of `user_good`: 13 holdings, which never change, and sixteen kinds of transactions
//! on an absolute grid of ten days (observed).

use std::{ops::RangeInclusive, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{day::Day, feed::Keyed, grid};

/// Every kind of transaction recurs after this many days.
const PERIOD: i32 = 10;

static DATA: LazyLock<Data> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/investments.json"))
        .expect("investments.json has the fields of Data")
});

#[derive(Deserialize)]
struct Data {
    /// By the mask of the account; null for all others.
    margin_loan_amounts: Map<String, Value>,
    /// By `security_id`.
    securities: Vec<Value>,
    /// By rising `cost_basis`; each has the `mask` of its account.
    holdings: Vec<Map<String, Value>>,
    /// In the order in which transactions of one day are listed.
    transactions: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    mask: String,
    day_mod_10: i32,
    transaction_datetime: Option<Time>,
    row: Map<String, Value>,
}

/// When a transaction happened, counted from its date.
#[derive(Deserialize)]
struct Time {
    days: i32,
    /// Such as `T14:00:00Z`.
    time: String,
}

/// The `margin_loan_amount` of an account's balances, which investment replies add.
pub(crate) fn margin_loan_amount(mask: &str) -> Value {
    DATA.margin_loan_amounts
        .get(mask)
        .cloned()
        .unwrap_or_default()
}

/// Every security. One of them has an id of the Item's institution.
pub(crate) fn securities(institution_id: &str) -> Vec<Value> {
    let named = |security: &Value| {
        let mut security = security.clone();
        if !security["institution_security_id"].is_null() {
            security["institution_id"] = institution_id.into();
        }
        security
    };
    DATA.securities.iter().map(named).collect()
}

/// The holdings of the accounts for which `account_id` returns an id.
pub(crate) fn holdings(account_id: impl Fn(&str) -> Option<String>) -> Vec<Value> {
    let shown = |holding: &Map<String, Value>| {
        let mut holding = holding.clone();
        let mask = holding.remove("mask")?;
        let id = account_id(mask.as_str()?)?;
        holding.insert("account_id".to_owned(), id.into());
        Some(holding.into())
    };
    DATA.holdings.iter().filter_map(shown).collect()
}

/// One investment transaction: a kind on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvestmentRow {
    kind: u8,
    pub(crate) date: Day,
}

impl Keyed for InvestmentRow {
    fn key(&self) -> u64 {
        let day = u64::from(self.date.number().unsigned_abs());
        day << 8 | u64::from(self.kind)
    }
}

impl InvestmentRow {
    /// The mask of its account.
    pub(crate) fn mask(self) -> &'static str {
        &self.of().mask
    }

    /// The transaction as Plaid's replies show it.
    pub(crate) fn to_json(self, account_id: &str, transaction_id: &str) -> Value {
        let kind = self.of();
        let mut row = kind.row.clone();
        let happened = kind.transaction_datetime.as_ref();
        let happened = happened.map(|at| format!("{}{}", self.date + at.days, at.time));
        row.insert("account_id".to_owned(), account_id.into());
        row.insert("date".to_owned(), self.date.to_string().into());
        row.insert(
            "investment_transaction_id".to_owned(),
            transaction_id.into(),
        );
        row.insert("transaction_datetime".to_owned(), happened.into());
        row.into()
    }

    fn of(self) -> &'static Kind {
        &DATA.transactions[usize::from(self.kind)]
    }
}

/// The transactions dated in `days`, newest first; those of one day in the order of the kinds.
pub(crate) fn rows(days: RangeInclusive<Day>) -> Vec<InvestmentRow> {
    let mut rows = Vec::new();
    for (kind, of) in (0u8..).zip(DATA.transactions.iter()) {
        let dates = grid::days(&days, PERIOD, of.day_mod_10);
        rows.extend(dates.map(|date| InvestmentRow { kind, date }));
    }
    rows.sort_by(|one, other| other.date.cmp(&one.date).then(one.kind.cmp(&other.kind)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn two_years_have_as_many_transactions_as_recorded() {
        let rows = rows(day("2024-09-12")..=day("2026-09-12"));
        assert_eq!(rows.len(), 1169);
    }

    #[test]
    fn the_newest_rows_are_those_of_the_recording() {
        let rows = rows(day("2026-09-03")..=day("2026-09-12"));
        let shown: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.date.to_string(),
                    row.mask(),
                    row.to_json("", "")["amount"].as_f64(),
                )
            })
            .collect();
        let expected = [
            ("2026-09-12", "6666", -0.22),
            ("2026-09-11", "6666", 1.1),
            ("2026-09-10", "5555", 46.32),
            ("2026-09-10", "5555", -1200.0),
            ("2026-09-10", "6666", -1500.0),
            ("2026-09-09", "5555", -2066.58),
            ("2026-09-09", "6666", -14961.99),
            ("2026-09-08", "6666", 466.71),
            ("2026-09-08", "6666", -0.1),
            ("2026-09-08", "6666", 120.03),
            ("2026-09-06", "6666", 3.0),
            ("2026-09-05", "6666", -8.72),
            ("2026-09-05", "6666", 948.08),
            ("2026-09-04", "6666", -1289.01),
            ("2026-09-04", "6666", -203.0),
            ("2026-09-03", "6666", 7.7),
        ];
        assert_eq!(
            shown,
            expected.map(|(date, mask, amount)| (date.to_owned(), mask, Some(amount)))
        );
    }

    #[test]
    fn a_transaction_happens_at_a_time_near_its_date() {
        let rows = rows(day("2026-09-08")..=day("2026-09-08"));
        assert_eq!(
            rows[0].to_json("", "")["transaction_datetime"],
            "2026-09-07T14:00:00Z"
        );
    }

    #[test]
    fn the_holdings_of_a_known_account_are_shown() {
        assert_eq!(holdings(|_| Some("id".to_owned())).len(), 13);
        assert_eq!(holdings(|_| None).len(), 0);
    }
}
