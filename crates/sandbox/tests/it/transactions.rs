//! The routes of transactions for an Item whose transactions are ready at once.

use std::time::{Duration, UNIX_EPOCH};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem};

use crate::{errors::check, plaid::Plaid};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A Sandbox whose clock starts at noon of the last recording: 2026-08-21.
pub(crate) async fn start() -> Plaid {
    Plaid::start_with(Config {
        now: Some(UNIX_EPOCH + 20_686 * DAY + DAY / 2),
        ..Config::default()
    })
    .await
}

/// Posts `more` with the Item's token.
pub(crate) async fn ask(plaid: &Plaid, path: &str, item: &CreatedItem, more: Value) -> Value {
    let mut fields = more;
    fields["access_token"] = item.access_token.expose_secret().into();
    let reply = plaid.post(path, fields).await;
    let mut body = reply.json();
    body["status"] = reply.status.into();
    body
}

async fn sync(plaid: &Plaid, item: &CreatedItem, more: Value) -> Value {
    ask(plaid, "/transactions/sync", item, more).await
}

async fn get(plaid: &Plaid, item: &CreatedItem, from: &str, to: &str, options: Value) -> Value {
    let fields = json!({ "start_date": from, "end_date": to, "options": options });
    ask(plaid, "/transactions/get", item, fields).await
}

fn list(body: &Value, name: &str) -> Vec<Value> {
    body[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name} in {body}"))
        .clone()
}

