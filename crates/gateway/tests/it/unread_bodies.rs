//! Requests that are refused before their body is read. A client that sends its whole request before it
//! reads must get the response, and keep its connection where the response does not end it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    caller::{Caller, RawReply, post, request},
    test_gateway::{TestGateway, limit},
    values::{PLAID, TOKEN, TOOL, arguments},
};

/// 60 kB, more than one packet.
fn long_body() -> String {
    arguments() + &" ".repeat(60_000)
}

fn closes(reply: &RawReply) -> bool {
    reply.header("connection") == Some("close")
}

#[tokio::test]
async fn a_connection_survives_every_early_refusal() {
    let gate = TestGateway::start_with(|config| {
        config.token = Some(TOKEN.into());
        config.rate_limit = limit(1, 1);
    })
    .await;
    let bearer = format!("authorization: Bearer {TOKEN}");
    let body = long_body();
    let good = post(TOOL, &[&bearer], &arguments());
    let refused = [
        (post(TOOL, &[], &body), 401),
        (
            post(TOOL, &[&bearer], &body).replace("127.0.0.1", "a.example"),
            403,
        ),
        (
            post(TOOL, &[&bearer, "origin: https://a.example"], &body),
            403,
        ),
        (post("/nowhere", &[&bearer], &body), 404),
        (request(&format!("PATCH {TOOL}\r\n{bearer}"), &body), 405),
        (post(TOOL, &[&bearer], &body), 429),
        (
            request(&format!("PUT /credentials\r\n{bearer}"), &body),
            415,
        ),
        (request(&format!("GET /config\r\n{bearer}"), &body), 200),
    ];
    let mut caller = gate.connect().await;
    caller.write(&good).await;
    assert_eq!(caller.reply().await.status, 200);
    for (bytes, status) in refused {
        caller.write_all(&bytes).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert!(!closes(&reply), "{reply:?}");
    }
    sleep(Duration::from_secs(1)).await;
    caller.write(&good).await;
    assert_eq!(caller.reply().await.status, 200);
    assert_eq!(gate.upstream.calls().len(), 2);
}

/// As Python's `http.client` does: 120 calls at the default limit, each sent whole before its reply is
/// read.
#[tokio::test]
async fn a_caller_beyond_the_rate_limit_loses_no_reply() {
    let gate = TestGateway::start_with(|config| {
        config.rate_limit = utdk_plaid_gateway::Config::default().rate_limit;
    })
    .await;
    let mut caller = gate.connect().await;
    let mut limited = 0;
    for _ in 0..120 {
        caller.write_all(post(PLAID, &[], &long_body())).await;
        let reply = caller.reply().await;
        assert!(matches!(reply.status, 200 | 429), "{reply:?}");
        if reply.status == 429 {
            limited += 1;
            assert_eq!(reply.header("retry-after"), Some("1"));
        }
    }
    assert!(limited > 0, "the limit was never reached");
}

#[tokio::test]
async fn a_refusal_whose_body_does_not_arrive_says_that_the_connection_closes() {
    let gate = TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await;
    let whole = post(TOOL, &[], &long_body());
    let mut caller = gate.connect().await;
    let start = Instant::now();

    caller.write(&whole[..whole.len() - 1]).await;
    let reply = caller.reply().await;

    assert_eq!(reply.status, 401, "{reply:?}");
    assert!(closes(&reply), "{reply:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    caller.closed().await;
}

/// The gateway does not read such a body before it responds, but it must not reset the connection.
#[tokio::test]
async fn a_client_that_sends_a_body_over_the_limit_gets_the_response() {
    let gate = TestGateway::start().await;
    for length in [70_000, 8 << 20] {
        let mut caller = gate.connect().await;
        caller.write_all(post(TOOL, &[], &" ".repeat(length))).await;
        let reply = caller.reply().await;
        assert_eq!(reply.status, 413, "{reply:?}");
        assert!(closes(&reply), "{reply:?}");
        caller.closed().await;
    }
}

#[tokio::test]
async fn a_client_that_waits_for_permission_gets_the_refusal_instead() {
    let gate = TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await;
    let whole = post(TOOL, &["expect: 100-continue"], &arguments());
    let mut caller = Caller::connect(gate.gateway.url()).await;

    caller
        .write(&whole[..whole.len() - arguments().len()])
        .await;
    let reply = caller.reply().await;

    assert_eq!(reply.status, 401, "{reply:?}");
    assert!(closes(&reply), "{reply:?}");
}
