//! What ends by itself when its time has come: tokens, and an Item's good state.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, ItemState};

use crate::{
    clock::{at_new_year, new_year, pass},
    plaid::Plaid,
    receiver::{Manner, Receiver},
    retries::{DAY, advance, check_time, seconds},
};

fn state(plaid: &Plaid, item: &CreatedItem) -> ItemState {
    let items = plaid.sandbox.items();
    let found = items.iter().find(|it| it.item_id == item.item_id);
    found.unwrap().state
}

#[tokio::test]
async fn a_public_token_can_be_exchanged_for_thirty_minutes() {
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
    assert_eq!(expired.error_code(), "INVALID_PUBLIC_TOKEN");
    // Its Item and access token live on.
    let item = json!({ "access_token": exchanged.json()["access_token"] });
    assert_eq!(plaid.post("/item/get", item).await.status, 200);
}

/// Checks how many seconds a link token with these fields lives.
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
    // What became of it can still be asked.
    let asked = plaid
        .post("/link/token/get", json!({ "link_token": token }))
        .await;
    assert_eq!(asked.json()["expiration"], shown);
    assert!(asked.json()["link_sessions"].is_array());
}

#[tokio::test]
async fn a_link_token_lives_four_hours_or_thirty_minutes_or_as_long_as_is_said() {
    let hour = 60 * 60;
    check_link_token(false, Value::Null, 4 * hour, "2026-01-01T04:00:0").await;
    check_link_token(true, Value::Null, hour / 2, "2026-01-01T00:30:0").await;
    check_link_token(false, json!({}), hour / 2, "2026-01-01T00:30:0").await;
    check_link_token(true, json!({}), hour / 2, "2026-01-01T00:30:0").await;
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
async fn an_item_breaks_by_itself_after_thirty_days_and_fires_its_error() {
    let plaid = at_new_year().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    let silent = plaid.item(None);
    advance(&plaid, DAY * 30 - seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::Healthy);
    assert_eq!(plaid.sandbox.webhooks(), []);

    advance(&plaid, seconds(10)).await;
    assert_eq!(state(&plaid, &item), ItemState::LoginRequired);
    assert_eq!(state(&plaid, &silent), ItemState::LoginRequired);
    let refused = plaid.with_token("/accounts/get", &item).await;
    assert_eq!(refused.error_code(), "ITEM_LOGIN_REQUIRED");
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].webhook_code, "ERROR");
    assert_eq!(webhooks[0].item_id, item.item_id);
    check_time(webhooks[0].fired_at, new_year(), 30 * 86_400);
    receiver.next().await;
}

#[tokio::test]
async fn an_item_breaks_by_itself_when_real_time_has_passed() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    pass(DAY * 29).await;
    assert_eq!(state(&plaid, &item), ItemState::Healthy);
    pass(DAY).await;
    receiver.next().await;
    assert_eq!(state(&plaid, &item), ItemState::LoginRequired);
}

#[tokio::test]
async fn a_repair_begins_the_thirty_days_anew() {
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
async fn an_item_that_is_broken_or_removed_when_its_time_comes_stays_so_and_fires_nothing() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
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
    assert_eq!(webhooks[0].item_id, broken.item_id);
}