#[tokio::test]
async fn a_first_sync_has_the_whole_history() {
    let plaid = start().await;
    let item = plaid.item(None);
    let first = sync(&plaid, &item, json!({})).await;
    assert_eq!(
        first["transactions_update_status"],
        "HISTORICAL_UPDATE_COMPLETE"
    );
    // 90 days, both ends included.
    assert_eq!(list(&first, "added").len(), 51);
    assert_eq!(list(&first, "accounts").len(), 5);
    assert_eq!(
        (&first["modified"], &first["removed"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(first["has_more"], false);
    let again = sync(&plaid, &item, json!({ "cursor": "" })).await;
    assert_eq!(again["added"], first["added"]);
    let next = json!({ "cursor": first["next_cursor"] });
    let nothing = sync(&plaid, &item, next.clone()).await;
    assert_eq!(
        (&nothing["added"], &nothing["accounts"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(nothing["next_cursor"], first["next_cursor"]);
}

#[tokio::test]
async fn the_initial_batch_is_ordered_as_recorded() {
    let plaid = start().await;
    let item = plaid.item(None);
    let accounts = list(&sync(&plaid, &item, json!({})).await, "accounts");
    let mask = |id: &Value| {
        let account = accounts.iter().find(|account| account["account_id"] == *id);
        account.unwrap()["mask"].as_str().unwrap().to_owned()
    };
    let page = sync(&plaid, &item, json!({ "count": 19 })).await;
    assert_eq!(page["has_more"], true);
    let shown: Vec<_> = list(&page, "added")
        .iter()
        .map(|row| {
            let date = row["date"].as_str().unwrap().to_owned();
            (
                mask(&row["account_id"]),
                date,
                row["amount"].as_f64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("0000", "2026-08-12", 5.4),
        ("0000", "2026-08-10", -500.0),
        ("0000", "2026-08-09", 12.0),
        ("0000", "2026-08-09", 4.33),
        ("0000", "2026-08-08", 89.4),
        ("0000", "2026-07-26", 6.33),
        ("1111", "2026-08-12", 25.0),
        ("1111", "2026-08-07", -4.22),
        ("2222", "2026-08-11", 1000.0),
        ("3333", "2026-08-21", 2078.5),
        ("3333", "2026-08-21", 500.0),
        ("3333", "2026-08-21", 500.0),
        ("3333", "2026-08-10", 78.5),
        ("3333", "2026-07-28", 500.0),
        ("3333", "2026-07-23", 500.0),
        ("3333", "2026-07-22", 2078.5),
        ("3333", "2026-07-22", 500.0),
        ("3333", "2026-07-22", 500.0),
        ("4444", "2026-08-11", 5850.0),
    ];
    let expected = expected.map(|(mask, date, amount)| (mask.to_owned(), date.to_owned(), amount));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn pages_together_are_the_whole() {
    let plaid = start().await;
    let item = plaid.item(None);
    let whole = list(&sync(&plaid, &item, json!({})).await, "added");
    let mut paged = Vec::new();
    let mut cursor = json!("");
    loop {
        let page = sync(&plaid, &item, json!({ "count": 7, "cursor": cursor })).await;
        let replayed = sync(&plaid, &item, json!({ "count": 7, "cursor": cursor })).await;
        assert_eq!(page["added"], replayed["added"]);
        paged.extend(list(&page, "added"));
        cursor = page["next_cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn a_cursor_outlives_a_repair_and_new_days_bring_new_transactions() {
    let plaid = start().await;
    let item = plaid.item(None);
    let first = sync(&plaid, &item, json!({})).await;
    let cursor = json!({ "cursor": first["next_cursor"] });
    plaid.reset_login(&item).await;
    let broken = sync(&plaid, &item, cursor.clone()).await;
    assert_eq!(broken["error_code"], "ITEM_LOGIN_REQUIRED");
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    assert_eq!(
        sync(&plaid, &item, cursor.clone()).await["added"],
        json!([])
    );
    // Tectra Inc on 2026-08-22.
    plaid.sandbox.advance_clock(DAY).await.unwrap();
    let added = list(&sync(&plaid, &item, cursor).await, "added");
    assert_eq!(added.len(), 1);
    assert_eq!(added[0]["name"], "Tectra Inc");
    assert_eq!(added[0]["date"], "2026-08-22");
}

#[tokio::test]
async fn now_skips_what_is_there() {
    let plaid = start().await;
    let item = plaid.item(None);
    let page = sync(&plaid, &item, json!({ "cursor": "now" })).await;
    assert_eq!(
        (&page["added"], &page["has_more"]),
        (&json!([]), &json!(false))
    );
    let whole = sync(&plaid, &item, json!({})).await;
    assert_eq!(page["next_cursor"], whole["next_cursor"]);
}

#[tokio::test]
async fn one_account_has_a_stream_and_cursors_of_its_own() {
    let plaid = start().await;
    let item = plaid.item(None);
    let whole = sync(&plaid, &item, json!({})).await;
    let account = list(&whole, "accounts")[0].clone();
    let options = json!({ "account_id": account["account_id"] });
    let one = sync(&plaid, &item, json!({ "options": options })).await;
    assert_eq!(one["accounts"], json!([account]));
    assert!(
        list(&one, "added")
            .iter()
            .all(|row| row["account_id"] == account["account_id"])
    );
    let crossed = json!({ "cursor": whole["next_cursor"], "options": options });
    assert_eq!(
        sync(&plaid, &item, crossed).await["error_code"],
        "INVALID_FIELD"
    );
    let unknown = json!({ "options": { "account_id": "x" } });
    assert_eq!(
        sync(&plaid, &item, unknown).await["error_code"],
        "INVALID_ACCOUNT_ID"
    );
}

#[tokio::test]
async fn a_cursor_of_another_item_or_a_broken_one_is_refused() {
    let plaid = start().await;
    let (item, other) = (plaid.item(None), plaid.item(None));
    let foreign = sync(&plaid, &other, json!({})).await["next_cursor"].clone();
    let text = foreign.as_str().unwrap();
    for cursor in [text, &text[..text.len() - 1], "x", "CAESJV"] {
        let mut fields = json!({ "cursor": cursor });
        fields["access_token"] = item.access_token.expose_secret().into();
        let reply = plaid.post("/transactions/sync", fields).await;
        let message = "cursor not associated with access_token";
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
}

#[tokio::test]
async fn a_window_has_as_many_transactions_as_recorded() {
    let plaid = start().await;
    let item = plaid.item(None);
    let body = get(&plaid, &item, "2026-07-22", "2026-08-21", json!({})).await;
    assert_eq!(body["total_transactions"], 19);
    assert_eq!(list(&body, "transactions").len(), 19);
    assert_eq!(list(&body, "accounts").len(), 14);
    let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    keys.retain(|key| *key != "status");
    let expected = [
        "accounts",
        "item",
        "request_id",
        "total_transactions",
        "transactions",
    ];
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn a_history_is_as_long_as_was_asked_for_first() {
    let plaid = start().await;
    let item = plaid.item(None);
    let all = ("2016-01-01", "2030-01-01");
    let body = get(
        &plaid,
        &item,
        all.0,
        all.1,
        json!({ "days_requested": 730 }),
    )
    .await;
    assert_eq!(body["total_transactions"], 51);
    let fields = json!({
        "institution_id": "ins_109508", "initial_products": ["transactions"],
        "options": { "transactions": { "days_requested": 730 } },
    });
    let public_token = plaid
        .post("/sandbox/public_token/create", fields)
        .await
        .json();
    let token = json!({ "public_token": public_token["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", token)
        .await
        .json();
    let fields = json!({
        "access_token": exchanged["access_token"], "start_date": all.0, "end_date": all.1,
        "options": { "count": 500 },
    });
    let body = plaid.post("/transactions/get", fields).await.json();
    assert_eq!(list(&body, "transactions").len(), 391);
}

#[tokio::test]
async fn count_and_offset_choose_a_page_newest_first() {
    let plaid = start().await;
    let item = plaid.item(None);
    let whole = get(&plaid, &item, "2026-07-22", "2026-08-21", json!({})).await;
    let options = json!({ "count": 2, "offset": 1 });
    let page = get(&plaid, &item, "2026-07-22", "2026-08-21", options).await;
    assert_eq!(
        list(&page, "transactions"),
        list(&whole, "transactions")[1..3]
    );
    assert_eq!(page["total_transactions"], 19);
    let options = json!({ "offset": 1000 });
    let beyond = get(&plaid, &item, "2026-07-22", "2026-08-21", options).await;
    assert_eq!(
        (&beyond["transactions"], &beyond["total_transactions"]),
        (&json!([]), &json!(19))
    );
    let dates: Vec<_> = list(&whole, "transactions")
        .iter()
        .map(|row| row["date"].to_string())
        .collect();
    assert!(dates.is_sorted_by(|newer, older| newer >= older));
}

#[tokio::test]
async fn account_ids_limit_the_accounts_and_their_transactions() {
    let plaid = start().await;
    let item = plaid.item(None);
    let whole = get(&plaid, &item, "2026-07-22", "2026-08-21", json!({})).await;
    let id = list(&whole, "accounts")[0]["account_id"].clone();
    let options = json!({ "account_ids": [id] });
    let one = get(&plaid, &item, "2026-07-22", "2026-08-21", options).await;
    assert_eq!(
        (list(&one, "accounts").len(), &one["total_transactions"]),
        (1, &json!(6))
    );
}

#[tokio::test]
async fn the_original_description_is_there_only_if_asked_for() {
    let plaid = start().await;
    let item = plaid.item(None);
    let with = json!({ "options": { "include_original_description": true } });
    let row = |body: &Value| list(body, "added")[0].clone();
    assert!(
        row(&sync(&plaid, &item, json!({})).await)
            .get("original_description")
            .is_none()
    );
    let shown = row(&sync(&plaid, &item, with).await);
    assert_eq!(shown["original_description"], "Uber 063015 SF**POOL**");
}

#[tokio::test]
async fn two_items_have_the_same_rows_with_different_ids() {
    let plaid = start().await;
    let (one, other) = (plaid.item(None), plaid.item(None));
    let rows = [
        sync(&plaid, &one, json!({})).await,
        sync(&plaid, &other, json!({})).await,
    ]
    .map(|body| list(&body, "added"));
    for (row, other) in rows[0].iter().zip(&rows[1]) {
        assert_eq!(
            (&row["name"], &row["date"]),
            (&other["name"], &other["date"])
        );
        assert_ne!(row["transaction_id"], other["transaction_id"]);
        assert_ne!(row["account_id"], other["account_id"]);
        assert_eq!(row["transaction_id"].as_str().unwrap().len(), 37);
    }
    let mut ids: Vec<_> = rows
        .iter()
        .flatten()
        .map(|row| row["transaction_id"].to_string())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 102);
}

#[tokio::test]
async fn recurring_streams_are_those_of_the_recording() {
    let plaid = start().await;
    let item = plaid.item(None);
    let body = ask(&plaid, "/transactions/recurring/get", &item, json!({})).await;
    let names = |flow: &str| {
        let names = list(&body, flow)
            .into_iter()
            .map(|it| it["description"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("inflow_streams"), ["INTRST PYMNT"]);
    assert_eq!(names("outflow_streams").len(), 7);
    let synced = list(&sync(&plaid, &item, json!({})).await, "added");
    let ids = list(&list(&body, "inflow_streams")[0], "transaction_ids");
    let is_synced = |id: &Value| synced.iter().any(|row| row["transaction_id"] == *id);
    assert!(ids.iter().all(is_synced));
    let shown = plaid.with_token("/item/get", &item).await.json();
    assert!(list(&shown["item"], "billed_products").contains(&json!("recurring_transactions")));
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let plaid = start().await;
    let item = plaid.item(None);
    let dates = |from: &str, to: &str| json!({ "start_date": from, "end_date": to });
    let options = |options: Value| json!({ "start_date": "2026-01-01", "end_date": "2026-01-02", "options": options });
    let not_a_day = "start_date must be a string of the format 'YYYY-MM-DD'";
    let cases = [
        (
            "/transactions/get",
            dates("ABCDEFG1234567", "2026-01-01"),
            not_a_day,
        ),
        (
            "/transactions/get",
            dates("2026-02-30", "2026-03-01"),
            not_a_day,
        ),
        (
            "/transactions/get",
            dates("2026-02-02", "2026-01-01"),
            "start_date must be before end_date",
        ),
        (
            "/transactions/get",
            options(json!({ "count": "x" })),
            "options.count must be an integer",
        ),
        (
            "/transactions/get",
            options(json!({ "count": 1.5 })),
            "options.count must be an integer",
        ),
        (
            "/transactions/get",
            options(json!({ "count": 501 })),
            "options.count must be an integer between 1 and 500",
        ),
        (
            "/transactions/get",
            options(json!({ "offset": -1 })),
            "options.offset must be an integer of at least 0",
        ),
        (
            "/transactions/get",
            options(json!({ "account_ids": "x" })),
            "options.account_ids must be a non-empty array of valid account ids",
        ),
        (
            "/transactions/sync",
            json!({ "count": 0 }),
            "count must be an integer between 1 and 500",
        ),
        (
            "/transactions/sync",
            json!({ "count": -1 }),
            "count must be an integer between 1 and 500",
        ),
        (
            "/transactions/sync",
            json!({ "cursor": 1 }),
            "cursor must be a string",
        ),
    ];
    for (path, mut fields, message) in cases {
        fields["access_token"] = item.access_token.expose_secret().into();
        let reply = plaid.post(path, fields).await;
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
}

#[tokio::test]
async fn an_item_without_the_product_gets_it_by_its_first_call() {
    let plaid = start().await;
    let item = plaid
        .sandbox
        .create_item(utdk_plaid_sandbox::NewItem {
            products: Some(vec!["auth".to_owned()]),
            ..Default::default()
        })
        .unwrap();
    let body = sync(&plaid, &item, json!({})).await;
    assert_eq!(list(&body, "added").len(), 51);
    let shown = plaid.with_token("/item/get", &item).await.json();
    assert_eq!(shown["item"]["products"], json!(["auth", "transactions"]));
}

#[tokio::test]
async fn a_refresh_changes_nothing_for_user_good() {
    let plaid = start().await;
    let item = plaid.item(None);
    let cursor = sync(&plaid, &item, json!({})).await["next_cursor"].clone();
    let refreshed = ask(&plaid, "/transactions/refresh", &item, json!({})).await;
    assert_eq!(
        (&refreshed["status"], refreshed.as_object().unwrap().len()),
        (&json!(200), 2)
    );
    let after = sync(&plaid, &item, json!({ "cursor": cursor })).await;
    assert_eq!(
        (&after["added"], &after["modified"]),
        (&json!([]), &json!([]))
    );
}
