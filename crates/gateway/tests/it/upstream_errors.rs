//! What a caller gets when a call to Plaid fails.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    caller::RawReply,
    test_gateway::{TestGateway, client_config, with_timeout},
    upstream::{Behaviour, ClosedPort, Upstream, reply, reply_with},
    values::{ACCESS_TOKEN, CLIENT_ID, PLAID, SECRET, TOOL, arguments},
};

/// Calls both routes, and checks the status and the fields of the error.
async fn check(gate: &TestGateway, status: u16, code: &str, error_type: &str, more: Value) {
    for route in [TOOL, PLAID] {
        let reply = gate.post(route, &arguments()).await;
        assert_eq!(reply.status, status, "{reply:?}");
        let json = reply.json();
        assert_eq!(json["error_code"], code, "{reply:?}");
        assert_eq!(json["error_type"], error_type, "{reply:?}");
        assert_eq!(json["request_id"], reply.header("x-request-id").unwrap());
        for (name, value) in more.as_object().unwrap() {
            assert_eq!(&json[name], value, "{name}: {reply:?}");
        }
        check_sentence(&reply, route);
    }
    assert_eq!(gate.get("/healthz").await.status, 200);
}

fn check_sentence(reply: &RawReply, route: &str) {
    let json = reply.json();
    let sentence = json["error_message"].as_str().unwrap();
    assert!(sentence.len() > 10, "{sentence}");
    let error = (route == TOOL).then_some(sentence);
    assert_eq!(json.get("error").and_then(Value::as_str), error);
}

async fn check_connection(behaviour: Behaviour, code: &str) {
    let gate = TestGateway::facing(behaviour).await;
    check(
        &gate,
        502,
        code,
        "BAD_GATEWAY",
        json!({ "kind": "connection" }),
    )
    .await;
}

async fn check_response(behaviour: Behaviour, upstream_status: u16, problem: &str) {
    let gate = TestGateway::facing(behaviour).await;
    let fields = json!({ "kind": "response", "upstream_status": upstream_status });
    check(&gate, 502, "UNEXPECTED_RESPONSE", "BAD_GATEWAY", fields).await;
    let reply = gate.post(TOOL, &arguments()).await.json();
    let upstream_problem = reply["upstream_problem"].as_str().unwrap();
    assert!(upstream_problem.contains(problem), "{upstream_problem}");
}

#[tokio::test]
async fn a_failed_connection_is_a_502_with_its_code() {
    check_connection(Behaviour::Reset, "ECONNRESET").await;
    check_connection(Behaviour::WriteAndClose(String::new()), "ECONNRESET").await;
    check_connection(
        Behaviour::WriteAndClose("HTTP/1.1 200 OK\r\ncont".into()),
        "ECONNRESET",
    )
    .await;
    let cut_short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"reset_login\":true";
    check_connection(Behaviour::WriteAndClose(cut_short.into()), "ECONNRESET").await;
    check_connection(
        Behaviour::WriteAndClose("SSH-2.0-OpenSSH_9.2\r\n".into()),
        "EPROTO",
    )
    .await;

    let closed_port = ClosedPort::new();
    let gate =
        TestGateway::start_with(|config| config.client = client_config(&closed_port.url)).await;
    let fields = json!({ "kind": "connection" });
    check(&gate, 502, "ECONNREFUSED", "BAD_GATEWAY", fields).await;
}

