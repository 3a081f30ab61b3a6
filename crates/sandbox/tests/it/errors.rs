//! The errors that all routes share: status, type, code and message, and the order of the checks.

use hyper::Method;
use serde_json::{Value, json};

use crate::plaid::{JSON, Plaid, Reply};

const RESET: &str = "/sandbox/item/reset_login";

pub(crate) fn check(reply: &Reply, status: u16, error_type: &str, code: &str, message: &str) {
    let body = reply.json();
    let page = match error_type {
        "INVALID_REQUEST" => "invalid-request",
        "INVALID_INPUT" => "invalid-input",
        "ITEM_ERROR" => "item",
        "SANDBOX_ERROR" => "sandbox",
        "USER_ERROR" => "user",
        other => panic!("unexpected error type {other}"),
    };
    let link = format!(
        "https://plaid.com/docs/errors/{page}/#{}",
        code.to_lowercase()
    );
    let expected = json!({
        "display_message": null,
        "documentation_url": link,
        "error_code": code,
        "error_message": message,
        "error_type": error_type,
        "request_id": body["request_id"],
        "suggested_action": null,
    });
    assert_eq!(body, expected);
    assert_eq!(reply.status, status);
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let plaid = Plaid::start().await;
    for path in ["/", "/item/get/", "/Item/get", "/no/such/route"] {
        let reply = plaid.post(path, json!({})).await;
        check(&reply, 404, "INVALID_REQUEST", "NOT_FOUND", "not found");
    }
}

#[tokio::test]
async fn another_method_on_a_known_path_is_an_invalid_route() {
    let plaid = Plaid::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let reply = plaid.send(method, RESET, &[], "").await;
        let message = format!("invalid route: {RESET}");
        check(&reply, 400, "INVALID_REQUEST", "NOT_FOUND", &message);
    }
}

#[tokio::test]
async fn missing_credentials_are_named_together() {
    let plaid = Plaid::start().await;
    for (body, names) in [
        (json!({}), "client_id, secret"),
        (json!({ "secret": plaid.secret() }), "client_id"),
        (json!({ "client_id": plaid.sandbox.client_id() }), "secret"),
    ] {
        let reply = plaid.post_unsigned(RESET, &body).await;
        let message = format!("the following required fields are missing: {names}");
        check(&reply, 400, "INVALID_REQUEST", "MISSING_FIELDS", &message);
    }
}

#[tokio::test]
async fn malformed_credentials_are_invalid_fields() {
    let plaid = Plaid::start().await;
    for (name, value) in [
        ("client_id", json!(null)),
        ("client_id", json!("")),
        ("client_id", json!(7)),
        ("client_id", json!("g".repeat(24))),
        ("client_id", json!("a".repeat(25))),
        ("secret", json!(null)),
        ("secret", json!("")),
    ] {
        let mut body = plaid.signed(json!({}));
        body[name] = value;
        let reply = plaid.post_unsigned(RESET, &body).await;
        let message = format!("{name} must be a properly formatted, non-empty string");
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", &message);
    }
}

#[tokio::test]
async fn credentials_may_be_in_headers_but_the_body_wins() {
    let plaid = Plaid::start().await;
    let wrong = "0".repeat(24);
    let send = async |client_id: &str, body: Value| {
        let headers = [
            ("content-type", JSON),
            ("PLAID-CLIENT-ID", client_id),
            ("PLAID-SECRET", plaid.secret()),
        ];
        let reply = plaid
            .send(Method::POST, RESET, &headers, body.to_string())
            .await;
        reply.error_code()
    };
    let right = plaid.sandbox.client_id();
    assert_eq!(send(right, json!({})).await, "MISSING_FIELDS");
    assert_eq!(send(&wrong, json!({})).await, "INVALID_API_KEYS");
    assert_eq!(
        send(&wrong, json!({ "client_id": right })).await,
        "MISSING_FIELDS"
    );
    assert_eq!(
        send(right, json!({ "client_id": wrong })).await,
        "INVALID_API_KEYS"
    );
}

#[tokio::test]
async fn the_checks_are_route_body_credentials_fields_token_in_this_order() {
    let plaid = Plaid::start().await;
    let text = [("content-type", "text/plain")];
    let code = |reply: Reply| reply.error_code();
    let reply = plaid.send(Method::POST, "/nowhere", &text, "{").await;
    assert_eq!(code(reply), "NOT_FOUND");
    let reply = plaid.send(Method::POST, RESET, &text, "{}").await;
    assert_eq!(code(reply), "INVALID_BODY");
    let reply = plaid.post_unsigned(RESET, &json!({ "a": 1 })).await;
    assert_eq!(
        reply.json()["error_message"]
            .as_str()
            .unwrap()
            .matches("secret")
            .count(),
        1
    );
    let reply = plaid.post(RESET, json!({ "a": 1 })).await;
    assert_eq!(code(reply), "MISSING_FIELDS");
    let reply = plaid
        .post(RESET, json!({ "a": 1, "access_token": null }))
        .await;
    assert_eq!(code(reply), "UNKNOWN_FIELDS");
    let reply = plaid.post(RESET, json!({ "access_token": null })).await;
    assert_eq!(code(reply), "INVALID_FIELD");
    let reply = plaid.post(RESET, json!({ "access_token": "x" })).await;
    assert_eq!(code(reply), "INVALID_ACCESS_TOKEN");
}
