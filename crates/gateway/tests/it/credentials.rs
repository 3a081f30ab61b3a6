//! Plaid's credentials: where they come from, and that no route returns them.

use serde_json::{Value, json};

use crate::{
    caller::{RawReply, request},
    input::check,
    test_gateway::TestGateway,
    values::{CLIENT_ID, OWN_ID, OWN_SECRET, PLAID, SECRET, TOOL, arguments},
};

async fn without() -> TestGateway {
    TestGateway::start_with(|config| config.credentials = None).await
}

async fn put(gate: &TestGateway, body: &str) -> RawReply {
    let head = "PUT /credentials\r\ncontent-type: application/json";
    gate.send(request(head, body)).await
}

async fn delete(gate: &TestGateway) -> RawReply {
    gate.send(request("DELETE /credentials", "")).await
}

async fn source(gate: &TestGateway) -> Value {
    gate.get("/config").await.json()["credentials"].clone()
}

/// The credentials that a good call is sent to Plaid with.
async fn used(gate: &TestGateway) -> (Value, Value) {
    gate.check_serves().await;
    let call = gate.upstream.calls().pop().unwrap().json();
    (call["client_id"].clone(), call["secret"].clone())
}

fn own_pair() -> String {
    json!({ "client_id": OWN_ID, "secret": OWN_SECRET }).to_string()
}

#[tokio::test]
async fn a_call_without_credentials_is_refused() {
    let gate = without().await;
    for route in [TOOL, PLAID] {
        for own in [
            json!({}),
            json!({ "client_id": "a" }),
            json!({ "secret": "a" }),
        ] {
            let mut body: Value = serde_json::from_str(&arguments()).unwrap();
            body.as_object_mut()
                .unwrap()
                .extend(own.as_object().unwrap().clone());
            let reply = gate.post(route, &body.to_string()).await;
            check(
                &reply,
                route,
                (400, "MISSING_CREDENTIALS"),
                &own.to_string(),
            );
            let message = reply.json()["error_message"].to_string();
            assert!(message.contains("PLAID_SECRET"), "{message}");
        }
    }
    assert!(gate.upstream.calls().is_empty());
    assert_eq!(source(&gate).await, "none");

    let mut own: Value = serde_json::from_str(&own_pair()).unwrap();
    own["access_token"] =
        serde_json::from_str::<Value>(&arguments()).unwrap()["access_token"].clone();
    assert_eq!(gate.post(TOOL, &own.to_string()).await.status, 200);
    // A caller's credentials are used only for its own call.
    assert_eq!(gate.post(TOOL, &arguments()).await.status, 400);
}

#[tokio::test]
async fn credentials_that_are_set_are_used_until_they_are_deleted() {
    let gate = without().await;

    let set = put(&gate, &own_pair()).await;

    assert_eq!((set.status, &*set.body), (204, ""));
    assert_eq!(source(&gate).await, "console");
    assert_eq!(used(&gate).await, (OWN_ID.into(), OWN_SECRET.into()));

    let deleted = delete(&gate).await;

    assert_eq!((deleted.status, &*deleted.body), (204, ""));
    assert_eq!(source(&gate).await, "none");
    assert_eq!(gate.post(TOOL, &arguments()).await.status, 400);
    assert_eq!(delete(&gate).await.status, 204);
}

#[tokio::test]
async fn credentials_that_are_set_replace_those_of_the_start_until_they_are_deleted() {
    let gate = TestGateway::start().await;
    assert_eq!(source(&gate).await, "start");
    assert_eq!(used(&gate).await, (CLIENT_ID.into(), SECRET.into()));
    put(&gate, &own_pair()).await;
    assert_eq!(source(&gate).await, "console");
    assert_eq!(used(&gate).await, (OWN_ID.into(), OWN_SECRET.into()));
    put(&gate, r#"{"client_id":"later","secret":"later"}"#).await;
    assert_eq!(used(&gate).await, ("later".into(), "later".into()));
    delete(&gate).await;
    assert_eq!(source(&gate).await, "start");
    assert_eq!(used(&gate).await, (CLIENT_ID.into(), SECRET.into()));
}

#[tokio::test]
async fn an_invalid_pair_of_credentials_is_refused() {
    let gate = TestGateway::start().await;
    let id = OWN_ID;
    let other = "/credentials";
    for (body, code, field) in [
        ("null", "INVALID_BODY", None),
        ("[]", "INVALID_BODY", None),
        ("{", "INVALID_BODY", None),
        ("x", "INVALID_BODY", None),
        (&*format!(r#"["{OWN_SECRET}"]"#), "INVALID_BODY", None),
        (
            &*format!(r#"{{"client_id":"{id}","secret":"a","secret":"b"}}"#),
            "INVALID_BODY",
            None,
        ),
        ("{}", "MISSING_FIELD", Some("client_id")),
        (r#"{"secret":"a"}"#, "MISSING_FIELD", Some("client_id")),
        (
            &*format!(r#"{{"client_id":"{id}"}}"#),
            "MISSING_FIELD",
            Some("secret"),
        ),
        (
            r#"{"client_id":"","secret":"a"}"#,
            "INVALID_FIELD",
            Some("client_id"),
        ),
        (
            r#"{"client_id":"a","secret":null}"#,
            "INVALID_FIELD",
            Some("secret"),
        ),
        (
            r#"{"client_id":"a","secret":["a"]}"#,
            "INVALID_FIELD",
            Some("secret"),
        ),
        (
            r#"{"client_id":"a","secret":"a\nb"}"#,
            "INVALID_FIELD",
            Some("secret"),
        ),
        (
            r#"{"client_id":"a","secret":"b","__proto__":{}}"#,
            "UNKNOWN_FIELD",
            Some("__proto__"),
        ),
        (
            &*format!(r#"{{"client_id":"a","secret":"b","{id}":1}}"#),
            "UNKNOWN_FIELD",
            Some("(not shown)"),
        ),
    ] {
        let reply = put(&gate, body).await;
        check(&reply, other, (400, code), body);
        assert_eq!(
            reply.json().get("field").and_then(Value::as_str),
            field,
            "{body}"
        );
    }
    let long = own_pair() + &" ".repeat(70_000);
    check(
        &put(&gate, &long).await,
        other,
        (413, "BODY_TOO_LARGE"),
        "long",
    );
    assert_eq!(source(&gate).await, "start");
    assert_eq!(used(&gate).await, (CLIENT_ID.into(), SECRET.into()));
}

/// `Caller` searches every reply for secrets.
#[tokio::test]
async fn no_route_returns_credentials() {
    let gate = TestGateway::start().await;
    put(&gate, &own_pair()).await;
    for path in [
        "/config",
        "/metrics",
        "/tools",
        "/healthz",
        "/readyz",
        "/tools/search?q=secret",
    ] {
        assert_eq!(gate.get(path).await.status, 200);
    }
    assert_eq!(gate.get("/credentials").await.status, 405);
    gate.check_serves().await;
}

#[test]
fn debug_output_of_the_settings_has_no_secret() {
    let mut config = crate::test_gateway::config("http://127.0.0.1:1");
    config.token = Some(crate::values::TOKEN.into());
    config.allow_origins = vec!["http://localhost:1".to_owned()];
    let printed = format!("{config:?} {config:#?}");
    for secret in crate::values::SECRETS {
        assert!(!printed.contains(secret), "{printed}");
    }
}
