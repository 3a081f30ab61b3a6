//! `/item/webhook/update`: changes the URL of an Item's webhooks.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, Outcome, WebhookFilter};

use crate::{
    errors::check,
    plaid::{Plaid, Reply},
    receiver::{Behavior, Receiver},
    retries::seconds,
};

async fn update(plaid: &Plaid, item: &CreatedItem, webhook: Value) -> Reply {
    let access_token = item.access_token.expose_secret();
    let fields = json!({ "access_token": access_token, "webhook": webhook });
    plaid.post("/item/webhook/update", fields).await
}

async fn shown(plaid: &Plaid, item: &CreatedItem) -> Value {
    plaid.with_token("/item/get", item).await.json()
}

#[tokio::test]
async fn a_new_url_gets_an_acknowledgement_and_later_webhooks() {
    let plaid = Plaid::start().await;
    let mut old = Receiver::start(Behavior::Answer(200)).await;
    let mut new = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&old.url()));
    let reply = update(&plaid, &item, new.url().into()).await;
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    assert_eq!(reply["item"]["webhook"], new.url());
    let keys: Vec<&String> = reply.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["item", "request_id"]);

    let received = new.next().await;
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    let expected = json!({
        "environment": "sandbox",
        "error": null,
        "item_id": item.item_id,
        "new_webhook_url": new.url(),
        "webhook_code": "WEBHOOK_UPDATE_ACKNOWLEDGED",
        "webhook_type": "ITEM",
    });
    assert_eq!(body, expected);
    let filter = WebhookFilter {
        item_id: Some(item.item_id.clone()),
        webhook_code: Some("WEBHOOK_UPDATE_ACKNOWLEDGED".to_owned()),
    };
    let webhook = plaid.sandbox.next_webhook(filter, seconds(20)).await;
    let delivered = Outcome::Delivered { status: 200 };
    assert_eq!(webhook.unwrap().attempts[0].outcome, delivered);

    let shown = shown(&plaid, &item).await;
    assert_eq!(shown["item"]["webhook"], new.url());
    let code = &shown["status"]["last_webhook"]["code_sent"];
    assert_eq!(code, "WEBHOOK_UPDATE_ACKNOWLEDGED");
    plaid.reset_login(&item).await;
    new.next().await;
    assert!(old.is_untouched());
}

#[tokio::test]
async fn a_null_or_absent_url_removes_the_url_and_fires_nothing() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let items = [
        plaid.item(Some(&receiver.url())),
        plaid.item(Some(&receiver.url())),
    ];
    let replies = [
        update(&plaid, &items[0], Value::Null).await,
        plaid.with_token("/item/webhook/update", &items[1]).await,
    ];
    for (item, reply) in items.iter().zip(replies) {
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["item"]["webhook"], "");
        plaid.reset_login(item).await;
        let shown = shown(&plaid, item).await;
        assert_eq!(shown["item"]["webhook"], "");
        assert_eq!(shown["status"]["last_webhook"], Value::Null);
    }
    assert_eq!(plaid.sandbox.webhooks(), []);
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn an_invalid_url_is_refused_and_changes_nothing() {
    let plaid = Plaid::start().await;
    let url = "http://127.0.0.1:1/hook";
    let item = plaid.item(Some(url));
    for invalid in [
        json!("ABCDEFG1234567"),
        json!(""),
        json!("/hook"),
        json!("ftp://localhost/"),
        json!(1),
        json!([url]),
    ] {
        let reply = update(&plaid, &item, invalid).await;
        let message = "webhook must be a non-empty string URL";
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
    assert_eq!(shown(&plaid, &item).await["item"]["webhook"], url);
    assert_eq!(plaid.sandbox.webhooks(), []);
}

#[tokio::test]
async fn the_url_of_a_broken_item_can_be_changed() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let reply = update(&plaid, &item, receiver.url().into()).await;
    assert_eq!(reply.status, 200);
    let code = &reply.json()["item"]["error"]["error_code"];
    assert_eq!(code, "ITEM_LOGIN_REQUIRED");
}
