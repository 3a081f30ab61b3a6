//! Replies of the data routes, recorded from Plaid's Sandbox between 2020 and 2026: this Sandbox
//! answers the same keys, types, order and constants. `EXCEPTIONS` names what differs, and why.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Arrival, Config, CreatedItem};

use crate::plaid::Plaid;

/// One request and its reply. The text `…` in a list stands for any number of further elements.
#[derive(Deserialize)]
struct Recording {
    name: String,
    path: String,
    request: Value,
    /// Where the list is that has `body` as an element; without it `body` is the whole reply.
    row_of: Option<String>,
    /// The keys by which the element is found.
    #[serde(default)]
    same: Vec<String>,
    status: u16,
    body: Value,
}

/// The keys whose values differ between replies. Their types are checked.
const VARYING: [&str; 18] = [
    "access_token",
    "account_id",
    "asset_report_id",
    "asset_report_token",
    "created_at",
    "date_generated",
    "date_last_updated",
    "documentation_url",
    "expiration",
    "institution_lot_id",
    "investment_transaction_id",
    "item_id",
    "link_token",
    "public_token",
    "request_id",
    "stream_id",
    "transaction_id",
    "transaction_ids",
];

/// What differs from the recordings of 2020, and why. Those of 2026 have no exception. A difference is
/// as [`differences`] writes it; one that ends in a colon is about any value.
const EXCEPTIONS_OF_2020: [(&str, &[&str]); 7] = [
    (
        "added to accounts, errors, institutions and Items since",
        &[
            "+accounts[].apy",
            "+accounts[].balances.margin_loan_amount",
            "+accounts[].holder_category",
            "+balances.margin_loan_amount",
            "+documentation_url",
            "+institution.connection_availability",
            "+institutions[].connection_availability",
            "+item.institution_name",
            "+item.products",
            "+item.update_type",
        ],
    ),
    (
        "added to transactions since",
        &[
            "+authorized_datetime",
            "+check_number",
            "+counterparties",
            "+datetime",
            "+logo_url",
            "+merchant_category_code",
            "+merchant_entity_id",
            "+merchant_name",
            "+personal_finance_category",
            "+personal_finance_category_icon_url",
            "+running_balance",
            "+transaction_code",
            "+website",
        ],
    ),
    ("filled in since", &["authorized_date:"]),
    (
        "added to holdings and securities since",
        &[
            "+holdings[].institution_price_datetime",
            "+holdings[].tax_lots",
            "+holdings[].vested_quantity",
            "+holdings[].vested_value",
            "+securities[].cfi_code",
            "+securities[].figi",
            "+securities[].fixed_income",
            "+securities[].industry",
            "+securities[].market_identifier_code",
            "+securities[].option_contract",
            "+securities[].sector",
            "+securities[].subtype",
            "+securities[].update_datetime",
        ],
    ),
    (
        "today's values of the holdings and securities of the test user",
        &[
            "holdings[].cost_basis:",
            "holdings[].institution_price_as_of:",
            "securities[].close_price:",
            "securities[].cusip:",
            "securities[].isin:",
            "securities[].ticker_symbol:",
        ],
    ),
    (
        "today's products of the test banks",
        &[
            "institution.products:",
            "institutions[].products:",
            "item.available_products:",
        ],
    ),
    ("the name of 2019 for the type investment", &["type:"]),
];

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("../recordings/data_routes.json")).unwrap()
}

