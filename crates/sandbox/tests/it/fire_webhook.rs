//! Every webhook of `/sandbox/item/fire_webhook`.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, NewItem, Webhook};

use crate::{
    clock::at_new_year,
    plaid::{Plaid, Reply},
    receiver::{Behavior, Receiver},
};

const URL: &str = "http://192.0.2.1/hook";

/// An Item with these products and this user.
pub(crate) fn item_with(plaid: &Plaid, products: &[&str], user_id: Option<&str>) -> CreatedItem {
    let item = NewItem {
        webhook: Some(URL.to_owned()),
        products: Some(products.iter().map(|&name| name.to_owned()).collect()),
        user_id: user_id.map(str::to_owned),
        ..NewItem::default()
    };
    plaid.sandbox.create_item(item).unwrap()
}

/// An Item for which every webhook can be fired.
pub(crate) fn able_item(plaid: &Plaid) -> CreatedItem {
    let products = [
        "assets",
        "auth",
        "investments",
        "liabilities",
        "transactions",
    ];
    item_with(plaid, &products, None)
}

pub(crate) async fn fire(plaid: &Plaid, item: &CreatedItem, code: &str, of_type: Value) -> Reply {
    let mut fields = json!({
        "access_token": item.access_token.expose_secret(),
        "webhook_code": code,
    });
    if !of_type.is_null() {
        fields["webhook_type"] = of_type;
    }
    plaid.post("/sandbox/item/fire_webhook", fields).await
}

fn last(plaid: &Plaid) -> Webhook {
    plaid.sandbox.webhooks().pop().unwrap()
}

/// Fires a code. Checks the type of the webhook and the fields that not all webhooks have.
async fn check_fired(
    (plaid, item): (&Plaid, &CreatedItem),
    (code, of_type): (&str, Value),
    expected_type: &str,
    mut expected: Value,
) {
    let fired = plaid.sandbox.webhooks().len();
    let reply = fire(plaid, item, code, of_type).await;
    assert_eq!(reply.json()["webhook_fired"], true, "{}", reply.body);
    assert_eq!(plaid.sandbox.webhooks().len(), fired + 1);
    let webhook = last(plaid);
    assert_eq!(webhook.url, URL);
    assert_eq!(webhook.item_id, Some(item.item_id.clone()));
    assert_eq!(
        (webhook.webhook_type, webhook.webhook_code),
        (expected_type, code)
    );
    expected["environment"] = "sandbox".into();
    expected["webhook_code"] = code.into();
    expected["webhook_type"] = expected_type.into();
    if expected_type != "ASSETS" {
        expected["item_id"] = item.item_id.as_str().into();
    }
    let body: Value = serde_json::from_str(&webhook.body).unwrap();
    assert_eq!(body, expected, "{code}");
}

#[tokio::test]
async fn a_fired_webhook_is_delivered() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    fire(&plaid, &item, "DEFAULT_UPDATE", Value::Null).await;
    let received = receiver.next().await;
    assert_eq!(received.body, last(&plaid).body.as_bytes());
    let shown = plaid.with_token("/item/get", &item).await.json();
    let code = &shown["status"]["last_webhook"]["code_sent"];
    assert_eq!(code, "DEFAULT_UPDATE");
}

#[tokio::test]
async fn a_code_without_a_type_has_its_own_type() {
    let plaid = at_new_year().await;
    let item = able_item(&plaid);
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    let accounts = accounts["accounts"].as_array().unwrap();
    let ids: Vec<&Value> = accounts.iter().map(|it| &it["account_id"]).collect();
    let revoked = json!({
        "display_message": null,
        "error_code": "USER_PERMISSION_REVOKED",
        "error_code_reason": null,
        "error_message": "the holder of this account has revoked their permission for your \
                          application to access it",
        "error_type": "ITEM_ERROR",
        "status": 400,
    });
    for (code, expected_type, expected) in [
        (
            "DEFAULT_UPDATE",
            "TRANSACTIONS",
            json!({ "error": null, "new_transactions": 0 }),
        ),
        ("NEW_ACCOUNTS_AVAILABLE", "ITEM", json!({ "error": null })),
        (
            "SMS_MICRODEPOSITS_VERIFICATION",
            "AUTH",
            json!({ "account_id": ids[0], "status": "MANUALLY_VERIFIED" }),
        ),
        ("AUTHORIZATION_GRANTED", "ITEM", json!({ "error": null })),
        (
            "USER_PERMISSION_REVOKED",
            "ITEM",
            json!({ "error": revoked }),
        ),
        (
            "USER_ACCOUNT_REVOKED",
            "ITEM",
            json!({ "account_id": ids[0] }),
        ),
        (
            "RECURRING_TRANSACTIONS_UPDATE",
            "TRANSACTIONS",
            json!({ "account_ids": ids }),
        ),
        ("LOGIN_REPAIRED", "ITEM", json!({})),
        (
            "SYNC_UPDATES_AVAILABLE",
            "TRANSACTIONS",
            json!({ "historical_update_complete": true, "initial_update_complete": true }),
        ),
    ] {
        let what = (code, Value::Null);
        check_fired((&plaid, &item), what, expected_type, expected.clone()).await;
        // A type next to such a code is ignored.
        if code != "DEFAULT_UPDATE" {
            let what = (code, json!("LIABILITIES"));
            check_fired((&plaid, &item), what, expected_type, expected).await;
        }
    }
    fire(&plaid, &item, "PENDING_DISCONNECT", Value::Null).await;
    let body: Value = serde_json::from_str(&last(&plaid).body).unwrap();
    let time = body["disconnect_time"].as_str().unwrap();
    assert!(time.starts_with("2026-01-08T00:00:0"), "{time}");
    assert_eq!(body["reason"], "INSTITUTION_MIGRATION");
    assert_eq!(last(&plaid).webhook_type, "ITEM");
}

