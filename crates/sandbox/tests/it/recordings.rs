//! Replies recorded from Plaid's Sandbox, replayed: the same bytes, but for what differs from
//! one reply to the next. Links are in the form in use since September 2026.

use serde_json::{Value, json};

use crate::plaid::{Plaid, Reply, mask};

/// Checks a reply against a recorded body.
pub(crate) fn check(reply: &Reply, status: u16, recorded: &str) {
    check_unversioned(reply, status, recorded);
    let version = reply.headers.get("plaid-version");
    match status {
        200 => assert_eq!(version.unwrap(), "2020-09-14"),
        _ => assert_eq!(version, None),
    }
}

/// The same but for the header `plaid-version`, which some successes were recorded without.
fn check_unversioned(reply: &Reply, status: u16, recorded: &str) {
    assert_eq!(reply.masked(), mask(recorded));
    assert_eq!(reply.status, status);
    let headers = &reply.headers;
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["server"], "nginx");
    assert_eq!(headers["vary"], "Accept-Encoding");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "1; mode=block"),
    ] {
        let of_success = Some(value).filter(|_| status == 200);
        let sent = headers.get(name).map(|sent| sent.to_str().unwrap());
        assert_eq!(sent, of_success, "{name}");
    }
    let request_id = reply.json()["request_id"].as_str().unwrap().to_owned();
    assert_eq!(request_id.len(), 15);
    assert!(
        request_id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    );
}

fn create_fields() -> Value {
    json!({ "institution_id": "ins_109508", "initial_products": ["transactions"] })
}

#[tokio::test]
async fn reset_login_succeeds() {
    let plaid = Plaid::start().await;
    let reply = plaid.reset_login(&plaid.item(None)).await;
    let recorded = r#"{
  "request_id": "HoHeT47HvO0FHwm",
  "reset_login": true
}"#;
    check(&reply, 200, recorded);
    // Recorded uncompressed: 50, with a request_id of 5 characters.
    assert_eq!(reply.headers["content-length"], "60");
}

#[tokio::test]
async fn a_public_token_is_created_and_exchanged() {
    let plaid = Plaid::start().await;
    let created = plaid
        .post("/sandbox/public_token/create", create_fields())
        .await;
    let recorded = r#"{
  "public_token": "public-sandbox-29a5644f-001d-4bf5-abae-d26ecf8ee211",
  "request_id": "6dz2Xo7zoyT9W9R"
}"#;
    check(&created, 200, recorded);

    let public_token = &created.json()["public_token"];
    let exchanged = plaid
        .post(
            "/item/public_token/exchange",
            json!({ "public_token": public_token }),
        )
        .await;
    let recorded = r#"{
  "access_token": "access-sandbox-fb7bb5da-e3e2-464e-8644-4eeafbf6541f",
  "item_id": "bd9d3lAbjqhWyRz7bl61s9R7npPJ87HVzAyvn",
  "request_id": "GqA99rziFZduKYg"
}"#;
    check(&exchanged, 200, recorded);
}

#[tokio::test]
async fn a_healthy_item_is_shown() {
    let plaid = Plaid::start().await;
    let reply = plaid.with_token("/item/get", &plaid.item(None)).await;
    check(&reply, 200, include_str!("../recordings/item_get.json"));
}

#[tokio::test]
async fn the_accounts_of_first_platypus_bank_are_shown() {
    let plaid = Plaid::start().await;
    let reply = plaid.with_token("/accounts/get", &plaid.item(None)).await;
    check(&reply, 200, include_str!("../recordings/accounts_get.json"));
}

#[tokio::test]
async fn a_data_route_refuses_a_broken_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let reply = plaid.with_token("/accounts/get", &item).await;
    let recorded = r#"{
  "display_message": null,
  "documentation_url": "https://plaid.com/docs/errors/item/#item_login_required",
  "error_code": "ITEM_LOGIN_REQUIRED",
  "error_message": "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state",
  "error_type": "ITEM_ERROR",
  "request_id": "a1c6d80c3ce0a55",
  "suggested_action": null
}"#;
    check(&reply, 400, recorded);
}

#[tokio::test]
async fn the_verification_key_is_shown() {
    let plaid = Plaid::start().await;
    let kid = crate::webhooks::kid(&plaid).await;
    let reply = plaid
        .post("/webhook_verification_key/get", json!({ "key_id": kid }))
        .await;
    let recorded = r#"{
  "key": {
    "alg": "ES256",
    "created_at": 1560466143,
    "crv": "P-256",
    "expired_at": null,
    "kid": "6c5516e1-92dc-479e-a8ff-5a51992e0001",
    "kty": "EC",
    "use": "sig",
    "x": "35lvC8uz2QrWpQJ3TUH8t9o9DURMp7ydU518RKDl20k",
    "y": "I8BuXB2bvxelzJAd7OKhd-ZwjCst05Fx47Mb_0ugros"
  },
  "request_id": "FZooWYCXczYOWdr"
}"#;
    check_unversioned(&reply, 200, recorded);
    assert_eq!(reply.headers.get("plaid-version"), None);
}

#[tokio::test]
async fn a_malformed_access_token_is_refused_with_its_brackets_escaped() {
    let plaid = Plaid::start().await;
    let reply = plaid
        .post("/item/get", json!({ "access_token": "ABCDEFG1234567" }))
        .await;
    let recorded = r#"{
  "display_message": null,
  "documentation_url": "https://plaid.com/docs/errors/invalid-input/#invalid_access_token",
  "error_code": "INVALID_ACCESS_TOKEN",
  "error_message": "provided access token is in an invalid format. expected format: access-\u003cenvironment\u003e-\u003cidentifier\u003e",
  "error_type": "INVALID_INPUT",
  "request_id": "8AGyFtfaKXGit8s",
  "suggested_action": null
}"#;
    check(&reply, 400, recorded);
}

#[tokio::test]
async fn a_malformed_client_id_is_refused() {
    let plaid = Plaid::start().await;
    let headers = [
        ("content-type", "application/json"),
        ("plaid-client-id", "nope"),
        ("plaid-secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ];
    let reply = plaid
        .send(hyper::Method::POST, "/item/get", &headers, "{}")
        .await;
    let recorded = r#"{
  "display_message": null,
  "documentation_url": "https://plaid.com/docs/errors/invalid-request/#invalid_field",
  "error_code": "INVALID_FIELD",
  "error_message": "client_id must be a properly formatted, non-empty string",
  "error_type": "INVALID_REQUEST",
  "request_id": "d2c776d1b123743",
  "suggested_action": null
}"#;
    check(&reply, 400, recorded);
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let plaid = Plaid::start().await;
    let body = json!({ "client_id": plaid.sandbox.client_id(), "secret": "a".repeat(30) });
    let reply = plaid.post_unsigned("/item/get", &body).await;
    let recorded = r#"{
  "display_message": null,
  "documentation_url": "https://plaid.com/docs/errors/invalid-input/#invalid_api_keys",
  "error_code": "INVALID_API_KEYS",
  "error_message": "invalid client_id or secret provided",
  "error_type": "INVALID_INPUT",
  "request_id": "fc459c7a04cf3c7",
  "suggested_action": null
}"#;
    check(&reply, 400, recorded);
}
