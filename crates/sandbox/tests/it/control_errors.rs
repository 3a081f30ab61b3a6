//! The errors of the control routes: invalid options, invalid bodies and unknown routes.

use hyper::Method;
use serde_json::{Value, json};

use crate::{
    control::control,
    plaid::{JSON, Plaid, Reply},
};

fn check(reply: &Reply, status: u16, code: &str, field: Option<&str>) {
    let body = reply.json();
    let expected = json!({
        "error_code": code,
        "error_message": body["error_message"],
        "field": field,
    });
    assert_eq!(body, expected);
    assert_eq!(reply.status, status, "{body}");
    assert!(!body["error_message"].as_str().unwrap().is_empty());
}

/// Checks that each of these options is an INVALID_OPTION about the field.
async fn check_options(path: &str, cases: &[(Value, &str)]) {
    let plaid = Plaid::start().await;
    for (options, field) in cases {
        let reply = control(&plaid, Method::POST, path, options.clone()).await;
        check(&reply, 400, "INVALID_OPTION", Some(field));
    }
    assert!(plaid.sandbox.items().is_empty() && plaid.sandbox.faults().is_empty());
}

#[tokio::test]
async fn an_unknown_option_is_named_with_the_known_ones() {
    let plaid = Plaid::start().await;
    for (method, path, known) in [
        (Method::GET, "health", "it takes none"),
        (Method::GET, "items", "it takes none"),
        (
            Method::POST,
            "items",
            "it takes webhook, products, institution_id, user_id",
        ),
        (Method::POST, "items/x/repair", "it takes none"),
        (Method::POST, "items/x/update", "it takes none"),
        (Method::GET, "webhooks", "it takes none"),
        (
            Method::POST,
            "webhooks/next",
            "it takes item_id, webhook_code, timeoutMs",
        ),
        (
            Method::POST,
            "webhooks",
            "it takes item_id, webhook_type, webhook_code",
        ),
        (Method::POST, "webhooks/sign", "it takes body, iat"),
        (Method::POST, "webhooks/1/redeliver", "it takes none"),
        (Method::POST, "keys/rotate", "it takes none"),
        (Method::GET, "requests", "it takes none"),
        (Method::GET, "clock", "it takes none"),
        (Method::POST, "clock/advance", "it takes ms"),
        (Method::GET, "faults", "it takes none"),
        (Method::DELETE, "faults", "it takes none"),
        (Method::POST, "link/complete", "it takes link_token"),
        (Method::POST, "link/exit", "it takes link_token"),
        (Method::POST, "reset", "it takes none"),
    ] {
        let reply = control(&plaid, method, path, json!({ "colour": "red" })).await;
        check(&reply, 400, "UNKNOWN_OPTION", Some("colour"));
        let message = format!("there is no option colour: {known}");
        assert_eq!(reply.json()["error_message"], message, "{path}");
    }
    let fault = json!({ "kind": "hang", "ms": 1 });
    let reply = control(&plaid, Method::POST, "faults", fault).await;
    check(&reply, 400, "UNKNOWN_OPTION", Some("ms"));
}

#[tokio::test]
async fn an_option_with_an_invalid_value_is_named() {
    check_options(
        "items",
        &[
            (json!([]), "options"),
            (json!("x"), "options"),
            (json!(1), "options"),
            (json!({ "webhook": 1 }), "webhook"),
            (json!({ "webhook": "" }), "webhook"),
            (json!({ "products": "auth" }), "products"),
            (json!({ "products": ["auth", 1] }), "products"),
            (
                json!({ "institution_id": ["ins_109508"] }),
                "institution_id",
            ),
            (json!({ "user_id": {} }), "user_id"),
        ],
    )
    .await;
    check_options(
        "webhooks/next",
        &[
            (json!({ "item_id": 1 }), "item_id"),
            (json!({ "webhook_code": false }), "webhook_code"),
            (json!({ "timeoutMs": "1" }), "timeoutMs"),
            (json!({ "timeoutMs": -1 }), "timeoutMs"),
            (json!({ "timeoutMs": 1e300 }), "timeoutMs"),
        ],
    )
    .await;
    check_options(
        "clock/advance",
        &[
            (json!({}), "ms"),
            (json!({ "ms": null }), "ms"),
            (json!({ "ms": "1" }), "ms"),
            (json!({ "ms": -1 }), "ms"),
            (json!({ "ms": 1e300 }), "ms"),
        ],
    )
    .await;
    for path in ["link/complete", "link/exit"] {
        let cases = [
            (json!({}), "link_token"),
            (json!({ "link_token": "" }), "link_token"),
            (json!({ "link_token": 1 }), "link_token"),
        ];
        check_options(path, &cases).await;
    }
    check_options("webhooks/x/redeliver", &[(json!({}), "id")]).await;
    check_options("webhooks/-1/redeliver", &[(json!({}), "id")]).await;
}

