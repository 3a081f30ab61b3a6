//! Removal of an Item.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, ItemState};

use crate::{
    errors::check,
    plaid::{Plaid, Reply},
};

const REMOVE: &str = "/item/remove";

fn check_gone(reply: &Reply) {
    let message = "The Item you requested cannot be found. This Item does not exist, has been \
                   previously removed via /item/remove, or has had access removed by the user.";
    check(reply, 400, "ITEM_ERROR", "ITEM_NOT_FOUND", message);
}

/// Removes an Item with a reason.
async fn remove(plaid: &Plaid, item: &CreatedItem, name: &str, reason: Value) -> Reply {
    let access_token = item.access_token.expose_secret();
    let fields = json!({ "access_token": access_token, name: reason });
    plaid.post(REMOVE, fields).await
}

#[tokio::test]
async fn an_item_is_removed_once() {
    let plaid = Plaid::start().await;
    let (item, other) = (plaid.item(None), plaid.item(None));
    let reply = plaid.with_token(REMOVE, &item).await;
    assert_eq!(reply.status, 200);
    let keys: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["request_id"]);
    check_gone(&plaid.with_token(REMOVE, &item).await);

    let states: Vec<ItemState> = plaid.sandbox.items().iter().map(|it| it.state).collect();
    assert_eq!(states, [ItemState::Removed, ItemState::Healthy]);
    assert_eq!(plaid.with_token("/item/get", &other).await.status, 200);
}

#[tokio::test]
async fn every_route_refuses_a_removed_item() {
    let plaid = Plaid::start().await;
    let create = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", create).await;
    let exchange = json!({ "public_token": created.json()["public_token"] });
    let exchange_path = "/item/public_token/exchange";
    let exchanged = plaid.post(exchange_path, exchange.clone()).await.json();
    let access_token = &exchanged["access_token"];
    let link = json!({
        "access_token": access_token,
        "client_name": "A",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u" },
    });
    let linked = plaid.post("/link/token/create", link.clone()).await.json();

    let plain = json!({ "access_token": access_token });
    assert_eq!(plaid.post(REMOVE, plain.clone()).await.status, 200);
    let fire = json!({ "access_token": access_token, "webhook_code": "DEFAULT_UPDATE" });
    for (path, fields) in [
        ("/sandbox/item/reset_login", &plain),
        ("/item/get", &plain),
        ("/accounts/get", &plain),
        ("/auth/get", &plain),
        (REMOVE, &plain),
        ("/item/webhook/update", &plain),
        ("/item/access_token/invalidate", &plain),
        ("/sandbox/item/fire_webhook", &fire),
        ("/link/token/create", &link),
        (exchange_path, &exchange),
    ] {
        check_gone(&plaid.post(path, fields.clone()).await);
    }

    let item_id = exchanged["item_id"].as_str().unwrap();
    for error in [
        plaid.sandbox.repair_item(item_id).unwrap_err(),
        plaid.sandbox.create_update_link(item_id).unwrap_err(),
    ] {
        assert_eq!(error.code(), "ITEM_NOT_FOUND");
    }
    let link_token = linked["link_token"].as_str().unwrap();
    let error = plaid.sandbox.complete_link(link_token).unwrap_err();
    assert_eq!(error.code(), "INVALID_LINK_TOKEN");
}

#[tokio::test]
async fn a_broken_item_can_be_removed() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    assert_eq!(plaid.with_token(REMOVE, &item).await.status, 200);
    check_gone(&plaid.with_token("/item/get", &item).await);
}

#[tokio::test]
async fn a_removal_may_have_a_reason() {
    let plaid = Plaid::start().await;
    for (name, reason) in [
        ("reason_code", json!("FRAUD_FIRST_PARTY")),
        ("reason_code", json!("FRAUD_FALSE_IDENTITY")),
        ("reason_code", json!("FRAUD_ABUSE")),
        ("reason_code", json!("FRAUD_OTHER")),
        ("reason_code", json!("CONNECTION_IS_NON_FUNCTIONAL")),
        ("reason_code", json!("OTHER")),
        ("reason_code", json!(null)),
        ("reason_note", json!("")),
        ("reason_note", json!("ü".repeat(512))),
        ("reason_note", json!(null)),
    ] {
        let reply = remove(&plaid, &plaid.item(None), name, reason).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

#[tokio::test]
async fn an_invalid_reason_is_refused_and_removes_nothing() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let codes = "reason_code must be one of: FRAUD_FIRST_PARTY, FRAUD_FALSE_IDENTITY, \
                 FRAUD_ABUSE, FRAUD_OTHER, CONNECTION_IS_NON_FUNCTIONAL, OTHER";
    let text = "reason_code must be a non-empty string";
    let note = "reason_note must be a string of at most 512 characters";
    for (name, reason, message) in [
        ("reason_code", json!("BORED"), codes),
        ("reason_code", json!("other"), codes),
        ("reason_code", json!(""), text),
        ("reason_code", json!(1), text),
        ("reason_note", json!("ü".repeat(513)), note),
        ("reason_note", json!(1), note),
    ] {
        let reply = remove(&plaid, &item, name, reason).await;
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
    assert_eq!(plaid.with_token("/item/get", &item).await.status, 200);
}
