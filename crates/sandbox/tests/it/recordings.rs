//! Replies recorded from Plaid's Sandbox: this Sandbox answers the same bytes, except the values that
//! differ between replies. Documentation URLs have the form that Plaid uses since September 2026.

use secrecy::ExposeSecret;
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

/// Like [`check`], without the header `plaid-version`: some recorded successes do not have it.
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

fn link_fields() -> Value {
    json!({
        "client_name": "A",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u" },
        "products": ["transactions"],
    })
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
async fn a_webhook_is_fired() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://192.0.2.1/"));
    let fields = json!({
        "access_token": item.access_token.expose_secret(),
        "webhook_code": "DEFAULT_UPDATE",
    });
    let reply = plaid.post("/sandbox/item/fire_webhook", fields).await;
    let recorded = r#"{
  "request_id": "f3Mm1qpbsIAz0Gu",
  "webhook_fired": true
}"#;
    check(&reply, 200, recorded);
}

#[tokio::test]
async fn a_link_token_is_created() {
    let plaid = Plaid::start().await;
    let reply = plaid.post("/link/token/create", link_fields()).await;
    let recorded = r#"{
  "expiration": "2025-05-19T21:24:04Z",
  "link_token": "link-sandbox-33432e02-32e2-415d-8f00-e626c6f4c6a6",
  "request_id": "Gys5pGY7tIPDrlL"
}"#;
    check(&reply, 200, recorded);
    let expiration = reply.json()["expiration"].as_str().unwrap().to_owned();
    assert_eq!(expiration.len(), "2025-05-19T21:24:04Z".len());
    let link_token = reply.json()["link_token"].as_str().unwrap().to_owned();
    let recorded = "link-sandbox-33432e02-32e2-415d-8f00-e626c6f4c6a6";
    assert_eq!(link_token.len(), recorded.len());
}

#[tokio::test]
async fn account_filters_are_shown() {
    let plaid = Plaid::start().await;
    let fields = json!({
        "account_filters": { "depository": { "account_subtypes": ["checking", "savings"] } },
        "client_name": "Plaid Test",
        "country_codes": ["GB"],
        "language": "en",
        "products": ["auth", "transactions"],
        "user": { "client_user_id": "123" },
        "webhook": "https://sample-webhook.com",
    });
    let created = plaid.post("/link/token/create", fields).await.json();
    let fields = json!({ "link_token": created["link_token"] });
    let reply = plaid.post("/link/token/get", fields).await;
    let recorded = r#"{
  "created_at": "2020-09-09T02:57:04Z",
  "expiration": "2020-09-09T06:57:04Z",
  "link_token": "link-sandbox-9ee8ac7f-caaa-4a97-b215-3ef491ba8b71",
  "metadata": {
    "account_filters": {
      "depository": {
        "account_subtypes": [
          "checking",
          "savings"
        ]
      }
    },
    "client_name": "Plaid Test",
    "country_codes": [
      "GB"
    ],
    "initial_products": [
      "auth",
      "transactions"
    ],
    "language": "en",
    "redirect_uri": null,
    "webhook": "https://sample-webhook.com"
  },
  "request_id": "6RN7o6eU0jUzHtN"
}"#;
    check_unversioned(&reply, 200, recorded);
}

#[tokio::test]
async fn two_routes_have_no_version_header() {
    let plaid = Plaid::start().await;
    let created = plaid.post("/link/token/create", link_fields()).await.json();
    let fields = json!({ "link_token": created["link_token"] });
    let shown = plaid.post("/link/token/get", fields).await;
    let kid = crate::webhooks::kid(&plaid).await;
    let fields = json!({ "key_id": kid });
    let key = plaid.post("/webhook_verification_key/get", fields).await;
    for reply in [shown, key] {
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers.get("plaid-version"), None);
    }
}

#[tokio::test]
async fn the_verification_key_is_shown() {
    let plaid = Plaid::start().await;
    let kid = crate::webhooks::kid(&plaid).await;
    let reply = plaid
        .post("/webhook_verification_key/get", json!({ "key_id": kid }))
        .await;
    check_unversioned(&reply, 200, RECORDED_KEY);
}

