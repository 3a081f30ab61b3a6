//! The ITEM / ERROR webhook: when it is fired, what it says, and who signed it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utdk_plaid_sandbox::{CreatedItem, Outcome, Webhook, WebhookFilter};

use crate::{
    plaid::{Plaid, mask},
    receiver::{Manner, Receiver},
};

/// Longer than any delivery attempt.
const LONG: Duration = Duration::from_secs(20);

/// The id of the key that a Sandbox signs with.
pub(crate) async fn kid(plaid: &Plaid) -> String {
    let item = plaid.item(Some("http://192.0.2.1/"));
    plaid.reset_login(&item).await;
    let webhook = next(plaid, &item).await;
    let header = webhook.verification.split('.').next().unwrap();
    decoded(header)["kid"].as_str().unwrap().to_owned()
}

/// The next ERROR webhook of an Item.
pub(crate) async fn next(plaid: &Plaid, item: &CreatedItem) -> Webhook {
    let filter = WebhookFilter {
        item_id: Some(item.item_id.clone()),
        webhook_code: Some("ERROR".to_owned()),
    };
    plaid.sandbox.next_webhook(filter, LONG).await.unwrap()
}

fn bytes(base64: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(base64).unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&bytes(part)).unwrap()
}

#[tokio::test]
async fn the_webhook_says_what_plaids_says() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
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

    let expected = Webhook {
        url: receiver.url(),
        item_id: item.item_id.clone(),
        webhook_type: "ITEM".to_owned(),
        webhook_code: "ERROR".to_owned(),
        body,
        verification: received.header("plaid-verification").to_owned(),
        outcome: Outcome::Delivered { status: 200 },
    };
    let webhook = next(&plaid, &item).await;
    assert_eq!(webhook, expected);
    let json = serde_json::to_value(&webhook).unwrap();
    assert_eq!(
        json["outcome"],
        json!({ "kind": "delivered", "status": 200 })
    );
}

#[tokio::test]
async fn the_webhook_names_the_user_of_an_item_that_has_one() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    let fields = json!({
        "institution_id": "ins_109508",
        "initial_products": ["auth"],
        "options": { "webhook": receiver.url() },
        "user_id": "usr_9nSp2KuZ2x4JDw",
    });
    let created = plaid
        .post("/sandbox/public_token/create", fields)
        .await
        .json();
    let exchange = json!({ "public_token": created["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", exchange)
        .await
        .json();
    let reset = json!({ "access_token": exchanged["access_token"] });
    plaid.post("/sandbox/item/reset_login", reset).await;
    let body: Value = serde_json::from_slice(&receiver.next().await.body).unwrap();
    assert_eq!(body["user_id"], "usr_9nSp2KuZ2x4JDw");
}

#[tokio::test]
async fn the_signature_is_that_of_the_published_key_over_the_bytes_sent() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let received = receiver.next().await;
    let parts: Vec<&str> = received.header("plaid-verification").split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a JWT has three parts");
    };

    let kid = decoded(header)["kid"].clone();
    assert_eq!(
        decoded(header),
        json!({ "alg": "ES256", "kid": kid, "typ": "JWT" })
    );
    let key = plaid
        .post("/webhook_verification_key/get", json!({ "key_id": kid }))
        .await
        .json()["key"]
        .clone();
    assert_eq!(key["kid"], kid);
    let mut point = vec![4];
    point.extend(bytes(key["x"].as_str().unwrap()));
    point.extend(bytes(key["y"].as_str().unwrap()));
    let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
    let signed = format!("{header}.{payload}");
    let signature = Signature::from_slice(&bytes(signature)).unwrap();
    key.verify(signed.as_bytes(), &signature).unwrap();

    let digest = Sha256::digest(&received.body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let payload = decoded(payload);
    assert_eq!(payload["request_body_sha256"], hex);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let iat = payload["iat"].as_u64().unwrap();
    assert!((now - 60..=now).contains(&iat), "iat is in seconds");
    assert_eq!(payload.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn the_item_remembers_its_last_webhook_and_repair_fires_none() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    let status = async || plaid.with_token("/item/get", &item).await.json()["status"].clone();
    assert_eq!(status().await["last_webhook"], Value::Null);

    plaid.reset_login(&item).await;
    let last = status().await["last_webhook"].clone();
    assert_eq!(last["code_sent"], "ERROR");
    let sent_at = last["sent_at"].as_str().unwrap();
    assert_eq!(
        (sent_at.len(), &sent_at[19..20]),
        ("2026-09-10T22:15:13.382Z".len(), ".")
    );
    receiver.next().await;
    next(&plaid, &item).await;

    plaid.sandbox.repair_item(&item.item_id).unwrap();
    assert_eq!(status().await["last_webhook"], last);
    // The receiver takes one connection after the other: had the repair fired, that came first.
    plaid.reset_login(&item).await;
    assert_eq!(next(&plaid, &item).await.webhook_code, "ERROR");
    receiver.next().await;
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn an_item_without_a_webhook_url_fires_none() {
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
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    plaid.reset_login(&item).await;
    for _ in 0..2 {
        receiver.next().await;
        next(&plaid, &item).await;
    }
}
