//! The log of requests: enough to identify each, and no secret.

use std::time::Duration;

use crate::{
    caller::{post, request},
    captured_log::{Entry, Log},
    test_gateway::{TestGateway, limit, with_timeout},
    upstream::{Behaviour, Upstream, reply},
    values::{
        ACCESS_TOKEN, CLIENT_ID, OWN_ID, OWN_SECRET, PLAID, SECRET, SECRETS, TOKEN, TOOL, arguments,
    },
};

/// The route, outcome and code of an entry.
fn gist(entry: &Entry) -> (&str, &str, &str) {
    let code = entry.get("code").map_or("", String::as_str);
    (&entry["route"], &entry["outcome"], code)
}

#[tokio::test]
async fn a_call_is_logged_once_with_its_request_id() {
    let log = Log::start();
    let gate = TestGateway::start().await;
    for (path, route) in [(TOOL, "tool"), (PLAID, "plaid")] {
        let before = log.entries().len();
        let reply = gate.post(path, &arguments()).await;
        let entry = log.entry(&reply);
        assert_eq!(log.entries().len(), before + 1);
        assert_eq!(gist(&entry), (route, "ok", ""));
        assert_eq!(entry["method"], "POST");
        assert_eq!(entry["caller"], "127.0.0.1");
        assert_eq!(entry["attempts"], "1");
        assert!(entry["duration_ms"].parse::<f64>().unwrap() > 0.0);
    }
}

#[tokio::test]
async fn a_failed_call_is_logged_with_its_outcome_and_code() {
    let log = Log::start();
    let hasty = Duration::from_millis(100);
    let quoting = format!("{ACCESS_TOKEN} {CLIENT_ID} {SECRET}");
    let error = format!(
        r#"{{"error_code":"INVALID_API_KEYS","error_type":"INVALID_INPUT","error_message":"{quoting}"}}"#
    );
    for (behaviour, outcome, code) in [
        (Behaviour::Reset, "connection", "ECONNRESET"),
        (Behaviour::Hold, "timeout", "TIMEOUT"),
        (
            Behaviour::Write(reply(200, &quoting)),
            "response",
            "UNEXPECTED_RESPONSE",
        ),
        (
            Behaviour::Write(reply(400, &error)),
            "api_error",
            "INVALID_API_KEYS",
        ),
    ] {
        let gate = TestGateway::before(Upstream::start(behaviour).await, |config| {
            with_timeout(config, hasty)
        });
        let gate = gate.await;
        for (path, route) in [(TOOL, "tool"), (PLAID, "plaid")] {
            let entry = log.entry(&gate.post(path, &arguments()).await);
            assert_eq!(gist(&entry), (route, outcome, code));
            assert_eq!(entry["attempts"], "1");
        }
    }
    check_secrecy(&log);
}

