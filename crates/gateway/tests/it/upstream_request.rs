//! The request to Plaid: the gateway makes it from nothing but the input.

use crate::{
    caller::post,
    test_gateway::TestGateway,
    values::{PLAID, TOOL, arguments},
};

#[tokio::test]
async fn a_query_is_not_passed_on() {
    let gate = TestGateway::start().await;
    for route in [TOOL, PLAID] {
        let reply = gate.post(&format!("{route}?a=b"), &arguments()).await;
        assert_eq!(reply.status, 200);
    }
    for call in gate.upstream.calls() {
        call.check();
    }
}

#[tokio::test]
async fn no_header_of_the_caller_reaches_plaid() {
    let gate = TestGateway::start().await;
    for route in [TOOL, PLAID] {
        let bytes = post(
            route,
            &[
                "cookie: session=1",
                "authorization: Bearer something",
                "user-agent: caller/1",
                "accept: text/html",
                "plaid-version: 2018-05-22",
                "x-forwarded-for: 10.0.0.1",
                "forwarded: for=10.0.0.1",
                "x-request-id: callers-own",
                "tracestate: a=b",
                "baggage: a=b",
                "expect: 100-continue",
                "te: trailers",
                "connection: keep-alive, x-hop",
                "x-hop: 1",
                "range: bytes=0-1",
                "if-none-match: a",
                "accept-encoding: gzip",
                "x-anything: 1",
            ],
            &arguments(),
        );
        let mut caller = gate.connect().await;
        caller.write(bytes).await;
        let mut reply = caller.reply().await;
        if reply.status == 100 {
            reply = caller.reply().await;
        }
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_ne!(reply.header("x-request-id"), Some("callers-own"));
    }
    let calls = gate.upstream.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        call.check();
        assert!(!call.header_names().contains(&"traceparent".to_owned()));
        for word in ["caller", "10.0.0.1", "text/html", "2018-05-22", "something"] {
            assert!(!call.head.contains(word), "{word} in {}", call.head);
        }
    }
}

#[tokio::test]
async fn a_valid_traceparent_is_passed_on_and_any_other_is_dropped() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let check = async |headers: &[&str], expected: Option<&str>| {
        let gate = TestGateway::start().await;
        let reply = gate.call_with(headers).await;
        assert_eq!(reply.status, 200, "{headers:?}: {reply:?}");
        let call = gate.upstream.call();
        call.check();
        let headers_of_call = call.headers();
        let trace = headers_of_call
            .iter()
            .find(|(name, _)| name == "traceparent");
        assert_eq!(trace.map(|(_, value)| *value), expected, "{headers:?}");
    };
    let header = |value: &str| format!("traceparent: {value}");

    check(&[&header(TRACE)], Some(TRACE)).await;
    for bad in [
        "",
        "00",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-011",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{e9}",
    ] {
        check(&[&header(bad)], None).await;
    }
    // Two headers are ambiguous.
    check(&[&header(TRACE), &header(TRACE)], None).await;
}