#[tokio::test]
async fn a_default_update_has_the_requested_type() {
    let plaid = Plaid::start().await;
    let item = able_item(&plaid);
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    let first = accounts["accounts"][0]["account_id"].as_str().unwrap();
    for (of_type, expected) in [
        (
            "AUTH",
            json!({
                "account_ids_with_new_auth": [],
                "account_ids_with_updated_auth": { first: ["ACCOUNT_NUMBER"] },
                "error": null,
            }),
        ),
        (
            "HOLDINGS",
            json!({ "error": null, "new_holdings": 0, "updated_holdings": 0 }),
        ),
        (
            "INVESTMENTS_TRANSACTIONS",
            json!({
                "cancelled_investments_transactions": 0,
                "error": null,
                "new_investments_transactions": 0,
            }),
        ),
        (
            "LIABILITIES",
            json!({
                "account_ids_with_new_liabilities": [],
                "account_ids_with_updated_liabilities": { first: ["past_amount_due"] },
                "error": null,
            }),
        ),
        (
            "TRANSACTIONS",
            json!({ "error": null, "new_transactions": 0 }),
        ),
    ] {
        let what = ("DEFAULT_UPDATE", json!(of_type));
        check_fired((&plaid, &item), what, of_type, expected).await;
    }
}

#[tokio::test]
async fn asset_webhooks_name_a_report_and_no_item() {
    let plaid = Plaid::start().await;
    let item = able_item(&plaid);
    for (code, other) in [("PRODUCT_READY", "report_type"), ("ERROR", "error")] {
        fire(&plaid, &item, code, Value::Null).await;
        assert_eq!(
            (last(&plaid).webhook_type, last(&plaid).webhook_code),
            ("ASSETS", code)
        );
        let body: Value = serde_json::from_str(&last(&plaid).body).unwrap();
        let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        keys.retain(|key| *key != other);
        let common = [
            "asset_report_id",
            "environment",
            "webhook_code",
            "webhook_type",
        ];
        assert_eq!(keys, common);
        assert_eq!(body["asset_report_id"].as_str().unwrap().len(), 36);
    }
    let body: Value = serde_json::from_str(&last(&plaid).body).unwrap();
    assert_eq!(body["error"]["error_type"], "ASSET_REPORT_ERROR");
}

#[tokio::test]
async fn a_fired_item_error_equals_the_real_one_and_breaks_no_item() {
    let plaid = Plaid::start().await;
    let item = item_with(&plaid, &["identity"], None);
    fire(&plaid, &item, "ERROR", json!("ITEM")).await;
    let fired = last(&plaid);
    assert_eq!(plaid.with_token("/accounts/get", &item).await.status, 200);
    plaid.reset_login(&item).await;
    let broken = last(&plaid);
    assert_eq!(fired.webhook_type, "ITEM");
    assert_eq!(fired.body, broken.body);
    assert_ne!(fired.id, broken.id);

    fire(&plaid, &item, "LOGIN_REPAIRED", Value::Null).await;
    let refused = plaid.with_token("/accounts/get", &item).await;
    assert_eq!(refused.error_code(), "ITEM_LOGIN_REQUIRED");
}

#[tokio::test]
async fn item_webhooks_name_the_user_of_the_item() {
    let plaid = Plaid::start().await;
    let item = item_with(&plaid, &["transactions"], Some("u1"));
    for (code, user) in [
        ("LOGIN_REPAIRED", json!("u1")),
        ("NEW_ACCOUNTS_AVAILABLE", json!("u1")),
        ("DEFAULT_UPDATE", Value::Null),
    ] {
        fire(&plaid, &item, code, Value::Null).await;
        let body: Value = serde_json::from_str(&last(&plaid).body).unwrap();
        assert_eq!(body["user_id"], user, "{code}");
    }
}