/// The differences between a recorded value and ours, as `+path` for a key or element that was not
/// recorded, `-path` for one that is missing, and `path: recorded, ours` for another value.
fn differences(recorded: &Value, ours: &Value, path: &str, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let keys: BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
            for key in keys {
                let path = match path {
                    "" => key.clone(),
                    _ => format!("{path}.{key}"),
                };
                match (recorded.get(key), ours.get(key)) {
                    (Some(_), None) => found.push(format!("-{path}")),
                    (None, Some(_)) => found.push(format!("+{path}")),
                    (Some(recorded), Some(ours)) if VARYING.contains(&key.as_str()) => {
                        if kind(recorded) != kind(ours) {
                            found.push(format!("{path}: {recorded}, {ours}"));
                        }
                    }
                    (Some(recorded), Some(ours)) => differences(recorded, ours, &path, found),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            let is_cut = recorded.last().is_some_and(|last| last == "…");
            let length = recorded.len() - usize::from(is_cut);
            if ours.len() < length || (ours.len() > length && !is_cut) {
                let ours = Value::from(ours.clone());
                found.push(format!("{path}: {}, {ours}", json!(recorded)));
                return;
            }
            for (recorded, ours) in recorded[..length].iter().zip(ours) {
                differences(recorded, ours, &format!("{path}[]"), found);
            }
        }
        _ if recorded == ours => {}
        _ if recorded.as_f64().is_some() && recorded.as_f64() == ours.as_f64() => {}
        _ => found.push(format!("{path}: {recorded}, {ours}")),
    }
}

/// The type of a value, and the length of a list.
fn kind(value: &Value) -> (bool, Option<usize>) {
    (value.is_string(), value.as_array().map(Vec::len))
}

fn time(text: &str) -> SystemTime {
    humantime::parse_rfc3339(text).unwrap()
}

/// The time on the Sandbox's clock when the Item is created, and how long after that the request is
/// sent.
fn times(name: &str) -> (SystemTime, Duration) {
    let (created, seconds) = match name {
        "T1" | "T7" => ("2020-02-12T12:00:00Z", 1),
        // After the initial update and before the historical one.
        "T2" => ("2020-02-21T12:00:00Z", 10),
        // The request is about 2016, and Plaid keeps two years.
        "T3" | "T3 row 1" | "T3 row 2" => ("2017-01-01T12:00:00Z", 120),
        "T6" | "T11 inflow" | "T11 outflow" => ("2026-08-21T12:00:00Z", 120),
        _ if name.starts_with('V') => ("2026-09-12T12:00:00Z", 120),
        _ => ("2020-06-03T12:00:00Z", 120),
    };
    (time(created), Duration::from_secs(seconds))
}

/// An Item as that of the recording was made.
async fn item(plaid: &Plaid, recording: &Recording) -> CreatedItem {
    let item = &recording.body["item"];
    let institution = match recording.name.as_str() {
        name if name.starts_with('V') && name != "V1" => "ins_109511",
        _ => item["institution_id"].as_str().unwrap_or("ins_109508"),
    };
    let fields = json!({
        "institution_id": institution,
        "initial_products": match &item["billed_products"] {
            Value::Array(billed) => json!(billed),
            _ if recording.name.starts_with('V') => json!(["investments"]),
            _ => json!(["transactions"]),
        },
        "options": { "transactions": { "days_requested": days(&recording.name) } },
    });
    let created = plaid.post("/sandbox/public_token/create", fields).await;
    let fields = json!({ "public_token": created.json()["public_token"] });
    let exchanged = plaid.post("/item/public_token/exchange", fields).await;
    let text = |name: &str| exchanged.json()[name].as_str().unwrap().to_owned();
    CreatedItem {
        access_token: text("access_token").into(),
        item_id: text("item_id"),
    }
}

/// How its transactions arrive.
fn arrival(name: &str) -> Arrival {
    match name {
        "T1" | "T2" | "T7" => Arrival::AsPlaid,
        _ => Arrival::Ready,
    }
}

/// How many days of transactions the Item has.
fn days(name: &str) -> u32 {
    if name.starts_with("T3") { 730 } else { 90 }
}

