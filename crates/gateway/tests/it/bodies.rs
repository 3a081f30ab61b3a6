//! Bodies that are not one JSON object, or do not say that they are JSON.

use crate::{
    caller::{post, request},
    gate::Gate,
    input::check,
    values::{ACCESS_TOKEN, PLAID, TOOL, arguments},
};

#[tokio::test]
async fn what_is_no_json_object_is_no_body() {
    let gate = Gate::start().await;
    let token = ACCESS_TOKEN;
    let nested = |open: &str, close: &str, depth| {
        format!(
            r#"{{"access_token":{}{}}}"#,
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    for body in [
        "null",
        "true",
        "1",
        "\"access_token\"",
        "[]",
        "{",
        "}",
        "{}}",
        "{} {}",
        "nonsense",
        " ",
        "{'access_token':'x'}",
        "{access_token:1}",
        "{\"access_token\":\"\\ud800\"}",
        "{\"a\":NaN}",
        &format!("[{{\"access_token\":\"{token}\"}}]"),
        &format!("{{\"access_token\":\"{token}\"}}x"),
        &format!("{{\"access_token\":\"{token}\",}}"),
        &format!("{{\"access_token\":\"{token}\"/**/}}"),
        &format!("\u{feff}{{\"access_token\":\"{token}\"}}"),
        &format!("{{\"access_token\":\"{token}"),
        &format!("access_token={token}"),
        &nested("[", "]", 30_000),
        &nested("{\"a\":", "}", 9_000),
        &nested("[", "", 60_000),
    ] {
        for door in [TOOL, PLAID] {
            let reply = gate.post(door, body).await;
            let shown: String = body.chars().take(60).collect();
            check(&reply, door, (400, "INVALID_BODY"), &shown);
        }
    }
    let not_utf8 = [
        &b"{\"access_token\":\"\xff\xfe\"}"[..],
        b"\xff\xfe{\0}\0",
        b"\0\0",
    ];
    for body in not_utf8 {
        let mut bytes = post(TOOL, &[&format!("content-length: {}", body.len())], "").into_bytes();
        bytes.extend_from_slice(body);
        check(
            &gate.send(bytes).await,
            TOOL,
            (400, "INVALID_BODY"),
            "not UTF-8",
        );
    }
    gate.check_untouched().await;
}

/// Of two values under one name those between may read the one and Plaid the other.
#[tokio::test]
async fn a_name_that_is_there_twice_is_refused() {
    let gate = Gate::start().await;
    let token = ACCESS_TOKEN;
    for (door, body) in [
        (
            PLAID,
            format!(r#"{{"access_token":"{token}","access_token":"{token}"}}"#),
        ),
        (
            PLAID,
            format!(r#"{{"access_token":1,"access_token":"{token}"}}"#),
        ),
        (
            PLAID,
            format!(r#"{{"access_token":"{token}","acces\u0073_token":"{token}"}}"#),
        ),
        (
            TOOL,
            format!(r#"{{"secret":"a","access_token":"{token}","secret":"b"}}"#),
        ),
        (
            TOOL,
            format!(r#"{{"args":{{}},"args":{{"access_token":"{token}"}}}}"#),
        ),
        (
            TOOL,
            format!(r#"{{"args":{{"access_token":"a","access_token":"{token}"}}}}"#),
        ),
        (
            TOOL,
            format!(
                r#"{{"args":{{"access_token":"{token}"}},"credential":{{"secret":"a","secret":"b"}}}}"#
            ),
        ),
    ] {
        check(
            &gate.post(door, &body).await,
            door,
            (400, "INVALID_BODY"),
            &body,
        );
    }
    gate.check_untouched().await;
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let gate = Gate::start().await;
    for (path, method) in [(TOOL, "POST"), (PLAID, "POST"), ("/credentials", "PUT")] {
        for header in [
            "content-type: text/plain",
            "content-type: application/x-www-form-urlencoded",
            "content-type: multipart/form-data; boundary=x",
            "content-type: application/jsonp",
            "content-type: application/json-patch+json",
            "content-type: text/plain; application/json",
            "content-type: \u{e9}",
            "content-type:",
            "x-no: type",
        ] {
            let reply = gate.send(request(
                &format!("{method} {path}\r\n{header}"),
                &arguments(),
            ));
            let expected = (415, "UNSUPPORTED_MEDIA_TYPE");
            check(&reply.await, path, expected, &format!("{path} {header}"));
        }
    }
    gate.check_untouched().await;
    for header in [
        "Application/JSON",
        "application/json; charset=utf-8",
        " application/json ;x",
    ] {
        let head = format!("POST {TOOL}\r\ncontent-type: {header}");
        assert_eq!(
            gate.send(request(&head, &arguments())).await.status,
            200,
            "{header}"
        );
    }
}
