//! The control that fires a webhook without the Item's access token.

use utdk_plaid_sandbox::{SandboxError, WebhookFilter};

use crate::{fire_webhook::able_item, plaid::Plaid};

const CODE: &str = "DEFAULT_UPDATE";

#[tokio::test]
async fn every_code_and_type_of_plaids_route_is_fired() {
    let plaid = Plaid::start().await;
    let item = able_item(&plaid);
    for (of_type, code, expected) in [
        (None, CODE, "TRANSACTIONS"),
        (Some("LIABILITIES"), CODE, "LIABILITIES"),
        (Some("ITEM"), "ERROR", "ITEM"),
        (Some("ASSETS"), "ERROR", "ASSETS"),
        (None, "LOGIN_REPAIRED", "ITEM"),
    ] {
        let fired = plaid.sandbox.fire_webhook(&item.item_id, of_type, code);
        fired.unwrap();
        let webhook = plaid.sandbox.webhooks().pop().unwrap();
        assert_eq!(
            (webhook.webhook_type, webhook.webhook_code),
            (expected, code)
        );
    }
}

#[tokio::test]
async fn a_broken_item_fires_too_and_stays_broken() {
    let plaid = Plaid::start().await;
    let item = able_item(&plaid);
    plaid.sandbox.break_item(&item.item_id).unwrap();
    plaid
        .sandbox
        .fire_webhook(&item.item_id, None, "PENDING_DISCONNECT")
        .unwrap();
    let codes: Vec<_> = plaid
        .sandbox
        .webhooks()
        .into_iter()
        .map(|it| it.webhook_code)
        .collect();
    assert_eq!(codes, ["ERROR", "PENDING_DISCONNECT"]);
    let state = format!("{:?}", plaid.sandbox.items()[0].state);
    assert_eq!(state, "LoginRequired");
}

#[tokio::test]
async fn an_item_without_a_url_is_an_error_of_its_own() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let fired = plaid.sandbox.fire_webhook(&item.item_id, None, CODE);
    assert!(matches!(fired, Err(SandboxError::NoWebhookUrl { .. })));
    let unknown = plaid.sandbox.fire_webhook("x", None, CODE);
    assert!(matches!(unknown, Err(SandboxError::ItemNotFound { .. })));
}

#[tokio::test]
async fn an_error_names_the_field() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://192.0.2.1/hook"));
    for (of_type, code, expected) in [
        (None, "NONE", ("INVALID_FIELD", "webhook_code")),
        (Some("NONE"), CODE, ("INVALID_FIELD", "webhook_type")),
        (Some("NONE"), "NONE", ("INVALID_FIELD", "webhook_code")),
        (
            Some("AUTH"),
            CODE,
            ("SANDBOX_PRODUCT_NOT_ENABLED", "webhook_code"),
        ),
    ] {
        let fired = plaid.sandbox.fire_webhook(&item.item_id, of_type, code);
        let error = fired.unwrap_err();
        assert_eq!((error.code(), error.field().unwrap()), expected);
    }
    let filter = WebhookFilter::default();
    let none = plaid
        .sandbox
        .next_webhook(filter, std::time::Duration::ZERO)
        .await;
    assert_eq!(none.unwrap_err().code(), "WEBHOOK_TIMEOUT");
}
