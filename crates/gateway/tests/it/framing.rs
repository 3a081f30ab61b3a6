//! Requests that are too long, malformed, or ambiguous about where they end.

use crate::{
    caller::{post, request},
    input::check,
    test_gateway::TestGateway,
    values::{OWN_SECRET, PLAID, TOOL, arguments},
};

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_a_longer_one_is_refused() {
    let gate = TestGateway::start().await;
    let padded = |length: usize| arguments() + &" ".repeat(length - arguments().len());
    for route in [TOOL, PLAID] {
        let most = gate.post(route, &padded(64 << 10)).await;
        assert_eq!(most.status, 200, "{most:?}");
        for length in [(64 << 10) + 1, 100_000, 1 << 20, 8 << 20] {
            let reply = gate.post(route, &padded(length)).await;
            check(&reply, route, (413, "BODY_TOO_LARGE"), &length.to_string());
        }
    }
    let announced = post(TOOL, &["content-length: 18446744073709551614"], "");
    let reply = gate.send_raw(announced).await;
    assert!(matches!(reply.status, 400 | 413 | 431), "{reply:?}");
    assert_eq!(gate.upstream.calls().len(), 2);
    gate.check_serves().await;
}

#[tokio::test]
async fn a_body_without_content_length_is_refused() {
    let gate = TestGateway::start().await;
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", arguments().len(), arguments());
    for (path, method) in [(TOOL, "POST"), (PLAID, "POST"), ("/credentials", "PUT")] {
        let head = format!("{method} {path}\r\ncontent-type: application/json");
        let chunked = request(&format!("{head}\r\ntransfer-encoding: chunked"), "") + &chunk;
        let cases = [(chunked, "chunked"), (request(&head, ""), "no length")];
        for (bytes, shown) in cases {
            let reply = gate.send(bytes).await;
            check(&reply, path, (411, "LENGTH_REQUIRED"), shown);
        }
    }
    gate.check_nothing_sent().await;
}

/// A proxy could see another end of such a body than the gateway does.
#[tokio::test]
async fn a_request_smuggled_behind_a_body_gets_no_response() {
    let gate = TestGateway::start().await;
    let smuggled = post(TOOL, &[], &arguments());
    let length = arguments().len();
    let body = arguments();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    for headers in [
        &["content-length: 5", "transfer-encoding: chunked"][..],
        &["transfer-encoding: chunked", "content-length: 5"],
        &["transfer-encoding: chunked"],
        &["transfer-encoding: Chunked"],
        &["transfer-encoding: identity, chunked"],
        &["transfer-encoding: gzip, chunked"],
        &["transfer-encoding: identity"],
        &["transfer-encoding: chunked, identity"],
        &["transfer-encoding: xchunked"],
        &["transfer-encoding: chunked", "transfer-encoding: identity"],
        &["transfer-encoding : chunked"],
        &["transfer-encoding:\u{b}chunked"],
        &[" transfer-encoding: chunked"],
        &["transfer-encoding\r\n : chunked"],
        &["content-length: 5", "content-length: 6"],
        &["content-length: 5, 6"],
        &["content-length: +5"],
        &["content-length: -5"],
        &["content-length: 5 5"],
        &["content-length: 0x5"],
        &["content-length: 5;"],
        &["content-length: \u{665}"],
        &["content-length:"],
        &["content-length : 5"],
        &["content-length: 99999999999999999999"],
    ] {
        let mut caller = gate.connect().await;
        caller
            .write(post(TOOL, headers, "") + &chunked + &smuggled)
            .await;
        let reply = caller.reply().await;
        assert!(matches!(reply.status, 400 | 411), "{headers:?}: {reply:?}");
        if reply.status == 411 {
            check(&reply, TOOL, (411, "LENGTH_REQUIRED"), &headers.join(", "));
        }
        caller.closed().await;
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_pipelined_request_after_a_refused_body_is_answered() {
    let gate = TestGateway::start().await;
    let mut caller = gate.connect().await;
    let refused = post(TOOL, &[], "{\"access_token\":1}");
    caller.write(refused + &post(TOOL, &[], &arguments())).await;
    assert_eq!(caller.reply().await.status, 400);
    assert_eq!(caller.reply().await.status, 200);
    assert_eq!(gate.upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let gate = TestGateway::start().await;
    let long = "x".repeat(20 << 10);
    let header = format!("x-long: {long}");
    let own = format!("plaid-secret: {long}");
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for headers in [&[&*header][..], &[&*own], &many] {
        let reply = gate.send_raw(post(TOOL, headers, &arguments())).await;
        assert_eq!((reply.status, &*reply.body), (431, ""), "{reply:?}");
    }
    let path = format!("{TOOL}?{long}");
    let reply = gate.send_raw(post(&path, &[], &arguments())).await;
    assert!(matches!(reply.status, 414 | 431), "{reply:?}");
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_malformed_head_is_refused() {
    let gate = TestGateway::start().await;
    for line in [
        "no colon",
        ": no name",
        "na me: x",
        "na\u{0}me: x",
        "name: a\u{0}b",
        "name: a\rb",
        "\u{e9}: x",
        " folded: x",
    ] {
        let reply = gate.send_raw(post(TOOL, &[line], &arguments())).await;
        assert_eq!((reply.status, &*reply.body), (400, ""), "{line}: {reply:?}");
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_repeated_or_non_ascii_credential_header_is_refused() {
    let gate = TestGateway::start().await;
    for name in ["plaid-client-id", "plaid-secret"] {
        let header = format!("{name}: {OWN_SECRET}");
        let empty = format!("{name}:");
        let not_ascii = format!("{name}: \u{e9}");
        for headers in [
            &[&*header, &header][..],
            &[&*header, &empty],
            &[&*not_ascii],
        ] {
            for route in [TOOL, PLAID] {
                let reply = gate.send(post(route, headers, &arguments())).await;
                check(&reply, route, (400, "INVALID_HEADER"), &headers.join(", "));
                let message = reply.json()["error_message"].to_string();
                assert!(message.contains(name), "{message}");
            }
        }
    }
    gate.check_nothing_sent().await;
}
