//! The transactions of `user_good`: sixteen kinds, each of which recurs every 30 days on an absolute
//! grid (observed: the rule reproduces every total that was recorded). Two Items show the same
//! transactions with different ids, and an Item gains transactions as days pass.

use std::{cmp::Reverse, ops::RangeInclusive, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{day::Day, feed::Keyed, grid};
use crate::plaid::json::{self, RenderedList, Template};

/// Every kind recurs after this many days.
const PERIOD: i32 = 30;

/// How many days back the initial update reaches, both ends included (observed).
pub(crate) const INITIAL_DAYS: i32 = 30;

/// The kinds, in the order in which transactions of one day are listed.
static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/transactions.json"))
        .expect("transactions.json is a list of kinds")
});

#[derive(Deserialize)]
struct Kind {
    /// The mask of its account.
    mask: String,
    /// It is dated on every day with `number % 30` equal to this.
    day_mod_30: i32,
    /// Days from its date to its authorization; `None` where Plaid shows null.
    authorized_offset_days: Option<i32>,
    /// Its fields, without ids and dates.
    row: Map<String, Value>,
}

/// The fields of a row that its kind does not have, in alphabetical order.
const OWN_FIELDS: [&str; 4] = ["account_id", "authorized_date", "date", "transaction_id"];

/// The kinds as replies show them: without `original_description`, and with it.
static TEMPLATES: LazyLock<Vec<[Template; 2]>> = LazyLock::new(|| {
    let templates = KINDS.iter().map(|kind| {
        let mut described = kind.row.clone();
        // Inferred: the name as the bank wrote it.
        described.insert("original_description".to_owned(), kind.row["name"].clone());
        [kind.row.clone(), described].map(|row| Template::new(row, &OWN_FIELDS))
    });
    templates.collect()
});

/// One transaction: a kind on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    kind: u8,
    pub(crate) date: Day,
}

impl Keyed for Row {
    fn key(&self) -> u64 {
        let day = u64::from(self.date.number().unsigned_abs());
        day << 8 | u64::from(self.kind)
    }
}

impl Row {
    /// The mask of its account.
    pub(crate) fn mask(self) -> &'static str {
        &self.of().mask
    }

    /// Sorts by date, newest first; within a day in the order of the kinds.
    pub(crate) fn newest_first(self) -> (Reverse<Day>, u8) {
        (Reverse(self.date), self.kind)
    }

    /// Its name, as the bank wrote it.
    pub(crate) fn name(self) -> &'static str {
        self.of().row["name"].as_str().unwrap_or_default()
    }

    /// In US dollars; positive where money leaves the account.
    pub(crate) fn amount(self) -> f64 {
        self.of().row["amount"].as_f64().unwrap_or_default()
    }

    /// The transaction as Plaid's replies show it.
    pub(crate) fn to_json(self, account_id: &str, transaction_id: &str) -> Value {
        let kind = self.of();
        let mut row = kind.row.clone();
        let authorized = kind.authorized_offset_days;
        let authorized = authorized.map(|days| (self.date + days).to_string());
        row.insert("account_id".to_owned(), account_id.into());
        row.insert("authorized_date".to_owned(), authorized.into());
        row.insert("date".to_owned(), self.date.to_string().into());
        row.insert("transaction_id".to_owned(), transaction_id.into());
        row.into()
    }

    /// Adds the transaction to a list, as [`Row::to_json`] shows it.
    pub(crate) fn render(
        self,
        account_id: &str,
        transaction_id: &str,
        with_original_description: bool,
        list: &mut RenderedList,
    ) {
        let template = &TEMPLATES[usize::from(self.kind)][usize::from(with_original_description)];
        let authorized = self.of().authorized_offset_days;
        let authorized = authorized.map(|days| (self.date + days).to_string());
        let date = self.date.to_string();
        let values = [
            Some(account_id),
            authorized.as_deref(),
            Some(&date),
            Some(transaction_id),
        ];
        list.push(template, &values);
    }

    fn of(self) -> &'static Kind {
        &KINDS[usize::from(self.kind)]
    }
}

/// The fields of one of the kinds, as a model for other transactions.
pub(crate) fn sample(index: usize) -> Map<String, Value> {
    KINDS[index % KINDS.len()].row.clone()
}

