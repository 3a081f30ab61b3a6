//! Bodies that are no input of the operation: refused with a sentence, and nothing goes to Plaid.

use serde_json::{Value, json};

use crate::{
    caller::Reply,
    gate::Gate,
    values::{ACCESS_TOKEN, OWN_SECRET, PLAID, SECRETS, TOOL},
};

/// Fails the test unless it is a refusal of this kind, by the fields that a client of Plaid's reads
/// and, at the tool door, with a sentence under `error`.
pub(crate) fn check(reply: &Reply, door: &str, expected: (u16, &str), shown: &str) {
    assert_eq!(reply.status, expected.0, "{shown}: {reply:?}");
    let json = reply.json();
    assert_eq!(json["error_code"], expected.1, "{shown}: {reply:?}");
    assert_eq!(json["error_type"], "GATEWAY_ERROR", "{shown}");
    assert_eq!(json["display_message"], Value::Null, "{shown}");
    assert_eq!(json["request_id"], reply.header("x-request-id").unwrap());
    let sentence = json["error_message"].as_str().unwrap();
    assert!(sentence.len() > 10, "{shown}: {sentence}");
    let error = (door != PLAID).then_some(sentence);
    assert_eq!(json.get("error").and_then(Value::as_str), error, "{shown}");
}

/// Posts each body, and expects to be refused with `code`, for `field`.
async fn check_each(door: &str, bodies: &[Value], code: &str, field: Option<&str>) {
    let gate = Gate::start().await;
    for body in bodies {
        let body = body.to_string();
        let reply = gate.post(door, &body).await;
        check(&reply, door, (400, code), &body);
        assert_eq!(
            reply.json().get("field").and_then(Value::as_str),
            field,
            "{body}: {reply:?}"
        );
    }
    gate.check_untouched().await;
}

fn with(name: &str, value: Value) -> Value {
    let mut fields = json!({ "access_token": ACCESS_TOKEN });
    fields[name] = value;
    fields
}

#[tokio::test]
async fn a_field_that_the_operation_has_not_is_refused_by_its_name() {
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
    // The envelope is the tool door's alone, and none of it inside another.
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
async fn a_name_that_may_be_anything_is_not_shown() {
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
    for door in [TOOL, PLAID] {
        check_each(door, &hidden, "UNKNOWN_FIELD", Some("(not shown)")).await;
    }
}

#[tokio::test]
async fn a_field_is_a_string_with_something_in_it_and_no_control_character() {
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
async fn a_call_without_a_token_is_told_what_is_missing() {
    let bodies = [json!({}), json!({ "secret": OWN_SECRET })];
    for door in [TOOL, PLAID] {
        check_each(door, &bodies, "MISSING_FIELD", Some("access_token")).await;
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
async fn a_token_of_another_environment_never_leaves() {
    let tokens = [
        "access-production-1",
        "access-development-1",
        "public-sandbox-1",
        "x",
        "access-sandbox",
    ];
    let gate = Gate::start().await;
    for token in tokens {
        let body = json!({ "access_token": token }).to_string();
        for door in [TOOL, PLAID] {
            let reply = gate.post(door, &body).await;
            check(&reply, door, (400, "NOT_A_SANDBOX_TOKEN"), token);
            assert_eq!(reply.json()["field"], "access_token");
        }
    }
    gate.check_untouched().await;
}
