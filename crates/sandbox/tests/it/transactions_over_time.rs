//! Transactions that arrive as Plaid plays them: not ready, the initial update, the history, then
//! daily ones, each with its webhooks.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use utdk_plaid_sandbox::{Arrival, Config, CreatedItem};

use crate::{plaid::Plaid, transactions::ask};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);

/// A Sandbox whose clock starts at noon of 2026-07-17, the day of the recording of the two updates.
async fn start() -> (Plaid, CreatedItem) {
    let plaid = Plaid::start_with(Config {
        now: Some(UNIX_EPOCH + 20_651 * DAY + DAY / 2),
        transactions: Arrival::AsPlaid,
        ..Config::default()
    })
    .await;
    let item = plaid.item(Some("http://127.0.0.1:9/"));
    (plaid, item)
}

async fn sync(plaid: &Plaid, item: &CreatedItem, cursor: &Value) -> Value {
    ask(
        plaid,
        "/transactions/sync",
        item,
        json!({ "cursor": cursor }),
    )
    .await
}

fn count(body: &Value, name: &str) -> usize {
    body[name].as_array().unwrap().len()
}

/// The code and the body of every webhook of transactions.
fn webhooks(plaid: &Plaid) -> Vec<(&'static str, Value)> {
    let all = plaid.sandbox.webhooks().into_iter();
    let of_transactions = all.filter(|webhook| webhook.webhook_type == "TRANSACTIONS");
    of_transactions
        .map(|it| (it.webhook_code, serde_json::from_str(&it.body).unwrap()))
        .collect()
}

#[tokio::test]
async fn nothing_is_ready_at_first() {
    let (plaid, item) = start().await;
    let body = sync(&plaid, &item, &json!("")).await;
    let expected = json!({
        "accounts": [],
        "added": [],
        "has_more": false,
        "modified": [],
        "next_cursor": "",
        "removed": [],
        "request_id": body["request_id"],
        "status": 200,
        "transactions_update_status": "NOT_READY",
    });
    assert_eq!(body, expected);
    let dates = json!({ "start_date": "2026-01-01", "end_date": "2026-12-31" });
    let not_yet = ask(&plaid, "/transactions/get", &item, dates).await;
    assert_eq!(
        (&not_yet["status"], &not_yet["error_code"]),
        (&json!(400), &json!("PRODUCT_NOT_READY"))
    );
    let not_yet = ask(&plaid, "/transactions/recurring/get", &item, json!({})).await;
    assert_eq!(not_yet["error_code"], "PRODUCT_NOT_READY");
}

#[tokio::test]
async fn the_history_repeats_the_initial_rows_as_modified() {
    let (plaid, item) = start().await;
    plaid.sandbox.advance_clock(10 * SECOND).await.unwrap();
    let initial = sync(&plaid, &item, &json!("")).await;
    assert_eq!(
        initial["transactions_update_status"],
        "INITIAL_UPDATE_COMPLETE"
    );
    assert_eq!(
        (count(&initial, "added"), count(&initial, "modified")),
        (16, 0)
    );
    plaid.sandbox.advance_clock(60 * SECOND).await.unwrap();
    let history = sync(&plaid, &item, &initial["next_cursor"]).await;
    assert_eq!(
        history["transactions_update_status"],
        "HISTORICAL_UPDATE_COMPLETE"
    );
    assert_eq!(
        (count(&history, "added"), count(&history, "modified")),
        (32, 16)
    );
    let after = sync(&plaid, &item, &history["next_cursor"]).await;
    assert_eq!((count(&after, "added"), count(&after, "modified")), (0, 0));
    // From the start, every row comes once.
    let whole = sync(&plaid, &item, &json!("")).await;
    assert_eq!((count(&whole, "added"), count(&whole, "modified")), (48, 0));
}

#[tokio::test]
async fn each_update_fires_its_webhook() {
    let (plaid, _) = start().await;
    plaid.sandbox.advance_clock(61 * SECOND).await.unwrap();
    let fired = webhooks(&plaid);
    let shown: Vec<_> = fired
        .iter()
        .map(|(code, body)| (*code, &body["new_transactions"]))
        .collect();
    let expected = [
        ("INITIAL_UPDATE", &json!(16)),
        ("HISTORICAL_UPDATE", &json!(32)),
    ];
    assert_eq!(shown, expected);
    assert!(
        fired
            .iter()
            .all(|(_, body)| body["error"].is_null() && body["environment"] == "sandbox")
    );
}

#[tokio::test]
async fn sync_webhooks_come_only_after_a_sync() {
    let (plaid, item) = start().await;
    sync(&plaid, &item, &json!("")).await;
    plaid.sandbox.advance_clock(61 * SECOND).await.unwrap();
    let flags: Vec<_> = webhooks(&plaid)
        .into_iter()
        .filter(|(code, _)| *code == "SYNC_UPDATES_AVAILABLE")
        .map(|(_, body)| {
            let flag = |name: &str| body[name].as_bool().unwrap();
            (
                flag("initial_update_complete"),
                flag("historical_update_complete"),
            )
        })
        .collect();
    assert_eq!(flags, [(true, false), (true, true)]);
}

#[tokio::test]
async fn a_new_day_brings_its_transactions_and_a_webhook() {
    let (plaid, item) = start().await;
    plaid.sandbox.advance_clock(61 * SECOND).await.unwrap();
    let cursor = sync(&plaid, &item, &json!("")).await["next_cursor"].clone();
    plaid.sandbox.advance_clock(8 * DAY).await.unwrap();
    let added = count(&sync(&plaid, &item, &cursor).await, "added");
    let told: u64 = webhooks(&plaid)
        .iter()
        .filter(|(code, _)| *code == "DEFAULT_UPDATE")
        .map(|(_, body)| body["new_transactions"].as_u64().unwrap())
        .sum();
    assert!(added > 0);
    assert_eq!(added as u64, told);
}

#[tokio::test]
async fn a_broken_item_gets_no_updates_until_its_repair() {
    let (plaid, item) = start().await;
    plaid.sandbox.advance_clock(61 * SECOND).await.unwrap();
    let before = webhooks(&plaid).len();
    plaid.reset_login(&item).await;
    plaid.sandbox.advance_clock(7 * DAY).await.unwrap();
    assert_eq!(webhooks(&plaid).len(), before);
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    plaid.sandbox.advance_clock(4 * DAY).await.unwrap();
    let after = webhooks(&plaid);
    let (code, body) = &after[before];
    assert_eq!(*code, "DEFAULT_UPDATE");
    assert!(body["new_transactions"].as_u64().unwrap() > 1);
}

#[tokio::test]
async fn transactions_that_are_ready_fire_no_webhook_by_themselves() {
    let plaid = crate::transactions::start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/"));
    ask(&plaid, "/transactions/sync", &item, json!({})).await;
    plaid.sandbox.advance_clock(2 * DAY).await.unwrap();
    assert!(webhooks(&plaid).is_empty());
}