#[tokio::test]
async fn the_key_that_plaids_own_suites_ask_for_is_the_recorded_one() {
    let plaid = Plaid::start().await;
    let fields = json!({ "key_id": "6c5516e1-92dc-479e-a8ff-5a51992e0001" });
    let reply = plaid.post("/webhook_verification_key/get", fields).await;
    let recorded: Value = serde_json::from_str(RECORDED_KEY).unwrap();
    assert_eq!(reply.json()["key"], recorded["key"]);
    assert_ne!(crate::webhooks::kid(&plaid).await, recorded["key"]["kid"]);
    check_unversioned(&reply, 200, RECORDED_KEY);
}

const RECORDED_KEY: &str = r#"{
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

/// Checks a reply against the recorded body with this error. `message` is escaped as JSON; `page` is
/// the end of the documentation URL.
fn check_error(reply: &Reply, error_type: &str, code: &str, page: &str, message: &str) {
    let recorded = format!(
        r#"{{
  "display_message": null,
  "documentation_url": "https://plaid.com/docs/errors/{page}",
  "error_code": "{code}",
  "error_message": "{message}",
  "error_type": "{error_type}",
  "request_id": "d2c776d1b123743",
  "suggested_action": null
}}"#
    );
    check(reply, 400, &recorded);
}

#[tokio::test]
async fn data_routes_refuse_a_broken_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    for path in ["/auth/get", "/accounts/get"] {
        let reply = plaid.with_token(path, &item).await;
        let page = "item/#item_login_required";
        let message = "the login details of this item have changed (credentials, MFA, or \
                       required user action) and a user login is required to update this \
                       information. use Link's update mode to restore the item to a good state";
        check_error(&reply, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED", page, message);
    }
}

#[tokio::test]
async fn a_malformed_token_is_refused_with_its_brackets_escaped() {
    let plaid = Plaid::start().await;
    for (path, kind) in [
        ("/item/get", "access"),
        ("/item/public_token/exchange", "public"),
    ] {
        let fields = json!({ format!("{kind}_token"): "ABCDEFG1234567" });
        let reply = plaid.post(path, fields).await;
        let message = format!(
            r"provided {kind} token is in an invalid format. expected format: {kind}-\u003cenvironment\u003e-\u003cidentifier\u003e"
        );
        let code = format!("INVALID_{}_TOKEN", kind.to_uppercase());
        let page = format!("invalid-input/#{}", code.to_lowercase());
        check_error(&reply, "INVALID_INPUT", &code, &page, &message);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let plaid = Plaid::start().await;
    let body = json!({ "client_id": plaid.sandbox.client_id(), "secret": "a".repeat(30) });
    let reply = plaid.post_unsigned("/item/get", &body).await;
    let message = "invalid client_id or secret provided";
    let page = "invalid-input/#invalid_api_keys";
    check_error(&reply, "INVALID_INPUT", "INVALID_API_KEYS", page, message);
}

#[tokio::test]
async fn a_test_user_whose_account_is_locked_cannot_be_linked() {
    let plaid = Plaid::start().await;
    let create = async |password: &str| {
        let fields = json!({
            "institution_id": "ins_109508",
            "initial_products": ["transactions"],
            "options": { "override_password": password },
        });
        plaid.post("/sandbox/public_token/create", fields).await
    };
    let recorded = r#"{
  "display_message": "The given account has been locked by the financial institution. Please visit your financial institution's website to unlock your account.",
  "documentation_url": "https://plaid.com/docs/errors/item/#item_locked",
  "error_code": "ITEM_LOCKED",
  "error_message": "the account is locked. prompt the user to visit the institution's site and unlock their account",
  "error_type": "ITEM_ERROR",
  "request_id": "7a4721edf8434c8",
  "suggested_action": null
}"#;
    check(&create("error_ITEM_LOCKED").await, 400, recorded);
    assert!(plaid.sandbox.items().is_empty());
    for password in ["pass_good", "error_", "error_NOT_FOUND", "ITEM_LOCKED"] {
        assert_eq!(create(password).await.status, 200, "{password}");
    }
}
