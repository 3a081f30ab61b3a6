//! The errors of `/sandbox/item/fire_webhook`.

use serde_json::{Value, json};

use crate::{
    errors::check,
    fire_webhook::{able_item, fire, item_with},
    plaid::Plaid,
};

#[tokio::test]
async fn the_item_must_have_the_product_of_the_webhook() {
    let plaid = Plaid::start().await;
    let item = item_with(&plaid, &["identity"], None);
    for (code, of_type, product) in [
        ("DEFAULT_UPDATE", json!(null), "transactions"),
        ("DEFAULT_UPDATE", json!("TRANSACTIONS"), "transactions"),
        ("DEFAULT_UPDATE", json!("AUTH"), "auth"),
        ("DEFAULT_UPDATE", json!("HOLDINGS"), "investments"),
        (
            "DEFAULT_UPDATE",
            json!("INVESTMENTS_TRANSACTIONS"),
            "investments",
        ),
        ("DEFAULT_UPDATE", json!("LIABILITIES"), "liabilities"),
        ("RECURRING_TRANSACTIONS_UPDATE", json!(null), "transactions"),
        ("SYNC_UPDATES_AVAILABLE", json!(null), "transactions"),
        ("PRODUCT_READY", json!(null), "assets"),
        ("ERROR", json!(null), "assets"),
    ] {
        let reply = fire(&plaid, &item, code, of_type).await;
        let message = format!("The {product} product is not enabled on this item");
        let refused = "SANDBOX_PRODUCT_NOT_ENABLED";
        check(&reply, 400, "SANDBOX_ERROR", refused, &message);
    }
    for code in [
        "NEW_ACCOUNTS_AVAILABLE",
        "SMS_MICRODEPOSITS_VERIFICATION",
        "AUTHORIZATION_GRANTED",
        "USER_PERMISSION_REVOKED",
        "USER_ACCOUNT_REVOKED",
        "PENDING_DISCONNECT",
        "LOGIN_REPAIRED",
    ] {
        let reply = fire(&plaid, &item, code, Value::Null).await;
        assert_eq!(reply.status, 200, "{code}");
    }
    assert_eq!(plaid.sandbox.webhooks().len(), 7);
}

#[tokio::test]
async fn firing_for_an_item_without_a_url_is_an_error() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let reply = fire(&plaid, &item, "DEFAULT_UPDATE", Value::Null).await;
    let message = "Webhook for this item is either not set up, or invalid. Please update the \
                   item's webhook and try again.";
    check(
        &reply,
        400,
        "SANDBOX_ERROR",
        "SANDBOX_WEBHOOK_INVALID",
        message,
    );
    assert_eq!(plaid.sandbox.webhooks(), []);
}

#[tokio::test]
async fn an_unknown_code_or_type_is_refused() {
    let plaid = Plaid::start().await;
    let item = able_item(&plaid);
    let codes = "webhook_code must be one of: DEFAULT_UPDATE, NEW_ACCOUNTS_AVAILABLE, \
                 SMS_MICRODEPOSITS_VERIFICATION, AUTHORIZATION_GRANTED, USER_PERMISSION_REVOKED, \
                 USER_ACCOUNT_REVOKED, PENDING_DISCONNECT, RECURRING_TRANSACTIONS_UPDATE, \
                 LOGIN_REPAIRED, SYNC_UPDATES_AVAILABLE, PRODUCT_READY, ERROR";
    let types = "webhook_type must be one of: AUTH, HOLDINGS, INVESTMENTS_TRANSACTIONS, ITEM, \
                 LIABILITIES, TRANSACTIONS, ASSETS";
    let updates = "webhook_type must be one of: AUTH, HOLDINGS, INVESTMENTS_TRANSACTIONS, \
                   LIABILITIES, TRANSACTIONS";
    for (code, of_type, message) in [
        ("login_repaired", json!(null), codes),
        ("WEBHOOK_UPDATE_ACKNOWLEDGED", json!(null), codes),
        ("", json!(null), "webhook_code must be a non-empty string"),
        ("DEFAULT_UPDATE", json!("BALANCE"), types),
        ("LOGIN_REPAIRED", json!("BALANCE"), types),
        ("DEFAULT_UPDATE", json!("ITEM"), updates),
        ("DEFAULT_UPDATE", json!("ASSETS"), updates),
        (
            "DEFAULT_UPDATE",
            json!(1),
            "webhook_type must be a non-empty string",
        ),
    ] {
        let reply = fire(&plaid, &item, code, of_type).await;
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
    assert_eq!(plaid.sandbox.webhooks(), []);
}