#[tokio::test]
async fn an_invalid_fault_is_refused() {
    let code = |value: Value| json!({ "error_code": value });
    let html = |status: Value| json!({ "kind": "html", "status": status });
    let delay = |ms: Value| json!({ "kind": "delay", "ms": ms });
    check_options(
        "faults",
        &[
            (json!({ "kind": "fire" }), "kind"),
            (json!({ "kind": 1 }), "kind"),
            (code(json!("NO_SUCH_CODE")), "error_code"),
            (code(json!(1)), "error_code"),
            (json!({ "status": 400 }), "error_code"),
            (json!({ "status": 200 }), "status"),
            (json!({ "status": 600 }), "status"),
            (json!({ "status": "500" }), "status"),
            (json!({ "status": 500, "retryAfter": -1 }), "retryAfter"),
            (json!({ "status": 500, "retryAfter": 86_401 }), "retryAfter"),
            (html(json!(204)), "status"),
            (html(json!(500.5)), "status"),
            (delay(json!(null)), "ms"),
            (delay(json!(3_600_001)), "ms"),
            (delay(json!(1.5)), "ms"),
            (json!({ "kind": "reset", "path": "/nowhere" }), "path"),
            (json!({ "kind": "reset", "path": "" }), "path"),
            (json!({ "kind": "reset", "times": 0 }), "times"),
            (json!({ "kind": "reset", "times": -1 }), "times"),
            (json!({ "kind": "reset", "times": 1.5 }), "times"),
            (json!({ "kind": "reset", "probability": 0 }), "probability"),
            (
                json!({ "kind": "reset", "probability": 1.1 }),
                "probability",
            ),
            (
                json!({ "kind": "reset", "probability": "1" }),
                "probability",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_invalid_item_is_refused_with_plaids_codes() {
    let plaid = Plaid::start().await;
    for (options, code, field) in [
        (json!({ "products": [] }), "INVALID_FIELD", "products"),
        (
            json!({ "products": ["telepathy"] }),
            "INVALID_PRODUCT",
            "products",
        ),
        (json!({ "webhook": "/hook" }), "INVALID_FIELD", "webhook"),
        (
            json!({ "institution_id": "ins_0" }),
            "INVALID_INSTITUTION",
            "institution_id",
        ),
    ] {
        let reply = control(&plaid, Method::POST, "items", options).await;
        check(&reply, 400, code, Some(field));
    }
    assert!(plaid.sandbox.items().is_empty());
}

#[tokio::test]
async fn unknown_ids_are_not_found() {
    let plaid = Plaid::start().await;
    for (path, code) in [
        ("items/nothing/repair", "ITEM_NOT_FOUND"),
        ("items//repair", "ITEM_NOT_FOUND"),
        ("items/nothing/update", "ITEM_NOT_FOUND"),
        ("webhooks/1/redeliver", "WEBHOOK_NOT_FOUND"),
        (
            "webhooks/18446744073709551615/redeliver",
            "WEBHOOK_NOT_FOUND",
        ),
    ] {
        let reply = control(&plaid, Method::POST, path, Value::Null).await;
        check(&reply, 404, code, None);
    }
    let options = json!({ "link_token": "link-sandbox-1" });
    for path in ["link/complete", "link/exit"] {
        let reply = control(&plaid, Method::POST, path, options.clone()).await;
        check(&reply, 400, "INVALID_LINK_TOKEN", None);
    }
}

#[tokio::test]
async fn an_unknown_route_is_not_found_and_the_message_lists_the_routes() {
    let plaid = Plaid::start().await;
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "nothing"),
        (Method::GET, "health/"),
        (Method::GET, "Health"),
        (Method::POST, "health"),
        (Method::PUT, "items"),
        (Method::OPTIONS, "items"),
        (Method::GET, "reset"),
        (Method::GET, "clock/advance"),
        (Method::POST, "items/a/b/repair"),
        (Method::PATCH, "faults"),
    ] {
        let reply = control(&plaid, method, path, Value::Null).await;
        check(&reply, 404, "NOT_FOUND", None);
        let message = reply.json()["error_message"].to_string();
        let known = ["items/{item_id}/repair", "/update", "events", "inbox"];
        assert!(known.iter().all(|it| message.contains(it)), "{message}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_and_changes_nothing() {
    let plaid = Plaid::start().await;
    let long = format!("{{\"webhook\":\"{}\"}}", "x".repeat(1 << 20));
    let deep = "[".repeat(10_000);
    for (content_type, body, message) in [
        (JSON, "{", "the body is not JSON"),
        (JSON, "{}{}", "the body is not JSON"),
        (JSON, "{\"ms\":1e999}", "the body is not JSON"),
        (JSON, deep.as_str(), "the body is not JSON"),
        (
            JSON,
            long.as_str(),
            "the body is longer than 1 MiB, or ended early",
        ),
        (
            "text/plain",
            "{}",
            "the content type of the body must be application/json",
        ),
        (
            "application/x-www-form-urlencoded",
            "a=b",
            "the content type of the body must be application/json",
        ),
    ] {
        for path in ["/_sandbox/items", "/_sandbox/reset"] {
            let headers = [("content-type", content_type)];
            let reply = plaid
                .send(Method::POST, path, &headers, body.to_owned())
                .await;
            check(&reply, 400, "INVALID_BODY", None);
            assert_eq!(reply.json()["error_message"], message);
        }
    }
    let headers = [("content-type", "application/json; charset=utf-8")];
    let reply = plaid
        .send(Method::POST, "/_sandbox/items", &headers, "{}")
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(plaid.sandbox.items().len(), 1);
}