/// The fields of a transaction with this name, amount, currency and date. Its category is inferred.
pub(crate) fn plain_row(
    name: &str,
    amount: f64,
    currency: &str,
    authorized: Day,
) -> Map<String, Value> {
    // Touchstone Climbing: no merchant, location or payment data.
    let mut row = sample(4);
    let category = json!({
        "confidence_level": "LOW",
        "detailed": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
        "primary": "GENERAL_MERCHANDISE",
        "version": "v2",
    });
    let icon = "https://plaid-category-icons.plaid.com/PFC_GENERAL_MERCHANDISE.png";
    let fields = [
        ("amount", json::number(amount)),
        ("authorized_date", json!(authorized.to_string())),
        ("category", Value::Null),
        ("category_id", Value::Null),
        ("iso_currency_code", json!(currency)),
        ("merchant_category_code", Value::Null),
        ("name", json!(name)),
        ("personal_finance_category", category),
        ("personal_finance_category_icon_url", json!(icon)),
        ("transaction_type", json!("unresolved")),
    ];
    row.extend(fields.map(|(field, value)| (field.to_owned(), value)));
    row
}

/// The transactions dated in `days`, newest first; those of one day in the order of the kinds.
pub(crate) fn rows(days: RangeInclusive<Day>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, of) in (0u8..).zip(KINDS.iter()) {
        let dates = grid::days(&days, PERIOD, of.day_mod_30);
        rows.extend(dates.map(|date| Row { kind, date }));
    }
    rows.sort_unstable_by_key(|row| row.newest_first());
    rows
}

/// The transactions dated in `days` as `/transactions/sync` gives a batch of them: by account, in the
/// order of `masks`, newest first (observed).
pub(crate) fn batch(days: RangeInclusive<Day>, masks: &[&str]) -> Vec<Row> {
    let mut rows = rows(days);
    // Stable: the order within an account stays.
    rows.sort_by_key(|row| masks.iter().position(|mask| *mask == row.mask()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// A total that was recorded for a window, of all accounts or of those named.
    fn check_total(from: &str, to: &str, masks: &[&str], total: usize) {
        let rows = rows(day(from)..=day(to));
        let counted = rows
            .iter()
            .filter(|row| masks.is_empty() || masks.contains(&row.mask()));
        assert_eq!(counted.count(), total, "{from} to {to}, {masks:?}");
    }

    #[test]
    fn every_recorded_total_comes_out() {
        check_total("2016-01-01", "2017-01-01", &[], 202);
        check_total("2016-01-01", "2017-01-01", &["0000"], 77);
        check_total("2018-02-21", "2019-01-01", &[], 173);
        check_total("2018-02-21", "2019-01-01", &["0000"], 65);
        check_total("2026-07-22", "2026-08-21", &[], 19);
        check_total("2026-06-17", "2026-07-17", &[], 16);
        check_total("2026-04-18", "2026-07-17", &[], 48);
    }

    #[test]
    fn a_batch_is_ordered_as_recorded() {
        let masks = ["0000", "1111"];
        let initial = batch(day("2024-05-25")..=day("2024-06-24"), &masks);
        let shown: Vec<_> = initial
            .iter()
            .filter(|row| masks.contains(&row.mask()))
            .map(|row| (row.mask(), row.date.to_string(), row.amount()))
            .collect();
        let expected = [
            ("0000", "2024-06-23", 5.4),
            ("0000", "2024-06-21", -500.0),
            ("0000", "2024-06-20", 12.0),
            ("0000", "2024-06-20", 4.33),
            ("0000", "2024-06-19", 89.4),
            ("0000", "2024-06-06", 6.33),
            ("1111", "2024-06-23", 25.0),
            ("1111", "2024-06-18", -4.22),
        ];
        assert_eq!(
            shown,
            expected.map(|(mask, date, amount)| (mask, date.to_owned(), amount))
        );
    }

    #[test]
    fn a_row_has_the_fields_of_the_recording() {
        let uber = rows(day("2026-08-12")..=day("2026-08-12"))[1];
        let shown = uber.to_json("account", "transaction");
        assert_eq!(shown["name"], "Uber 063015 SF**POOL**");
        assert_eq!(shown["authorized_date"], "2026-08-11");
        assert_eq!(shown["date"], "2026-08-12");
        assert_eq!(shown.as_object().unwrap().len(), 30);
    }
}
