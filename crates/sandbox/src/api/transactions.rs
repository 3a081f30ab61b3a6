//! The routes of transactions.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::{
    api::{
        accounts::chosen_accounts,
        call::{Call, RouteFn},
    },
    model::{
        item::{Item, ItemIndex},
        products::{
            day::Day,
            feed::{Cursor, Keyed},
            ledger::{Ledger, MAX_DAYS, Progress},
            streams::{self, Flow},
            transaction::Transaction,
            transactions::plain_row,
        },
    },
    plaid::{error::PlaidError, json::RenderedList, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 5] = [
    ("/sandbox/transactions/create", create),
    ("/transactions/sync", sync),
    ("/transactions/get", get),
    ("/transactions/refresh", refresh),
    ("/transactions/recurring/get", recurring),
];

/// The most transactions that one request creates, and the most days back (both documented).
const MAX_CREATED: usize = 10;
const CREATED_DAYS: i32 = 14;

/// A limit of this Sandbox.
const MAX_DESCRIPTION: usize = 512;

/// The largest `count`, and the default (both documented).
const MAX_COUNT: i64 = 500;
const DEFAULT_COUNT: i64 = 100;

/// The changes since `cursor`: all of them without one (documented). `now` skips them (documented).
fn sync(call: &mut Call) -> Result<Value, PlaidError> {
    let index = started_item(call, "options.days_requested")?;
    let fields = call.fields;
    let count = fields
        .integer("count", 1, MAX_COUNT)?
        .unwrap_or(DEFAULT_COUNT);
    let original = fields.flag("options.include_original_description")?;
    fields.flag("options.include_personal_finance_category")?;
    let account = fields.optional_text("options.account_id")?;
    call.state.mark_synced(index);
    let now = call.state.clock().now();
    let item = call.state.item(index);
    let ledger = ledger(item)?;
    let mut accounts = item.accounts();
    let account = account
        .map(|id| {
            let known = accounts.iter().position(|it| it["account_id"] == id);
            known.ok_or_else(PlaidError::invalid_account_id)
        })
        .transpose()?;
    let mask = account.and_then(|index| accounts[index]["mask"].as_str().map(str::to_owned));
    let mask = mask.as_deref();
    let stream = item.cursor_stream(account);
    let cursor = match fields.find("cursor") {
        None | Some(Value::Null) => Cursor::first(stream),
        Some(Value::String(text)) if text.is_empty() => Cursor::first(stream),
        Some(Value::String(text)) if text == "now" => ledger.end(now, mask, stream),
        Some(Value::String(text)) => Cursor::decode(text)
            .filter(|cursor| cursor.stream() == stream)
            .ok_or_else(PlaidError::foreign_cursor)?,
        Some(_) => return Err(PlaidError::invalid_field("cursor", "a string")),
    };
    let (status, next) = match ledger.progress(now) {
        Progress::NotReady => ("NOT_READY", None),
        Progress::Initial => ("INITIAL_UPDATE_COMPLETE", Some(())),
        Progress::Historical => ("HISTORICAL_UPDATE_COMPLETE", Some(())),
    };
    let mut page = ledger.page(
        now,
        mask,
        cursor,
        usize::try_from(count).unwrap_or(usize::MAX),
    );
    let is_shown = |row: &Transaction| accounts.iter().any(|it| it["mask"] == row.mask());
    for rows in [&mut page.added, &mut page.modified, &mut page.removed] {
        rows.retain(is_shown);
    }
    let shown = Shown {
        item,
        accounts: &accounts,
        original,
    };
    let removed = page.removed.iter().map(|row| {
        json!({
            "account_id": shown.account_id(*row),
            "transaction_id": item.transaction_id(row.key()),
        })
    });
    let removed: Vec<Value> = removed.collect();
    let modified = shown.rendered(&page.modified);
    let added = shown.rendered(&page.added);
    let rows = page.added.iter().chain(&page.modified).chain(&page.removed);
    let masks: HashSet<&str> = rows.map(|row| row.mask()).collect();
    accounts.retain(|account| {
        let mask = account["mask"].as_str();
        mask.is_some_and(|mask| masks.contains(mask))
    });
    call.lists = vec![("added", added), ("modified", modified)];
    Ok(json!({
        "accounts": accounts,
        "added": [],
        "has_more": page.has_more,
        "modified": [],
        // Before the initial update it is empty (observed).
        "next_cursor": next.map(|()| page.next.encode()).unwrap_or_default(),
        "removed": removed,
        "transactions_update_status": status,
    }))
}

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let index = started_item(call, "options.days_requested")?;
    let fields = call.fields;
    let window = fields.window()?;
    let count = fields
        .integer("options.count", 1, MAX_COUNT)?
        .unwrap_or(DEFAULT_COUNT);
    let offset = fields.integer("options.offset", 0, i64::MAX)?.unwrap_or(0);
    let original = fields.flag("options.include_original_description")?;
    fields.flag("options.include_personal_finance_category")?;
    let now = call.state.clock().now();
    let item = call.state.item(index);
    let accounts = chosen_accounts(call, item)?;
    let ledger = ledger(item)?;
    if ledger.progress(now) == Progress::NotReady {
        return Err(PlaidError::product_not_ready());
    }
    let is_chosen =
        |row: &Transaction| accounts.iter().any(|account| account["mask"] == row.mask());
    let mut rows = ledger.rows(now);
    rows.retain(|row| window.contains(&row.date()) && is_chosen(row));
    let total = rows.len();
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(total);
    let until = from
        .saturating_add(usize::try_from(count).unwrap_or_default())
        .min(total);
    let shown = Shown {
        item,
        accounts: &accounts,
        original,
    };
    call.lists
        .push(("transactions", shown.rendered(&rows[from..until])));
    Ok(json!({
        "accounts": accounts,
        "item": item.to_json(call.request_id),
        "total_transactions": total,
        "transactions": [],
    }))
}

