//! Stubs: replies that a test sets for routes of Plaid's.

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use utdk_plaid_sandbox::{CreatedItem, SandboxError, Stub};

use crate::plaid::{JSON, Plaid};

const STATEMENTS: &str = "/statements/download";

fn stub(path: &str, bodies: &[Value]) -> Stub {
    let object = |body: &Value| body.as_object().unwrap().clone();
    Stub {
        path: path.to_owned(),
        bodies: bodies.iter().map(object).collect(),
        status: None,
    }
}

fn fields(item: &CreatedItem) -> Value {
    json!({ "access_token": item.access_token.expose_secret(), "statement_id": "1" })
}

#[tokio::test]
async fn a_stub_answers_a_route_that_is_not_emulated() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid
        .sandbox
        .stub(stub(STATEMENTS, &[json!({ "a": 1 })]))
        .unwrap();
    let reply = plaid.post(STATEMENTS, fields(&item)).await;
    let request_id = reply.json()["request_id"].clone();
    assert_eq!(
        (reply.status, request_id.as_str().unwrap().len()),
        (200, 15)
    );
    assert_eq!(reply.json(), json!({ "a": 1, "request_id": request_id }));
    assert!(!plaid.sandbox.requests().pop().unwrap().not_emulated);
}

#[tokio::test]
async fn a_stub_replaces_the_reply_of_an_emulated_route() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid
        .sandbox
        .stub(stub("/accounts/get", &[json!({ "accounts": [] })]))
        .unwrap();
    let reply = plaid.with_token("/accounts/get", &item).await;
    assert_eq!(reply.json()["accounts"], json!([]));
    plaid.sandbox.clear_stubs();
    let reply = plaid.with_token("/accounts/get", &item).await;
    assert_ne!(reply.json()["accounts"], json!([]));
}

#[tokio::test]
async fn a_broken_item_comes_before_its_stub() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid
        .sandbox
        .stub(stub(STATEMENTS, &[json!({ "a": 1 })]))
        .unwrap();
    plaid.reset_login(&item).await;
    let reply = plaid.post(STATEMENTS, fields(&item)).await;
    assert_eq!(reply.json()["error_code"], "ITEM_LOGIN_REQUIRED");
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    let reply = plaid.post(STATEMENTS, fields(&item)).await;
    assert_eq!(reply.json()["a"], 1);
}

#[tokio::test]
async fn wrong_requests_do_not_reach_the_stub() {
    let plaid = Plaid::start().await;
    plaid
        .sandbox
        .stub(stub(STATEMENTS, &[json!({}), json!({ "second": true })]))
        .unwrap();
    let cases = [
        (json!({ "access_token": "x" }), "MISSING_FIELDS"),
        (
            json!({ "access_token": "x", "statement_id": "1" }),
            "INVALID_ACCESS_TOKEN",
        ),
    ];
    for (fields, code) in cases {
        let reply = plaid.post(STATEMENTS, fields).await;
        assert_eq!(reply.json()["error_code"], code);
    }
}

#[tokio::test]
async fn bodies_are_served_in_turn_and_the_last_one_stays() {
    let plaid = Plaid::start().await;
    let bodies = [1, 2].map(|number| json!({ "number": number }));
    plaid.sandbox.stub(stub("/transfer/list", &bodies)).unwrap();
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(plaid.post("/transfer/list", json!({})).await.json()["number"].clone());
    }
    assert_eq!(numbers, [1, 2, 2]);
}

#[tokio::test]
async fn a_status_makes_it_an_error_with_plaids_fields() {
    let plaid = Plaid::start().await;
    let error = Stub {
        status: Some(429),
        ..stub("/transfer/list", &[json!({ "error_code": "RATE_LIMIT" })])
    };
    plaid.sandbox.stub(error).unwrap();
    let reply = plaid.post("/transfer/list", json!({})).await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.json()["error_type"], "RATE_LIMIT_EXCEEDED");
    assert!(reply.json()["error_message"].is_string());
    let logged = plaid.sandbox.requests().pop().unwrap();
    assert_eq!(
        (logged.status, logged.error_code),
        (Some(429), Some("RATE_LIMIT"))
    );
}

#[tokio::test]
async fn a_stub_can_be_set_over_http() {
    let plaid = Plaid::start().await;
    let set = json!({ "path": "/transfer/list", "body": { "transfers": [] }, "status": 201 });
    let headers = [("content-type", JSON)];
    let reply = plaid
        .send(Method::POST, "/_sandbox/stubs", &headers, set.to_string())
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(plaid.post("/transfer/list", json!({})).await.status, 201);
    let listed = plaid
        .send(Method::GET, "/_sandbox/stubs", &[], String::new())
        .await;
    let expected =
        json!([{ "bodies": [{ "transfers": [] }], "path": "/transfer/list", "status": 201 }]);
    assert_eq!(listed.json()["stubs"], expected);
    plaid
        .send(Method::DELETE, "/_sandbox/stubs", &[], String::new())
        .await;
    assert_eq!(plaid.post("/transfer/list", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_stub_that_cannot_be_set_names_the_field() {
    let plaid = Plaid::start().await;
    let field = |stub: Stub| match plaid.sandbox.stub(stub).unwrap_err() {
        SandboxError::Option { field, .. } => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(stub("/no/such/route", &[json!({})])), "path");
    assert_eq!(field(stub("/transfer/list", &[])), "body");
    let status = Stub {
        status: Some(99),
        ..stub("/transfer/list", &[json!({})])
    };
    assert_eq!(field(status), "status");
    let large = json!({ "text": "x".repeat(16 << 20) });
    assert_eq!(field(stub("/transfer/list", &[large])), "body");
    assert!(plaid.sandbox.stubs().is_empty());
}

#[tokio::test]
async fn malformed_stubs_over_http_are_refused() {
    let plaid = Plaid::start().await;
    let cases = [
        (json!({ "body": {} }), "path"),
        (json!({ "path": "/transfer/list", "body": [] }), "body"),
        (json!({ "path": "/transfer/list", "bodies": [1] }), "bodies"),
        (
            json!({ "path": "/transfer/list", "body": {}, "bodies": [] }),
            "bodies",
        ),
        (
            json!({ "path": "/transfer/list", "body": {}, "status": 1000 }),
            "status",
        ),
        (
            json!({ "path": "/transfer/list", "body": {}, "times": 1 }),
            "times",
        ),
    ];
    let headers = [("content-type", JSON)];
    for (set, field) in cases {
        let reply = plaid
            .send(Method::POST, "/_sandbox/stubs", &headers, set.to_string())
            .await;
        assert_eq!(
            (reply.status, &reply.json()["field"]),
            (400, &json!(field)),
            "{set}"
        );
    }
}

#[tokio::test]
async fn a_reset_removes_every_stub() {
    let plaid = Plaid::start().await;
    plaid
        .sandbox
        .stub(stub("/transfer/list", &[Map::new().into()]))
        .unwrap();
    plaid.sandbox.reset().await;
    assert_eq!(plaid.post("/transfer/list", json!({})).await.status, 404);
}
