//! Bodies that are not one JSON object, or have another content type.

use crate::{
    caller::{post, request},
    input::check,
    test_gateway::TestGateway,
    values::{ACCESS_TOKEN, PLAID, TOOL, arguments},
};

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_refused() {
    let gate = TestGateway::start().await;
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
        for route in [TOOL, PLAID] {
            let reply = gate.post(route, body).await;
            let shown: String = body.chars().take(60).collect();
            check(&reply, route, (400, "INVALID_BODY"), &shown);
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
    gate.check_nothing_sent().await;
}

/// A proxy could read the first of two values, and Plaid the second.
#[tokio::test]
async fn a_repeated_field_is_refused() {
    let gate = TestGateway::start().await;
    let token = ACCESS_TOKEN;
    for (route, body) in [
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
            &gate.post(route, &body).await,
            route,
            (400, "INVALID_BODY"),
            &body,
        );
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_content_type_other_than_json_is_refused() {
    let gate = TestGateway::start().await;
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
    gate.check_nothing_sent().await;
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
