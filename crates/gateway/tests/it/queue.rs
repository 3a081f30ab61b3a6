//! The limits on calls in flight and waiting, and callers that disconnect.

use crate::{
    caller::{Caller, post, within},
    input::check,
    test_gateway::TestGateway,
    upstream::{Behaviour, Held, Upstream},
    values::{PLAID, TOOL, arguments},
};

/// A gateway with these limits, in front of a Plaid that holds every call.
async fn gate(in_flight: usize, waiting: usize) -> TestGateway {
    TestGateway::before(Upstream::start(Behaviour::Hold).await, |config| {
        config.max_in_flight = in_flight;
        config.max_waiting = waiting;
    })
    .await
}

/// Sends a call, without reading its reply.
async fn sent_call(gate: &TestGateway, name: &str) -> Caller {
    let mut caller = gate.connect().await;
    let body = format!(r#"{{"access_token":"access-sandbox-{name}"}}"#);
    caller.write(post(TOOL, &[], &body)).await;
    caller
}

/// Waits until `expected` calls are in flight or waiting.
async fn admitted(gate: &TestGateway, expected: usize) {
    let line = format!("utdk_plaid_gateway_in_flight {expected}\n");
    within(async { while !gate.get("/metrics").await.body.contains(&line) {} }).await;
}

/// Lets the held call succeed, which must be the one with this name.
async fn answer(held: &mut Held, name: &str) {
    let token = format!("access-sandbox-{name}");
    assert_eq!(held.call.json()["access_token"], token);
    held.succeed().await;
}

#[tokio::test]
async fn calls_beyond_the_queue_get_a_503_and_queued_calls_run_in_order() {
    let mut gate = gate(2, 2).await;
    let mut first = sent_call(&gate, "first").await;
    let mut at_plaid = vec![gate.upstream.held().await];
    let mut second = sent_call(&gate, "second").await;
    at_plaid.push(gate.upstream.held().await);
    let mut third = sent_call(&gate, "third").await;
    admitted(&gate, 3).await;
    let mut fourth = sent_call(&gate, "fourth").await;
    admitted(&gate, 4).await;

    for route in [TOOL, PLAID, TOOL] {
        let turned_away = gate.post(route, &arguments()).await;
        check(&turned_away, route, (503, "OVERLOADED"), "full");
        assert_eq!(turned_away.header("retry-after"), Some("1"));
    }
    // Other routes do not wait.
    for path in ["/healthz", "/readyz", "/tools", "/config"] {
        assert_eq!(gate.get(path).await.status, 200, "{path}");
    }
    assert_eq!(gate.upstream.calls().len(), 2);

    answer(&mut at_plaid[1], "second").await;
    assert_eq!(second.reply().await.status, 200);
    let mut next = gate.upstream.held().await;
    answer(&mut next, "third").await;
    assert_eq!(third.reply().await.status, 200);
    let mut next = gate.upstream.held().await;
    answer(&mut next, "fourth").await;
    assert_eq!(fourth.reply().await.status, 200);
    answer(&mut at_plaid[0], "first").await;
    assert_eq!(first.reply().await.status, 200);
    admitted(&gate, 0).await;
    assert_eq!(gate.upstream.calls().len(), 4);
}

#[tokio::test]
async fn without_a_queue_no_call_waits() {
    let mut gate = gate(1, 0).await;
    let mut first = sent_call(&gate, "first").await;
    let mut held = gate.upstream.held().await;
    assert_eq!(gate.post(TOOL, &arguments()).await.status, 503);
    answer(&mut held, "first").await;
    assert_eq!(first.reply().await.status, 200);
    let mut second = sent_call(&gate, "second").await;
    answer(&mut gate.upstream.held().await, "second").await;
    assert_eq!(second.reply().await.status, 200);
}

#[tokio::test]
async fn an_invalid_call_is_not_queued() {
    let gate = gate(1, 0).await;
    let _first = sent_call(&gate, "first").await;
    admitted(&gate, 1).await;
    let reply = gate.post(TOOL, "{}").await;
    assert_eq!(reply.error_code(), "MISSING_FIELD");
}

#[tokio::test]
async fn a_caller_that_disconnects_cancels_its_call() {
    let mut gate = gate(1, 1).await;
    let caller = sent_call(&gate, "gone").await;
    let mut held = gate.upstream.held().await;
    let mut next = sent_call(&gate, "next").await;
    admitted(&gate, 2).await;

    drop(caller);

    held.closed().await;
    answer(&mut gate.upstream.held().await, "next").await;
    assert_eq!(next.reply().await.status, 200);
    admitted(&gate, 0).await;
}

#[tokio::test]
async fn a_queued_caller_that_disconnects_sends_nothing_to_plaid() {
    let mut gate = gate(1, 2).await;
    let mut first = sent_call(&gate, "first").await;
    let mut held = gate.upstream.held().await;
    let waiting = sent_call(&gate, "gone").await;
    admitted(&gate, 2).await;
    let mut last = sent_call(&gate, "last").await;
    admitted(&gate, 3).await;

    drop(waiting);

    admitted(&gate, 2).await;
    answer(&mut held, "first").await;
    assert_eq!(first.reply().await.status, 200);
    answer(&mut gate.upstream.held().await, "last").await;
    assert_eq!(last.reply().await.status, 200);
    assert_eq!(gate.upstream.calls().len(), 2);
}

#[tokio::test]
async fn a_caller_that_disconnects_during_its_request_sends_nothing_to_plaid() {
    let gate = TestGateway::start().await;
    let whole = post(TOOL, &[], &arguments());
    for length in [1, 20, whole.len() - arguments().len(), whole.len() - 1] {
        let mut caller = gate.connect().await;
        caller.write(&whole[..length]).await;
        drop(caller);
    }
    gate.check_nothing_sent().await;
}
