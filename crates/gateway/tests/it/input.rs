//! Bodies that are not a valid input of the operation. Nothing is sent to Plaid.

use serde_json::{Value, json};

use crate::{
    caller::RawReply,
    test_gateway::TestGateway,
    values::{ACCESS_TOKEN, OWN_SECRET, PLAID, SECRETS, TOOL},
};

/// Checks a refusal: Plaid's error fields, and on the tool route also the sentence `error`.
pub(crate) fn check(reply: &RawReply, route: &str, expected: (u16, &str), shown: &str) {
    assert_eq!(reply.status, expected.0, "{shown}: {reply:?}");
    let json = reply.json();
    assert_eq!(json["error_code"], expected.1, "{shown}: {reply:?}");
    assert_eq!(json["error_type"], "GATEWAY_ERROR", "{shown}");
    assert_eq!(json["display_message"], Value::Null, "{shown}");
    assert_eq!(json["request_id"], reply.header("x-request-id").unwrap());
    let sentence = json["error_message"].as_str().unwrap();
    assert!(sentence.len() > 10, "{shown}: {sentence}");
    let error = (route != PLAID).then_some(sentence);
    assert_eq!(json.get("error").and_then(Value::as_str), error, "{shown}");
}

/// Posts each body, and checks that it is refused with `code` for `field`.
async fn check_each(route: &str, bodies: &[Value], code: &str, field: Option<&str>) {
    let gate = TestGateway::start().await;
    for body in bodies {
        let body = body.to_string();
        let reply = gate.post(route, &body).await;
        check(&reply, route, (400, code), &body);
        assert_eq!(
            reply.json().get("field").and_then(Value::as_str),
            field,
            "{body}: {reply:?}"
        );
    }
    gate.check_nothing_sent().await;
}

fn with(name: &str, value: Value) -> Value {
    let mut fields = json!({ "access_token": ACCESS_TOKEN });
    fields[name] = value;
    fields
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    for name in [
        "options",
        "user_id",
        "constructor",
        "__proto__",
        "prototype",
        "Access_Token",
    ] {
        let bare = with(name, json!({ "isAdmin": true }));
        check_each(
            PLAID,
            std::slice::from_ref(&bare),
            "UNKNOWN_FIELD",
            Some(name),
        )
        .await;
        let args = json!({ "access_token": ACCESS_TOKEN });
        let deep = [
            bare.clone(),
            json!({ "args": bare }),
            json!({ "args": args, name: 1 }),
            json!({ "args": args, "credential": { name: "x" } }),
            json!({ "args": args, "credential": { "client_id": "a", "secret": "b", name: {} } }),
        ];
        check_each(TOOL, &deep, "UNKNOWN_FIELD", Some(name)).await;
    }
    // Only the tool route has the envelope, and it cannot be nested.
    let args = json!({ "access_token": ACCESS_TOKEN });
    check_each(
        PLAID,
        &[json!({ "args": args })],
        "MISSING_FIELD",
        Some("access_token"),
    )
    .await;
    check_each(
        PLAID,
        &[with("args", args.clone())],
        "UNKNOWN_FIELD",
        Some("args"),
    )
    .await;
    check_each(
        TOOL,
        &[json!({ "args": with("args", args) })],
        "UNKNOWN_FIELD",
        Some("args"),
    )
    .await;
    let credential = with("credential", json!({ "secret": "x" }));
    check_each(TOOL, &[credential], "UNKNOWN_FIELD", Some("credential")).await;
}

#[tokio::test]
async fn an_unknown_field_that_could_be_a_secret_is_not_shown() {
    let hidden: Vec<Value> = SECRETS
        .iter()
        .map(|secret| with(secret, Value::Null))
        .chain(
            [
                "",
                "with space",
                "a1",
                "a-b",
                "a.b",
                "\u{e9}",
                "a\nb",
                "<script>",
            ]
            .map(|name| with(name, json!(1))),
        )
        .chain([with(&"a".repeat(25), json!(1))])
        .collect();
    for route in [TOOL, PLAID] {
        check_each(route, &hidden, "UNKNOWN_FIELD", Some("(not shown)")).await;
    }
}

#[tokio::test]
async fn a_field_must_be_a_non_empty_string_without_control_characters() {
    let wrong = [
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({ "toString": "x" }),
        json!(""),
        json!("a\nb"),
        json!("a\r\nx-injected: 1"),
        json!("a\u{0}"),
        json!("\u{7f}"),
        json!("\u{85}"),
        json!("\t"),
    ];
    for name in ["access_token", "client_id", "secret"] {
        let bare: Vec<Value> = wrong
            .iter()
            .map(|value| with(name, value.clone()))
            .collect();
        check_each(PLAID, &bare, "INVALID_FIELD", Some(name)).await;
        check_each(TOOL, &bare, "INVALID_FIELD", Some(name)).await;
        let args: Vec<Value> = bare.iter().map(|bare| json!({ "args": bare })).collect();
        check_each(TOOL, &args, "INVALID_FIELD", Some(name)).await;
    }
    let args = json!({ "access_token": ACCESS_TOKEN });
    for name in ["client_id", "secret"] {
        let credential: Vec<Value> = wrong
            .iter()
            .map(|value| json!({ "args": args, "credential": { name: value } }))
            .collect();
        check_each(TOOL, &credential, "INVALID_FIELD", Some(name)).await;
    }
    for value in [json!(null), json!([]), json!("x"), json!(1)] {
        check_each(
            TOOL,
            &[json!({ "args": value })],
            "INVALID_FIELD",
            Some("args"),
        )
        .await;
        let credential = json!({ "args": args, "credential": value });
        check_each(TOOL, &[credential], "INVALID_FIELD", Some("credential")).await;
    }
}

#[tokio::test]
async fn a_missing_access_token_is_refused() {
    let bodies = [json!({}), json!({ "secret": OWN_SECRET })];
    for route in [TOOL, PLAID] {
        check_each(route, &bodies, "MISSING_FIELD", Some("access_token")).await;
    }
    check_each(
        TOOL,
        &[json!({ "args": {} })],
        "MISSING_FIELD",
        Some("access_token"),
    )
    .await;
}

#[tokio::test]
async fn a_token_of_another_environment_is_not_sent() {
    let tokens = [
        "access-production-1",
        "access-development-1",
        "public-sandbox-1",
        "x",
        "access-sandbox",
    ];
    let gate = TestGateway::start().await;
    for token in tokens {
        let body = json!({ "access_token": token }).to_string();
        for route in [TOOL, PLAID] {
            let reply = gate.post(route, &body).await;
            check(&reply, route, (400, "NOT_A_SANDBOX_TOKEN"), token);
            assert_eq!(reply.json()["field"], "access_token");
        }
    }
    gate.check_nothing_sent().await;
}