/// It changes no transaction of `user_good` (inferred: none is pending).
fn refresh(call: &mut Call) -> Result<Value, PlaidError> {
    let index = started_item(call, "")?;
    call.state.refresh_transactions(index);
    Ok(json!({}))
}

/// Only `user_transactions_dynamic` takes transactions, into its depository account (documented); the
/// messages are inferred.
fn create(call: &mut Call) -> Result<Value, PlaidError> {
    let index = started_item(call, "")?;
    let today = Day::of(call.state.clock().now());
    let given = call.fields.find("transactions").and_then(Value::as_array);
    let given = given.filter(|rows| (1..=MAX_CREATED).contains(&rows.len()));
    let must_be = "a list of 1 to 10 transactions";
    let given = given.ok_or_else(|| PlaidError::invalid_field("transactions", must_be))?;
    let rows = given
        .iter()
        .map(|row| created(row, today))
        .collect::<Result<Vec<_>, _>>()?;
    match call.state.create_transactions(index, rows) {
        true => Ok(json!({})),
        false => {
            let must_be =
                "of an Item of user_transactions_dynamic with fewer than 1000 transactions";
            Err(PlaidError::invalid_field("access_token", must_be))
        }
    }
}

fn created(row: &Value, today: Day) -> Result<(Day, Map<String, Value>), PlaidError> {
    let day = |name: &str| {
        let path = format!("transactions.{name}");
        let day = row[name].as_str().and_then(Day::parse);
        let must_be = "a string of the format 'YYYY-MM-DD'";
        let day = day.ok_or_else(|| PlaidError::invalid_field(&path, must_be))?;
        match (today + -CREATED_DAYS..=today).contains(&day) {
            true => Ok(day),
            false => Err(PlaidError::invalid_field(&path, "within the last 14 days")),
        }
    };
    let (posted, transacted) = (day("date_posted")?, day("date_transacted")?);
    let amount = row["amount"].as_f64();
    let amount =
        amount.ok_or_else(|| PlaidError::invalid_field("transactions.amount", "a number"))?;
    let description = row["description"]
        .as_str()
        .filter(|it| !it.is_empty() && it.len() <= MAX_DESCRIPTION);
    let must_be = "a non-empty string of at most 512 bytes";
    let description = description
        .ok_or_else(|| PlaidError::invalid_field("transactions.description", must_be))?;
    let currency = row["iso_currency_code"]
        .as_str()
        .filter(|it| it.len() == 3)
        .unwrap_or("USD");
    Ok((posted, plain_row(description, amount, currency, transacted)))
}

fn recurring(call: &mut Call) -> Result<Value, PlaidError> {
    let index = started_item(call, "")?;
    let now = call.state.clock().now();
    let item = call.state.item(index);
    let ids = match call.fields.texts("account_ids")? {
        None => item.account_ids(),
        Some(ids) => ids.into_iter().map(str::to_owned).collect(),
    };
    let known = item.account_ids();
    if !ids.iter().all(|id| known.contains(id)) {
        return Err(PlaidError::invalid_account_id());
    }
    let ledger = ledger(item)?;
    if ledger.progress(now) != Progress::Historical {
        return Err(PlaidError::product_not_ready());
    }
    let rows = ledger.rows(now);
    let shown = |flow| {
        let streams = streams::find(&rows, flow).into_iter();
        let shown = streams.filter_map(|stream| {
            let account_id = item.account_id(stream.mask())?;
            let stream_id = item.stream_id(&stream);
            ids.contains(&account_id).then(|| {
                stream.to_json(&account_id, &stream_id, |row| {
                    item.transaction_id(row.key())
                })
            })
        });
        shown.collect::<Vec<_>>()
    };
    let answer = json!({
        "inflow_streams": shown(Flow::Inflow),
        "outflow_streams": shown(Flow::Outflow),
        "updated_datetime": time::seconds(now),
    });
    // The first success adds the product (observed).
    call.state.add_product(index, "recurring_transactions");
    Ok(answer)
}

/// A healthy Item with the product `transactions`: the first call adds it (documented).
fn started_item(call: &mut Call, days_requested: &str) -> Result<ItemIndex, PlaidError> {
    let index = call.working_item()?;
    let days = call
        .fields
        .integer(days_requested, 1, i64::from(MAX_DAYS))?;
    let days = days.and_then(|days| i32::try_from(days).ok());
    call.state.start_transactions(index, days);
    Ok(index)
}

fn ledger(item: &Item) -> Result<&Ledger, PlaidError> {
    item.ledger
        .as_ref()
        .ok_or_else(PlaidError::product_not_ready)
}

/// How the transactions of an Item are shown.
struct Shown<'a> {
    item: &'a Item,
    /// The accounts of the transactions.
    accounts: &'a [Value],
    /// Whether `original_description` is shown (observed: absent by default).
    original: bool,
}

impl Shown<'_> {
    fn rendered(&self, rows: &[Transaction]) -> RenderedList {
        let mut list = RenderedList::default();
        for row in rows {
            let id = |key| self.item.transaction_id(key);
            row.render(self.account_id(*row), id, self.original, &mut list);
        }
        list
    }

    fn account_id(&self, row: Transaction) -> &str {
        let is_its = |account: &&Value| account["mask"] == row.mask();
        let account = self.accounts.iter().find(is_its);
        let id = account.and_then(|account| account["account_id"].as_str());
        id.unwrap_or_default()
    }
}
