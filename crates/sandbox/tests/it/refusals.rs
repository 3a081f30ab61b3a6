//! Refusals recorded from Plaid's Sandbox, replayed: the same bytes, but for the request_id. Links
//! are in the form in use since September 2026, whatever they were when it was recorded.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    clock::at_new_year,
    plaid::{Plaid, Reply},
    recordings,
    retries::{advance, seconds},
};

const CREATE: &str = "/sandbox/public_token/create";
const EXCHANGE: &str = "/item/public_token/exchange";

/// Checks a reply against what differs between the recorded bodies: the message as it stands in
/// the body, and the link's end.
fn check(reply: &Reply, error_type: &str, code: &str, page: &str, message: &str) {
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
    recordings::check(reply, 400, &recorded);
}

fn check_access_token(reply: &Reply, message: &str) {
    let page = "invalid-input/#invalid_access_token";
    check(
        reply,
        "INVALID_INPUT",
        "INVALID_ACCESS_TOKEN",
        page,
        message,
    );
}

fn check_public_token(reply: &Reply, message: &str) {
    let page = "invalid-input/#invalid_public_token";
    check(
        reply,
        "INVALID_INPUT",
        "INVALID_PUBLIC_TOKEN",
        page,
        message,
    );
}

fn check_field(reply: &Reply, message: &str) {
    let page = "invalid-request/#invalid_field";
    check(reply, "INVALID_REQUEST", "INVALID_FIELD", page, message);
}

fn check_missing(reply: &Reply, message: &str) {
    let page = "invalid-request/#missing_fields";
    check(reply, "INVALID_REQUEST", "MISSING_FIELDS", page, message);
}

fn create_fields(name: &str, value: Value) -> Value {
    let mut fields = json!({
        "institution_id": "ins_109508",
        "initial_products": ["transactions"],
        "options": {},
    });
    fields[name] = value;
    fields
}

async fn get_item(plaid: &Plaid, access_token: &str) -> Reply {
    let fields = json!({ "access_token": access_token });
    plaid.post("/item/get", fields).await
}

async fn exchange(plaid: &Plaid, public_token: &Value) -> Reply {
    let fields = json!({ "public_token": public_token });
    plaid.post(EXCHANGE, fields).await
}

#[tokio::test]
async fn a_data_route_refuses_a_broken_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    for path in ["/auth/get", "/accounts/get"] {
        let reply = plaid.with_token(path, &item).await;
        let page = "item/#item_login_required";
        let message = "the login details of this item have changed (credentials, MFA, or \
                       required user action) and a user login is required to update this \
                       information. use Link's update mode to restore the item to a good state";
        check(&reply, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED", page, message);
    }
}

#[tokio::test]
async fn a_malformed_access_token_is_refused_with_its_brackets_escaped() {
    let plaid = Plaid::start().await;
    let message = r"provided access token is in an invalid format. expected format: access-\u003cenvironment\u003e-\u003cidentifier\u003e";
    check_access_token(&get_item(&plaid, "ABCDEFG1234567").await, message);
}

#[tokio::test]
async fn a_malformed_public_token_is_refused_with_its_brackets_escaped() {
    let plaid = Plaid::start().await;
    let message = r"provided public token is in an invalid format. expected format: public-\u003cenvironment\u003e-\u003cidentifier\u003e";
    let reply = exchange(&plaid, &json!("ABCDEFG1234567")).await;
    check_public_token(&reply, message);
}

#[tokio::test]
async fn a_token_of_another_environment_is_refused() {
    let plaid = Plaid::start().await;
    let uuid = "0ff8ee8f-4579-47a1-a65a-f5379a81a9fa";
    let message = r#"provided public token is for the wrong Plaid environment. expected \"sandbox\", got \"production\""#;
    let token = json!(format!("public-production-{uuid}"));
    check_public_token(&exchange(&plaid, &token).await, message);
    let message = r#"provided access token is for the wrong Plaid environment. expected \"sandbox\", got \"development\""#;
    let reply = get_item(&plaid, &format!("access-development-{uuid}")).await;
    check_access_token(&reply, message);
}

#[tokio::test]
async fn an_unknown_access_token_is_refused() {
    let plaid = Plaid::start().await;
    let token = "access-sandbox-0ff8ee8f-4579-47a1-a65a-f5379a81a9fa";
    let message = "could not find matching access token";
    check_access_token(&get_item(&plaid, token).await, message);
}