#[tokio::test]
async fn an_unexpected_reply_is_a_502_that_names_the_problem_and_quotes_nothing() {
    let page = format!("<html><body>{ACCESS_TOKEN} {CLIENT_ID} {SECRET}</body></html>");
    let html = |status| reply_with(status, &["content-type: text/html"], &page);
    check_response(Behaviour::Write(html(200)), 200, "is not JSON").await;
    check_response(Behaviour::Write(html(502)), 502, "is not JSON").await;
    check_response(Behaviour::Write(html(404)), 404, "is not JSON").await;
    check_response(
        Behaviour::Write(reply(200, "{\"reset_login\":tr")),
        200,
        "breaks off",
    )
    .await;
    check_response(Behaviour::Write(reply(200, "")), 200, "has no body").await;
    check_response(Behaviour::Write(reply(200, "{}")), 200, "lacks a field").await;
    check_response(
        Behaviour::Write(reply(200, "{\"reset_login\":1}")),
        200,
        "reset_login",
    )
    .await;
    let json = format!(r#"{{"message":"{SECRET}"}}"#);
    check_response(
        Behaviour::Write(reply(500, &json)),
        500,
        "not a Plaid error",
    )
    .await;
    for status in [201, 202, 206, 299] {
        check_response(
            Behaviour::Write(reply(status, &page)),
            status,
            "has a status",
        )
        .await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Upstream::answering().await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}{PLAID}?{SECRET}", elsewhere.url);
        let redirect = reply_with(status, &[&location], "");
        check_response(Behaviour::Write(redirect), status, "is a redirect").await;
    }
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn an_endless_reply_is_cut_off() {
    check_response(Behaviour::Flood, 200, "longer than 1 MiB").await;
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n{";
    check_response(Behaviour::Write(announced.into()), 200, "longer than 1 MiB").await;
}

#[tokio::test]
async fn an_endless_head_is_a_connection_error() {
    let endless = format!("HTTP/1.1 200 OK\r\nx-long: {}", "x".repeat(1 << 20));
    let gate = TestGateway::facing(Behaviour::WriteAndClose(endless)).await;
    let reply = gate.post(TOOL, &arguments()).await;
    assert_eq!(reply.status, 502, "{reply:?}");
    assert_eq!(reply.json()["kind"], "connection");
}

#[tokio::test]
async fn a_timeout_is_a_504_with_the_deadline() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"reset_login\":true";
    for behaviour in [Behaviour::Hold, Behaviour::Write(head.to_owned())] {
        let gate = TestGateway::before(Upstream::start(behaviour).await, |config| {
            with_timeout(config, Duration::from_millis(100));
        })
        .await;
        let fields = json!({ "kind": "timeout", "timeout_ms": 100 });
        check(&gate, 504, "TIMEOUT", "GATEWAY_TIMEOUT", fields).await;
    }
}

#[tokio::test]
async fn an_error_of_plaid_keeps_its_status_and_fields() {
    let full = json!({
        "causes": [{ "error_code": "ITEM_LOCKED", "item_id": "i" }],
        "display_message": "The account is locked.",
        "documentation_url": "https://plaid.com/docs/?ref=error",
        "error_code": "INVALID_ACCESS_TOKEN",
        "error_code_reason": "OAUTH_INVALID_TOKEN",
        "error_message": "could not find matching access token",
        "error_type": "INVALID_INPUT",
        "request_id": "5gxpwNn8Vdtmxz6",
        "suggested_action": "Ask again.",
    });
    let usual = json!({
        "display_message": null,
        "documentation_url": "https://plaid.com/docs/?ref=error",
        "error_code": "RATE_LIMIT",
        "error_message": "rate limit exceeded",
        "error_type": "RATE_LIMIT_EXCEEDED",
        "request_id": "a",
        "suggested_action": null,
    });
    for (status, error) in [
        (400, &full),
        (401, &full),
        (404, &usual),
        (429, &usual),
        (500, &usual),
    ] {
        let gate = TestGateway::facing(Behaviour::Write(reply(status, &error.to_string()))).await;

        let plaid = gate.post(PLAID, &arguments()).await;
        let tool = gate.post(TOOL, &arguments()).await;

        assert_eq!((plaid.status, &plaid.json()), (status, error));
        let Value::Object(mut body) = tool.json() else {
            panic!("{tool:?}");
        };
        let sentence = body.remove("error").unwrap();
        let message = error["error_message"].as_str().unwrap();
        assert!(sentence.as_str().unwrap().contains(message), "{sentence}");
        let id = body.remove("requestId").unwrap();
        assert_eq!(id, tool.header("x-request-id").unwrap());
        assert_eq!((tool.status, &Value::Object(body)), (status, error));
    }
}

/// Plaid does not quote credentials, but a proxy might.
#[tokio::test]
async fn credentials_that_an_error_quotes_are_redacted() {
    let quoting = format!("{ACCESS_TOKEN} {CLIENT_ID} {SECRET}");
    let error = json!({
        "causes": [quoting, { "a": quoting }],
        "display_message": quoting,
        "error_code": "INVALID_API_KEYS",
        "error_message": quoting,
        "error_type": quoting,
        "request_id": quoting,
    });
    let gate = TestGateway::facing(Behaviour::Write(reply(400, &error.to_string()))).await;
    for route in [TOOL, PLAID] {
        let reply = gate.post(route, &arguments()).await;
        let redacted = "[redacted] [redacted] [redacted]";
        assert_eq!(reply.json()["error_message"], redacted);
        assert_eq!(reply.json()["causes"], json!([redacted, { "a": redacted }]));
    }
}

/// `Caller` searches every reply for secrets.
#[tokio::test]
async fn credentials_that_a_success_echoes_are_redacted() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let body = json!({
        "reset_login": true,
        "request_id": format!("for {CLIENT_ID}"),
        "echo": [ACCESS_TOKEN, SECRET, { "hex": hex }],
    });
    let gate = TestGateway::facing(Behaviour::Write(reply(200, &body.to_string()))).await;
    let expected = json!({
        "reset_login": true,
        "request_id": "for [redacted]",
        "echo": ["[redacted]", "[redacted]", { "hex": "[redacted]" }],
    });
    assert_eq!(gate.post(PLAID, &arguments()).await.json(), expected);
    assert_eq!(gate.post(TOOL, &arguments()).await.json()["data"], expected);
}

#[tokio::test]
async fn a_failed_request_is_retried_and_the_last_error_goes_back() {
    let upstream = Upstream::start(Behaviour::Reset).await;
    let gate = TestGateway::before(upstream, |config| config.client.max_retries = 1).await;
    let reply = gate.post(TOOL, &arguments()).await;
    assert_eq!(reply.error_code(), "ECONNRESET");
    assert_eq!(gate.upstream.calls().len(), 2);
}

#[tokio::test]
async fn retry_after_of_plaid_is_passed_on() {
    let error = r#"{"error_code":"RATE_LIMIT","error_type":"RATE_LIMIT_EXCEEDED"}"#;
    for (status, retry_after) in [(429, "7"), (503, "0"), (503, "120"), (429, "99999999999")] {
        let header = format!("retry-after: {retry_after}");
        let bytes = reply_with(status, &[&header], error);
        let gate = TestGateway::facing(Behaviour::Write(bytes)).await;
        for route in [TOOL, PLAID] {
            let reply = gate.post(route, &arguments()).await;
            assert_eq!(reply.status, status, "{reply:?}");
            let expected = match retry_after {
                "99999999999" => "4294967295",
                other => other,
            };
            assert_eq!(reply.header("retry-after"), Some(expected));
        }
    }
    let gate = TestGateway::facing(Behaviour::Write(reply(429, error))).await;
    assert_eq!(
        gate.post(TOOL, &arguments()).await.header("retry-after"),
        None
    );
}
