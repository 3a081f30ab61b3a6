//! Injected errors, by code or by status, have Plaid's shape.

use std::collections::BTreeSet;

use serde_json::json;
use utdk_plaid_sandbox::Effect;

use crate::{
    faults::{always, error, once, status},
    plaid::{Plaid, Reply},
};

const RESET: &str = "/sandbox/item/reset_login";
const GET: &str = "/item/get";

/// Plaid's codes by type and status, as documented.
const CODES: [(&str, u16, &[&str]); 10] = [
    ("API_ERROR", 500, &["INTERNAL_SERVER_ERROR"]),
    ("API_ERROR", 503, &["PLANNED_MAINTENANCE"]),
    (
        "RATE_LIMIT_EXCEEDED",
        429,
        &[
            "RATE_LIMIT",
            "ACCOUNTS_BALANCE_GET_LIMIT",
            "ACCOUNTS_LIMIT",
            "BALANCE_LIMIT",
            "IDENTITY_LIMIT",
            "INSTITUTIONS_GET_BY_ID_LIMIT",
            "INSTITUTIONS_GET_LIMIT",
            "INVESTMENT_TRANSACTIONS_LIMIT",
            "TRANSACTIONS_LIMIT",
            "TRANSACTIONS_SYNC_LIMIT",
            "AUTH_LIMIT",
            "ITEM_GET_LIMIT",
            "INSTITUTION_RATE_LIMIT",
        ],
    ),
    ("INVALID_REQUEST", 404, &["NOT_FOUND"]),
    (
        "INVALID_REQUEST",
        400,
        &[
            "INVALID_BODY",
            "INVALID_CONFIGURATION",
            "INVALID_FIELD",
            "MISSING_FIELDS",
            "SANDBOX_ONLY",
            "UNKNOWN_FIELDS",
        ],
    ),
    (
        "INVALID_INPUT",
        400,
        &[
            "ADDITIONAL_CONSENT_REQUIRED",
            "INVALID_ACCESS_TOKEN",
            "INVALID_ACCOUNT_ID",
            "INVALID_API_KEYS",
            "INVALID_INSTITUTION",
            "INVALID_LINK_TOKEN",
            "INVALID_PRODUCT",
            "INVALID_PUBLIC_TOKEN",
            "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
            "UNAUTHORIZED_ENVIRONMENT",
            "UNAUTHORIZED_ROUTE_ACCESS",
            "USER_PERMISSION_REVOKED",
        ],
    ),
    (
        "ITEM_ERROR",
        400,
        &[
            "ACCESS_NOT_GRANTED",
            "INSUFFICIENT_CREDENTIALS",
            "INVALID_CREDENTIALS",
            "INVALID_MFA",
            "ITEM_CONCURRENTLY_DELETED",
            "ITEM_LOCKED",
            "ITEM_LOGIN_REQUIRED",
            "ITEM_NOT_FOUND",
            "ITEM_NOT_SUPPORTED",
            "MFA_NOT_SUPPORTED",
            "NO_ACCOUNTS",
            "NO_AUTH_ACCOUNTS",
            "NO_INVESTMENT_ACCOUNTS",
            "NO_LIABILITY_ACCOUNTS",
            "PRODUCTS_NOT_SUPPORTED",
            "PRODUCT_NOT_ENABLED",
            "PASSWORD_RESET_REQUIRED",
            "PRODUCT_NOT_READY",
            "USER_INPUT_TIMEOUT",
            "USER_SETUP_REQUIRED",
        ],
    ),
    (
        "INSTITUTION_ERROR",
        400,
        &[
            "INSTITUTION_DOWN",
            "INSTITUTION_NOT_AVAILABLE",
            "INSTITUTION_NOT_RESPONDING",
            "INSTITUTION_NO_LONGER_SUPPORTED",
            "UNSUPPORTED_RESPONSE",
        ],
    ),
    (
        "SANDBOX_ERROR",
        400,
        &["SANDBOX_PRODUCT_NOT_ENABLED", "SANDBOX_WEBHOOK_INVALID"],
    ),
    (
        "TRANSACTIONS_ERROR",
        400,
        &["TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"],
    ),
];

