//! How often one caller may call.

use tokio::time::Instant;

use crate::{
    caller::{post, request},
    gate::{Gate, limit},
    input::check,
    values::{PLAID, TOKEN, TOOL, arguments},
};

async fn gate() -> Gate {
    Gate::start_with(|config| config.rate_limit = utdk_plaid_gateway::Config::default().rate_limit)
        .await
}

/// How many of `calls` are let in, one right after the other.
async fn let_in(gate: &Gate, calls: usize) -> usize {
    let mut caller = gate.connect().await;
    let mut let_in = 0;
    for call in 0..calls {
        let door = [TOOL, PLAID][call % 2];
        caller.write(post(door, &[], &arguments())).await;
        let reply = caller.reply().await;
        match reply.status {
            200 => let_in += 1,
            _ => {
                check(&reply, door, (429, "RATE_LIMITED"), "too often");
                assert_eq!(reply.header("retry-after"), Some("1"));
            }
        }
    }
    let_in
}

#[tokio::test]
async fn twenty_calls_at_once_are_let_in_and_ten_a_second_after_that() {
    let gate = gate().await;
    let began = Instant::now();

    let first = let_in(&gate, 60).await;

    let earned = began.elapsed().as_secs_f64() * 10.0;
    let most = 20 + earned.ceil() as usize;
    assert!((20..=most).contains(&first), "{first} of {most}");
    assert_eq!(gate.upstream.calls().len(), first);

    // It comes back as Retry-After says.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let second = let_in(&gate, 5).await;
    assert_eq!(second, 5);
}

#[tokio::test]
async fn a_call_that_is_refused_for_its_input_counts_too() {
    let gate = Gate::start_with(|config| config.rate_limit = limit(1, 2)).await;
    for status in [400, 400, 429] {
        assert_eq!(gate.post(TOOL, "{}").await.status, status);
    }
    assert!(gate.upstream.calls().is_empty());
}

#[tokio::test]
async fn no_other_route_is_limited_and_nobody_uses_up_the_limit_of_another() {
    let gate = Gate::start_with(|config| {
        config.rate_limit = limit(1, 1);
        config.token = Some(TOKEN.into());
    })
    .await;
    let bearer = format!("authorization: Bearer {TOKEN}");
    // Who may not call at all does not use up what others may.
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

/// Known by its address, and by nothing that it says of itself.
#[tokio::test]
async fn a_caller_is_known_by_its_address_alone() {
    let gate = Gate::start_with(|config| {
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
async fn without_a_limit_every_call_is_let_in() {
    let gate = Gate::start().await;
    assert_eq!(let_in(&gate, 200).await, 200);
}