#[tokio::test]
async fn an_expired_public_token_is_refused() {
    let plaid = at_new_year().await;
    let fields = create_fields("options", json!({}));
    let created = plaid.post(CREATE, fields).await.json();
    advance(&plaid, seconds(30 * 60)).await;
    let message = "provided public token is expired. Public tokens expire 30 minutes after \
                   creation at which point they can no longer be exchanged";
    check_public_token(&exchange(&plaid, &created["public_token"]).await, message);
}

#[tokio::test]
async fn a_removed_item_is_not_found() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.with_token("/item/remove", &item).await;
    let reply = plaid.with_token("/item/get", &item).await;
    let message = "The Item you requested cannot be found. This Item does not exist, has been \
                   previously removed via /item/remove, or has had access removed by the user.";
    let page = "item/#item_not_found";
    check(&reply, "ITEM_ERROR", "ITEM_NOT_FOUND", page, message);
}

#[tokio::test]
async fn missing_credentials_are_refused() {
    let plaid = Plaid::start().await;
    let fields = json!({ "secret": plaid.secret() });
    let reply = plaid.post_unsigned("/item/get", &fields).await;
    let missing = "the following required fields are missing:";
    check_missing(&reply, &format!("{missing} client_id"));
    let reply = plaid.post_unsigned("/item/get", &json!({})).await;
    check_missing(&reply, &format!("{missing} client_id, secret"));
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
    let message = "client_id must be a properly formatted, non-empty string";
    check_field(&reply, message);
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let plaid = Plaid::start().await;
    let body = json!({ "client_id": plaid.sandbox.client_id(), "secret": "a".repeat(30) });
    let reply = plaid.post_unsigned("/item/get", &body).await;
    let message = "invalid client_id or secret provided";
    let page = "invalid-input/#invalid_api_keys";
    check(&reply, "INVALID_INPUT", "INVALID_API_KEYS", page, message);
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_path() {
    let plaid = Plaid::start().await;
    let fields = json!({
        "client_name": "A",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u", "email": "a@example.com" },
        "products": ["auth"],
    });
    let reply = plaid.post("/link/token/create", fields).await;
    let message = "the following fields are not recognized by this endpoint: user.email";
    let page = "invalid-request/#unknown_fields";
    check(&reply, "INVALID_REQUEST", "UNKNOWN_FIELDS", page, message);
}

#[tokio::test]
async fn an_empty_or_null_access_token_is_refused() {
    let plaid = Plaid::start().await;
    for token in [json!(""), json!(null)] {
        let fields = json!({ "access_token": token });
        let reply = plaid.post("/accounts/get", fields).await;
        check_field(&reply, "access_token must be a non-empty string");
    }
}

#[tokio::test]
async fn an_unknown_institution_is_refused() {
    let plaid = Plaid::start().await;
    let fields = create_fields("institution_id", json!("ABCDEFG1234567"));
    let reply = plaid.post(CREATE, fields).await;
    let message = "invalid institution_id provided";
    let page = "invalid-input/#invalid_institution";
    check(
        &reply,
        "INVALID_INPUT",
        "INVALID_INSTITUTION",
        page,
        message,
    );
}

#[tokio::test]
async fn products_that_are_no_list_are_refused() {
    let plaid = Plaid::start().await;
    let fields = create_fields("initial_products", json!("ABCDEFG1234567"));
    let reply = plaid.post(CREATE, fields).await;
    let message = "initial_products must be a list of strings containing at least one product";
    check_field(&reply, message);
}

#[tokio::test]
async fn a_webhook_that_is_no_url_is_refused() {
    let plaid = Plaid::start().await;
    let options = json!({
        "webhook": "ABCDEFG1234567",
        "transactions": { "start_date": "ABCDEFG1234567", "end_date": "ABCDEFG1234567" },
    });
    let reply = plaid.post(CREATE, create_fields("options", options)).await;
    check_field(&reply, "options.webhook must be a non-empty string URL");

    let item = plaid.item(None);
    let fields = json!({
        "access_token": item.access_token.expose_secret(),
        "webhook": "ABCDEFG1234567",
    });
    let reply = plaid.post("/item/webhook/update", fields).await;
    check_field(&reply, "webhook must be a non-empty string URL");
}