/// The fields of the request, with the ids and tokens of this Sandbox.
async fn request(plaid: &Plaid, recording: &Recording) -> Value {
    let mut fields = recording.request.clone();
    match recording.path.as_str() {
        "/link/token/get" => {
            let metadata = &recording.body["metadata"];
            let link = json!({
                "account_filters": metadata["account_filters"],
                "client_name": metadata["client_name"],
                "country_codes": metadata["country_codes"],
                "language": metadata["language"],
                "products": metadata["initial_products"],
                "user": { "client_user_id": "user-1" },
                "webhook": metadata["webhook"],
            });
            let created = plaid.post("/link/token/create", link).await.json();
            fields["link_token"] = created["link_token"].clone();
        }
        "/asset_report/create" => {
            let item = item(plaid, recording).await;
            fields["access_tokens"] = json!([item.access_token.expose_secret()]);
        }
        "/asset_report/get" => {
            let item = item(plaid, recording).await;
            let report = json!({
                "access_tokens": [item.access_token.expose_secret()],
                "days_requested": 60,
                "options": {
                    "client_report_id": recording.body["report"]["client_report_id"],
                    "user": recording.body["report"]["user"],
                },
            });
            let created = plaid.post("/asset_report/create", report).await.json();
            fields["asset_report_token"] = created["asset_report_token"].clone();
        }
        path if path.starts_with("/institutions") => {}
        _ => {
            let item = item(plaid, recording).await;
            if fields.get("access_token").is_none() {
                fields["access_token"] = item.access_token.expose_secret().into();
            }
            if recording.name == "T10" {
                fields["cursor"] = cursor(plaid, &self::item(plaid, recording).await).await;
            }
            if fields["options"]["account_ids"].is_array() {
                let mask = &recording.body["accounts"][0]["mask"];
                fields["options"]["account_ids"] = json!([account_id(plaid, &item, mask).await]);
            }
        }
    }
    fields
}

async fn cursor(plaid: &Plaid, item: &CreatedItem) -> Value {
    plaid.with_token("/transactions/sync", item).await.json()["next_cursor"].clone()
}

async fn account_id(plaid: &Plaid, item: &CreatedItem, mask: &Value) -> Value {
    let body = plaid.with_token("/accounts/get", item).await.json();
    let accounts = body["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["mask"] == *mask);
    account.unwrap()["account_id"].clone()
}

/// What the Sandbox answers to the request of a recording.
async fn replayed(recording: &Recording) -> (u16, Value) {
    let (now, later) = times(&recording.name);
    let plaid = Plaid::start_with(Config {
        now: Some(now),
        transactions: arrival(&recording.name),
        ..Config::default()
    })
    .await;
    let fields = request(&plaid, recording).await;
    plaid.sandbox.advance_clock(later).await.unwrap();
    let reply = plaid.post(&recording.path, fields).await;
    let body = reply.json();
    let Some(list) = &recording.row_of else {
        return (reply.status, body);
    };
    let is_same = |row: &&Value| {
        let mut keys = recording.same.iter();
        keys.all(|key| row[key] == recording.body[key])
    };
    let row = body
        .pointer(list)
        .and_then(Value::as_array)
        .and_then(|rows| rows.iter().find(is_same));
    let row = row.unwrap_or_else(|| panic!("{}: no such row in {body}", recording.name));
    (reply.status, row.clone())
}

#[tokio::test]
async fn every_recording_replays_with_the_same_keys_types_order_and_constants() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for recording in recordings() {
        let (status, body) = replayed(&recording).await;
        assert_eq!(status, recording.status, "{}: {body}", recording.name);
        let mut found = Vec::new();
        differences(&recording.body, &body, "", &mut found);
        for difference in found {
            match exception(&recording.name, &difference) {
                Some(exception) => drop(used.insert(exception)),
                None => wrong.push(format!("{}: {difference}", recording.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = EXCEPTIONS_OF_2020.iter().flat_map(|(_, all)| all.iter());
    let unused: Vec<_> = all.filter(|it| !used.contains(*it)).collect();
    assert!(
        unused.is_empty(),
        "these exceptions are not needed: {unused:?}"
    );
}

fn exception(recording: &str, difference: &str) -> Option<&'static str> {
    const OF_2026: [&str; 6] = ["T6", "T7", "T10", "T11", "V2", "V3"];
    if OF_2026.contains(&recording.split(' ').next()?) {
        return None;
    }
    let mut all = EXCEPTIONS_OF_2020.iter().flat_map(|(_, all)| all.iter());
    let is_it = |it: &&&str| match it.strip_suffix(':') {
        Some(_) => difference.starts_with(**it),
        None => difference == **it,
    };
    all.find(is_it).copied()
}
