//! The ITEM / ERROR webhook: when it is fired, its body, and its signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, Webhook, WebhookFilter};

use crate::{
    jwt::{self, Jwt},
    plaid::{Plaid, mask},
    receiver::{Behavior, Receiver},
};

/// Longer than any delivery attempt.
const LONG: Duration = Duration::from_secs(20);

/// The id of the key that a Sandbox signs with.
pub(crate) async fn kid(plaid: &Plaid) -> String {
    let item = plaid.item(Some("http://192.0.2.1/"));
    plaid.reset_login(&item).await;
    jwt::kid(&next(plaid, &item).await.attempts[0].verification)
}

/// The next ERROR webhook of an Item.
pub(crate) async fn next(plaid: &Plaid, item: &CreatedItem) -> Webhook {
    let filter = WebhookFilter {
        item_id: Some(item.item_id.clone()),
        webhook_code: Some("ERROR".to_owned()),
    };
    plaid.sandbox.next_webhook(filter, LONG).await.unwrap()
}

#[tokio::test]
async fn the_webhook_equals_the_recorded_one() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let received = receiver.next().await;
    let body = String::from_utf8(received.body.clone()).unwrap();
    let recorded = r#"{
  "environment": "sandbox",
  "error": {
    "display_message": null,
    "error_code": "ITEM_LOGIN_REQUIRED",
    "error_code_reason": null,
    "error_message": "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state",
    "error_type": "ITEM_ERROR",
    "status": 400
  },
  "item_id": "p3LELdGW4GFPEnwMR6N3IaorEJbDq9CLblzno",
  "webhook_code": "ERROR",
  "webhook_type": "ITEM"
}"#;
    assert_eq!(mask(&body), mask(recorded));
    assert!(received.head.starts_with("POST /hook?a=b HTTP/1.1\r\n"));
    assert_eq!(
        received.header("host"),
        format!("127.0.0.1:{}", receiver.port)
    );
    assert_eq!(received.header("content-type"), "application/json");
    assert!(!received.header("user-agent").is_empty());

    let webhook = next(&plaid, &item).await;
    let attempt = &webhook.attempts[0];
    assert_eq!(webhook.body, body);
    assert_eq!(attempt.verification, received.header("plaid-verification"));
    assert!(webhook.fired_at <= attempt.at);
    let mut json = serde_json::to_value(&webhook).unwrap();
    let is_time = |value: &Value| value.as_str().is_some_and(is_milliseconds);
    assert!(is_time(&json["firedAt"].take()));
    assert!(is_time(&json["attempts"][0]["at"].take()));
    let expected = json!({
        "id": 1,
        "firedAt": null,
        "url": receiver.url(),
        "item_id": item.item_id,
        "webhook_type": "ITEM",
        "webhook_code": "ERROR",
        "body": body,
        "attempts": [{
            "at": null,
            "verification": attempt.verification,
            "outcome": { "kind": "delivered", "status": 200 },
        }],
        "nextAttemptAt": null,
    });
    assert_eq!(json, expected);
}

/// Whether `text` has the form of `2026-09-10T22:15:13.382Z`.
fn is_milliseconds(text: &str) -> bool {
    let form = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let form: Vec<u8> = text.bytes().map(form).collect();
    form == b"0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn the_signature_verifies_with_the_published_key_and_the_bytes_sent() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let received = receiver.next().await;
    let verification = received.header("plaid-verification");
    let jwt = Jwt::verified(&plaid, verification, &received.body).await;
    let header = json!({ "alg": "ES256", "kid": jwt.kid(), "typ": "JWT" });
    assert_eq!(jwt.header, header);
    assert_eq!(jwt.payload.as_object().unwrap().len(), 2);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    assert!(
        (now - 60..=now).contains(&jwt.iat()),
        "iat is in seconds, and now"
    );
}

#[tokio::test]
async fn the_item_remembers_its_last_webhook() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    let status = async || plaid.with_token("/item/get", &item).await.json()["status"].clone();
    assert_eq!(status().await["last_webhook"], Value::Null);

    plaid.reset_login(&item).await;
    let last = status().await["last_webhook"].clone();
    assert_eq!(last["code_sent"], "ERROR");
    assert!(is_milliseconds(last["sent_at"].as_str().unwrap()));

    plaid.sandbox.repair_item(&item.item_id).unwrap();
    assert_eq!(
        status().await["last_webhook"]["code_sent"],
        "LOGIN_REPAIRED"
    );
}

#[tokio::test]
async fn repair_item_fires_login_repaired_once() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    // A healthy Item is not repaired.
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    plaid.reset_login(&item).await;
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    let webhooks = plaid.sandbox.webhooks();
    let codes: Vec<&str> = webhooks.iter().map(|it| it.webhook_code).collect();
    assert_eq!(codes, ["ERROR", "LOGIN_REPAIRED"]);
    let body: Value = serde_json::from_str(&webhooks[1].body).unwrap();
    let expected = json!({
        "environment": "sandbox",
        "item_id": item.item_id,
        "webhook_code": "LOGIN_REPAIRED",
        "webhook_type": "ITEM",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_item_without_a_webhook_url_fires_no_webhook() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let shown = plaid.with_token("/item/get", &item).await.json();
    assert_eq!(shown["status"]["last_webhook"], Value::Null);
    let soon = Duration::from_millis(1);
    let error = plaid
        .sandbox
        .next_webhook(WebhookFilter::default(), soon)
        .await
        .unwrap_err();
    assert!(
        error.to_string().ends_with("for all Items so far: 0"),
        "{error}"
    );
}

#[tokio::test]
async fn a_second_reset_fires_again() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    plaid.reset_login(&item).await;
    for _ in 0..2 {
        receiver.next().await;
        next(&plaid, &item).await;
    }
}