#[tokio::test]
async fn an_error_code_in_an_unknown_form_is_not_logged() {
    let log = Log::start();
    let long = "A".repeat(65);
    for code in [&*long, "a sentence of its own", "LINE\\nBREAK"] {
        let error = format!(r#"{{"error_code":"{code}","error_type":"API_ERROR"}}"#);
        let upstream = Upstream::start(Behaviour::Write(reply(400, &error))).await;
        let gate = TestGateway::before(upstream, |_| {}).await;
        let entry = log.entry(&gate.post(TOOL, &arguments()).await);
        assert_eq!(gist(&entry), ("tool", "api_error", ""));
    }
}

/// Requests of every kind, with a secret in every possible place.
fn requests() -> Vec<(String, (&'static str, &'static str, &'static str))> {
    let bearer = format!("authorization: Bearer {TOKEN}");
    let own = [
        &*bearer,
        &format!("plaid-client-id: {OWN_ID}"),
        &format!("plaid-secret: {OWN_SECRET}"),
        &format!("cookie: {SECRET}"),
        &format!("x-{OWN_ID}: header-value-of-a-caller"),
    ];
    let with = |head: String| request(&format!("{head}\r\n{bearer}"), "");
    let json = |method: &str, path: &str, body: &str| {
        let head = format!("{method} {path}\r\n{bearer}\r\ncontent-type: application/json");
        request(&head, body)
    };
    let pair = format!(r#"{{"client_id":"{OWN_ID}","secret":"{OWN_SECRET}"}}"#);
    let refused = |route, code| (route, "refused", code);
    vec![
        (post(TOOL, &own, &arguments()), ("tool", "ok", "")),
        (
            post(&format!("{PLAID}?q={OWN_SECRET}"), &own, &arguments()),
            ("plaid", "ok", ""),
        ),
        (
            post(
                TOOL,
                &own,
                &format!(r#"{{"{OWN_SECRET}":1,"access_token":"x"}}"#),
            ),
            refused("tool", "UNKNOWN_FIELD"),
        ),
        (
            post(TOOL, &own, &format!("{{\"{OWN_SECRET}")),
            refused("tool", "INVALID_BODY"),
        ),
        (
            post(TOOL, &own, &format!(r#"{{"access_token":"{OWN_SECRET}"}}"#)),
            refused("tool", "NOT_A_SANDBOX_TOKEN"),
        ),
        (
            post(TOOL, &own[1..], &arguments()),
            refused("tool", "UNAUTHORIZED"),
        ),
        (
            post(
                TOOL,
                &[&format!("authorization: Bearer {OWN_SECRET}")],
                "{}",
            ),
            refused("tool", "UNAUTHORIZED"),
        ),
        (
            post(
                TOOL,
                &[&bearer, &format!("origin: http://{OWN_SECRET}.example")],
                "{}",
            ),
            refused("tool", "FORBIDDEN_ORIGIN"),
        ),
        (
            post(TOOL, &own, "{}").replace("127.0.0.1", &format!("{OWN_ID}.example")),
            refused("tool", "FORBIDDEN_HOST"),
        ),
        (
            post(TOOL, &own, "{}").replace("application/json", OWN_SECRET),
            refused("tool", "UNSUPPORTED_MEDIA_TYPE"),
        ),
        (
            post(&format!("/{OWN_SECRET}/{ACCESS_TOKEN}"), &own, &arguments()),
            refused("none", "NOT_FOUND"),
        ),
        (
            post(&format!("{PLAID}/{OWN_SECRET}"), &own, &arguments()),
            refused("none", "NOT_FOUND"),
        ),
        (
            with(format!("{} {TOOL}", OWN_ID.to_uppercase())),
            refused("tool", "METHOD_NOT_ALLOWED"),
        ),
        (
            with(format!("OPTIONS {TOOL}\r\norigin: http://127.0.0.1")),
            ("tool", "ok", ""),
        ),
        (
            with(format!("GET /tools/search?q={OWN_SECRET}")),
            ("search", "ok", ""),
        ),
        (with("GET /config".to_owned()), ("config", "ok", "")),
        (with("GET /metrics".to_owned()), ("metrics", "ok", "")),
        (with("GET /healthz".to_owned()), ("healthz", "ok", "")),
        (
            json("PUT", "/credentials", &pair),
            ("credentials", "ok", ""),
        ),
        (
            json(
                "PUT",
                "/credentials",
                &format!(r#"{{"client_id":"{OWN_ID}"}}"#),
            ),
            refused("credentials", "MISSING_FIELD"),
        ),
        (
            with("DELETE /credentials".to_owned()),
            ("credentials", "ok", ""),
        ),
    ]
}

#[tokio::test]
async fn no_log_entry_quotes_the_caller() {
    let log = Log::start();
    let gate = TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await;
    for (bytes, expected) in requests() {
        let before = log.entries().len();
        let reply = gate.send(&bytes).await;
        assert_eq!(gist(&log.entry(&reply)), expected, "{bytes}");
        assert_eq!(log.entries().len(), before + 1, "{bytes}");
    }
    check_secrecy(&log);
}

#[tokio::test]
async fn a_refused_call_is_logged() {
    let log = Log::start();
    let gate = TestGateway::start_with(|config| config.rate_limit = limit(1, 1)).await;
    gate.check_serves().await;
    let entry = log.entry(&gate.post(TOOL, &arguments()).await);
    assert_eq!(gist(&entry), ("tool", "refused", "RATE_LIMITED"));

    let gate = TestGateway::start_with(|config| config.credentials = None).await;
    let entry = log.entry(&gate.post(PLAID, &arguments()).await);
    assert_eq!(gist(&entry), ("plaid", "refused", "MISSING_CREDENTIALS"));
    assert_eq!(entry["attempts"], "0");
    check_secrecy(&log);
}

/// No event has a secret, and the gateway's events have only known fields.
fn check_secrecy(log: &Log) {
    for entry in log.entries().iter().chain(&log.of_libraries()) {
        check_absent(&SECRETS, entry);
    }
    for entry in log.entries() {
        let known = [
            "attempts",
            "caller",
            "code",
            "duration_ms",
            "message",
            "method",
            "outcome",
            "request_id",
            "route",
            "status",
        ];
        assert!(entry.keys().all(|name| known.contains(name)), "{entry:?}");
        let written = [
            "header-value",
            "sandboxitem",
            "reset_login",
            "/",
            ".example",
        ];
        check_absent(&written, &entry);
    }
}

fn check_absent(words: &[&str], entry: &Entry) {
    let text = format!("{entry:?}").to_lowercase();
    for word in words {
        assert!(!text.contains(&word.to_lowercase()), "{word} in {entry:?}");
    }
}
