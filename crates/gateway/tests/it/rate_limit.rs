//! The rate limit.

use tokio::time::Instant;

use crate::{
    caller::{post, request},
    input::check,
    test_gateway::{TestGateway, limit},
    values::{PLAID, TOKEN, TOOL, arguments},
};

async fn gate() -> TestGateway {
    TestGateway::start_with(|config| {
        config.rate_limit = utdk_plaid_gateway::Config::default().rate_limit
    })
    .await
}

/// Makes `calls` calls one after the other. Returns how many pass.
async fn passing(gate: &TestGateway, calls: usize) -> usize {
    let mut caller = gate.connect().await;
    let mut passing = 0;
    for call in 0..calls {
        let route = [TOOL, PLAID][call % 2];
        caller.write(post(route, &[], &arguments())).await;
        let reply = caller.reply().await;
        match reply.status {
            200 => passing += 1,
            _ => {
                check(&reply, route, (429, "RATE_LIMITED"), "too often");
                assert_eq!(reply.header("retry-after"), Some("1"));
            }
        }
    }
    passing
}

#[tokio::test]
async fn the_default_limit_is_a_burst_of_20_and_10_a_second() {
    let gate = gate().await;
    let start = Instant::now();

    let first = passing(&gate, 60).await;

    let earned = start.elapsed().as_secs_f64() * 10.0;
    let most = 20 + earned.ceil() as usize;
    assert!((20..=most).contains(&first), "{first} of {most}");
    assert_eq!(gate.upstream.calls().len(), first);

    // Wait as long as Retry-After says.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let second = passing(&gate, 5).await;
    assert_eq!(second, 5);
}

#[tokio::test]
async fn a_call_with_invalid_input_counts() {
    let gate = TestGateway::start_with(|config| config.rate_limit = limit(1, 2)).await;
    for status in [400, 400, 429] {
        assert_eq!(gate.post(TOOL, "{}").await.status, status);
    }
    assert!(gate.upstream.calls().is_empty());
}

#[tokio::test]
async fn calls_without_the_token_and_other_routes_do_not_count() {
    let gate = TestGateway::start_with(|config| {
        config.rate_limit = limit(1, 1);
        config.token = Some(TOKEN.into());
    })
    .await;
    let bearer = format!("authorization: Bearer {TOKEN}");
    // Calls without the token do not use up the limit.
    for _ in 0..5 {
        assert_eq!(gate.call_with(&[]).await.status, 401);
    }
    assert_eq!(gate.call_with(&[&bearer]).await.status, 200);
    assert_eq!(gate.call_with(&[&bearer]).await.status, 429);
    for path in [
        "/tools",
        "/tools/search?q=a",
        "/healthz",
        "/readyz",
        "/metrics",
        "/config",
    ] {
        for _ in 0..3 {
            let reply = gate
                .send(request(&format!("GET {path}\r\n{bearer}"), ""))
                .await;
            assert_eq!(reply.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn callers_are_told_apart_by_ip_address_only() {
    let gate = TestGateway::start_with(|config| {
        config.host = "::".parse().unwrap();
        config.token = Some(TOKEN.into());
        config.rate_limit = limit(1, 1);
    })
    .await;
    let bearer = format!("authorization: Bearer {TOKEN}");
    assert_eq!(gate.call_with(&[&bearer]).await.status, 200);
    let forwarded = "x-forwarded-for: 10.0.0.1";
    assert_eq!(gate.call_with(&[&bearer, forwarded]).await.status, 429);

    let port = gate.gateway.url().rsplit(':').next().unwrap();
    let url = format!("http://[::1]:{port}");
    let mut other = crate::caller::Caller::connect(&url).await;
    other.write(post(TOOL, &[&bearer], &arguments())).await;
    assert_eq!(other.reply().await.status, 200);
}

#[tokio::test]
async fn without_a_limit_every_call_passes() {
    let gate = TestGateway::start().await;
    assert_eq!(passing(&gate, 200).await, 200);
}
