//! Access tokens: exchange and invalidation.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use utdk_plaid_sandbox::CreatedItem;

use crate::{errors::check, plaid::Plaid};

const EXCHANGE: &str = "/item/public_token/exchange";

#[tokio::test]
async fn a_public_token_can_be_exchanged_again_for_the_same_item_and_token() {
    let plaid = Plaid::start().await;
    let fields = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", fields).await;
    let exchange = json!({ "public_token": created.json()["public_token"] });
    let mut first = plaid.post(EXCHANGE, exchange.clone()).await.json();
    let second = plaid.post(EXCHANGE, exchange).await.json();
    first["request_id"] = second["request_id"].clone();
    assert_eq!(first, second);
    assert_eq!(plaid.sandbox.items().len(), 1);
}

#[tokio::test]
async fn an_invalidated_access_token_is_replaced_for_the_same_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let before = plaid.with_token("/item/get", &item).await.json();
    let reply = plaid
        .with_token("/item/access_token/invalidate", &item)
        .await;
    let keys: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["new_access_token", "request_id"]);
    let new = reply.json()["new_access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(new.starts_with("access-sandbox-"));
    assert_ne!(new, item.access_token.expose_secret());

    for path in ["/item/get", "/item/access_token/invalidate", "/item/remove"] {
        let refused = plaid.with_token(path, &item).await;
        let message = "could not find matching access token";
        check(
            &refused,
            400,
            "INVALID_INPUT",
            "INVALID_ACCESS_TOKEN",
            message,
        );
    }
    let renewed = CreatedItem {
        access_token: SecretString::from(new),
        ..item
    };
    let after = plaid.with_token("/item/get", &renewed).await.json();
    assert_eq!(after["item"], before["item"]);
    assert_eq!(after["item"]["item_id"], renewed.item_id);
}

#[tokio::test]
async fn an_exchange_after_an_invalidation_returns_the_new_token() {
    let plaid = Plaid::start().await;
    let fields = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", fields).await;
    let exchange = json!({ "public_token": created.json()["public_token"] });
    let first = plaid.post(EXCHANGE, exchange.clone()).await.json();
    let fields = json!({ "access_token": first["access_token"] });
    let path = "/item/access_token/invalidate";
    let new = plaid.post(path, fields).await.json()["new_access_token"].clone();
    let again = plaid.post(EXCHANGE, exchange).await.json();
    assert_eq!(again["access_token"], new);
    assert_eq!(again["item_id"], first["item_id"]);
}
