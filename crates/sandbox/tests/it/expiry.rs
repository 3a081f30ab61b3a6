//! Expiry of tokens, and the 30 days after which an Item breaks.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, ItemState};

use crate::{
    clock::{at_new_year, new_year, pass},
    errors,
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    retries::{DAY, advance, check_time, seconds},
};

fn state(plaid: &Plaid, item: &CreatedItem) -> ItemState {
    let items = plaid.sandbox.items();
    let found = items.iter().find(|it| it.item_id == item.item_id);
    found.unwrap().state
}

#[tokio::test]
async fn a_public_token_expires_after_thirty_minutes() {
    let plaid = Plaid::start().await;
    let create = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", create).await;
    let exchange = json!({ "public_token": created.json()["public_token"] });
    let path = "/item/public_token/exchange";
    advance(&plaid, seconds(30 * 60 - 10)).await;
    let exchanged = plaid.post(path, exchange.clone()).await;
    assert_eq!(exchanged.status, 200);

    advance(&plaid, seconds(10)).await;
    let expired = plaid.post(path, exchange).await;
    let message = "provided public token is expired. Public tokens expire 30 minutes after \
                   creation at which point they can no longer be exchanged";
    let code = "INVALID_PUBLIC_TOKEN";
    errors::check(&expired, 400, "INVALID_INPUT", code, message);
    // The Item and its access token do not expire.
    let item = json!({ "access_token": exchanged.json()["access_token"] });
    assert_eq!(plaid.post("/item/get", item).await.status, 200);
}

/// Checks the lifetime of a link token, in seconds.
async fn check_link_token(update: bool, hosted_link: Value, lifetime: u64, expiration: &str) {
    let plaid = at_new_year().await;
    let item = plaid.item(None);
    let mut fields = json!({
        "client_name": "A",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u" },
        "hosted_link": hosted_link,
    });
    match update {
        true => fields["access_token"] = item.access_token.expose_secret().into(),
        false => fields["products"] = json!(["auth"]),
    }
    let created = plaid.post("/link/token/create", fields).await.json();
    let token = created["link_token"].as_str().unwrap();
    let shown = created["expiration"].as_str().unwrap();
    assert!(shown.starts_with(expiration), "{shown}");

    advance(&plaid, seconds(lifetime - 10)).await;
    plaid.sandbox.exit_link(token).unwrap();
    advance(&plaid, seconds(10)).await;
    for error in [
        plaid.sandbox.exit_link(token).unwrap_err(),
        plaid.sandbox.complete_link(token).unwrap_err(),
    ] {
        assert_eq!(error.code(), "INVALID_LINK_TOKEN");
        let message = "this link token has expired; create a new one";
        assert_eq!(error.to_string(), message);
    }
    // Its sessions are still available.
    let asked = plaid
        .post("/link/token/get", json!({ "link_token": token }))
        .await;
    assert_eq!(asked.json()["expiration"], shown);
    assert!(asked.json()["link_sessions"].is_array());
}

#[tokio::test]
async fn a_link_token_expires_after_four_hours_thirty_minutes_or_the_requested_time() {
    let hour = 60 * 60;
    check_link_token(false, Value::Null, 4 * hour, "2026-01-01T04:00:0").await;
    check_link_token(true, Value::Null, hour / 2, "2026-01-01T00:30:0").await;
    check_link_token(false, json!({}), hour / 2, "2026-01-01T00:30:0").await;
    check_link_token(true, json!({}), hour / 2, "2026-01-01T00:30:0").await;
    for hosted_link in [
        json!({ "url_lifetime_seconds": null }),
        json!({ "is_mobile_app": true, "anything": {} }),
    ] {
        check_link_token(false, hosted_link, hour / 2, "2026-01-01T00:30:0").await;
    }
    for (seconds, expiration) in [
        (60, "2026-01-01T00:01:0"),
        (21 * 24 * hour, "2026-01-22T00:00:0"),
    ] {
        let hosted_link = json!({ "url_lifetime_seconds": seconds });
        check_link_token(false, hosted_link.clone(), seconds, expiration).await;
        check_link_token(true, hosted_link, seconds, expiration).await;
    }
}

#[tokio::test]
async fn an_item_breaks_after_thirty_days_and_fires_its_error() {
    let plaid = at_new_year().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    let without_webhook = plaid.item(None);
    advance(&plaid, DAY * 30 - seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::Healthy);
    assert_eq!(plaid.sandbox.webhooks(), []);

    advance(&plaid, seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::LoginRequired);
    assert_eq!(state(&plaid, &without_webhook), ItemState::LoginRequired);
    let refused = plaid.with_token("/accounts/get", &item).await;
    assert_eq!(refused.error_code(), "ITEM_LOGIN_REQUIRED");
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].webhook_code, "ERROR");
    assert_eq!(webhooks[0].item_id, Some(item.item_id.clone()));
    check_time(webhooks[0].fired_at, new_year(), 30 * 86_400);
    receiver.next().await;
}

#[tokio::test]
async fn an_item_breaks_also_as_real_time_passes() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    pass(DAY * 29).await;
    assert_eq!(state(&plaid, &item), ItemState::Healthy);
    pass(DAY).await;
    receiver.next().await;
    assert_eq!(state(&plaid, &item), ItemState::LoginRequired);
}

#[tokio::test]
async fn a_repair_starts_the_thirty_days_again() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    advance(&plaid, DAY * 20).await;
    plaid.reset_login(&item).await;
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    advance(&plaid, DAY * 30 - seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::Healthy);
    advance(&plaid, seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::LoginRequired);
}

#[tokio::test]
async fn a_broken_or_removed_item_does_not_change_after_thirty_days() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let broken = plaid.item(Some(&receiver.url()));
    let removed = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&broken).await;
    let reply = plaid.with_token("/item/remove", &removed).await;
    assert_eq!(reply.status, 200);
    advance(&plaid, DAY * 60).await;
    assert_eq!(state(&plaid, &broken), ItemState::LoginRequired);
    assert_eq!(state(&plaid, &removed), ItemState::Removed);
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].item_id, Some(broken.item_id.clone()));
}