fn check(reply: &Reply, status: u16, error_type: &str, code: &str) {
    let body = reply.json();
    let page = error_type.to_lowercase().replace('_', "-");
    let page = page.strip_suffix("-error").unwrap_or(&page);
    let anchor = code.to_lowercase();
    let expected = json!({
        "display_message": body["display_message"],
        "documentation_url": format!("https://plaid.com/docs/errors/{page}/#{anchor}"),
        "error_code": code,
        "error_message": body["error_message"],
        "error_type": error_type,
        "request_id": body["request_id"],
        "suggested_action": null,
    });
    assert_eq!(body, expected);
    assert_eq!(reply.status, status, "{code}");
    let message = body["error_message"].as_str().unwrap();
    assert!(!message.is_empty() && !message.contains('{'), "{code}");
    let shown = &body["display_message"];
    assert!(
        shown.is_null() || !shown.as_str().unwrap().is_empty(),
        "{code}"
    );
    let request_id = body["request_id"].as_str().unwrap();
    assert!(request_id.len() == 15 && request_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(
        reply.headers["content-type"],
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn every_code_has_plaids_type_status_and_shape() {
    let plaid = Plaid::start().await;
    let refusal = plaid.sandbox.inject(once(error("NO_SUCH_CODE")));
    let refusal = refusal.unwrap_err().to_string();
    let (_, known) = refusal.split_once("knows: ").unwrap();
    let known: BTreeSet<&str> = known.split(", ").collect();
    let mut seen = BTreeSet::from(["USER_NOT_FOUND"]);
    for (error_type, status, codes) in CODES {
        for code in codes {
            plaid.sandbox.inject(once(error(code))).unwrap();
            let reply = plaid.post(GET, json!({})).await;
            check(&reply, status, error_type, code);
            seen.insert(code);
        }
    }
    plaid.sandbox.inject(once(error("USER_NOT_FOUND"))).unwrap();
    let reply = plaid.post(GET, json!({})).await;
    check(&reply, 400, "USER_ERROR", "USER_NOT_FOUND");
    assert_eq!(known, seen);
}

#[tokio::test]
async fn an_error_about_the_route_names_the_route() {
    let plaid = Plaid::start().await;
    plaid.sandbox.inject(always(error("SANDBOX_ONLY"))).unwrap();
    for path in [GET, RESET] {
        let reply = plaid.post(path, json!({})).await.json();
        let message = reply["error_message"].as_str().unwrap();
        assert!(message.contains(&format!("access to {path} is only")));
    }
}

#[tokio::test]
async fn a_status_without_a_code_has_a_default_code() {
    let plaid = Plaid::start().await;
    for (given, error_type, code) in [
        (404, "INVALID_REQUEST", "NOT_FOUND"),
        (429, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT"),
        (500, "API_ERROR", "INTERNAL_SERVER_ERROR"),
        (502, "API_ERROR", "INTERNAL_SERVER_ERROR"),
        (503, "API_ERROR", "PLANNED_MAINTENANCE"),
        (599, "API_ERROR", "INTERNAL_SERVER_ERROR"),
    ] {
        plaid.sandbox.inject(once(status(given))).unwrap();
        let reply = plaid.post(GET, json!({})).await;
        check(&reply, given, error_type, code);
    }
    let neither = Effect::Error {
        status: None,
        error_code: None,
        retry_after: None,
    };
    plaid.sandbox.inject(once(neither)).unwrap();
    let reply = plaid.post(GET, json!({})).await;
    check(&reply, 500, "API_ERROR", "INTERNAL_SERVER_ERROR");
}

#[tokio::test]
async fn a_status_overrides_the_status_of_the_code() {
    let plaid = Plaid::start().await;
    let effect = Effect::Error {
        status: Some(503),
        error_code: Some("ITEM_LOCKED".to_owned()),
        retry_after: None,
    };
    plaid.sandbox.inject(once(effect)).unwrap();
    let reply = plaid.post(GET, json!({})).await;
    check(&reply, 503, "ITEM_ERROR", "ITEM_LOCKED");
}

#[tokio::test]
async fn only_a_fault_with_retry_after_sends_the_header() {
    let plaid = Plaid::start().await;
    let effect = Effect::Error {
        status: Some(429),
        error_code: None,
        retry_after: Some(7),
    };
    plaid.sandbox.inject(once(effect)).unwrap();
    plaid.sandbox.inject(once(status(429))).unwrap();
    let reply = plaid.post(GET, json!({})).await;
    assert_eq!(reply.headers["retry-after"], "7");
    for status in [429, 400] {
        let reply = plaid.post(GET, json!({})).await;
        assert_eq!(reply.status, status);
        assert!(!reply.headers.contains_key("retry-after"));
    }
}
