//! More calls than Plaid is to have at once, and callers that go away.

use crate::{
    caller::{Caller, post, within},
    gate::Gate,
    input::check,
    upstream::{Held, Manner, Upstream},
    values::{PLAID, TOOL, arguments},
};

/// Lets so many calls go to Plaid at once, and so many wait.
async fn gate(in_flight: usize, waiting: usize) -> Gate {
    Gate::before(Upstream::start(Manner::Hold).await, |config| {
        config.max_in_flight = in_flight;
        config.max_waiting = waiting;
    })
    .await
}

/// A call whose reply is still to come.
async fn begun(gate: &Gate, name: &str) -> Caller {
    let mut caller = gate.connect().await;
    let body = format!(r#"{{"access_token":"access-sandbox-{name}"}}"#);
    caller.write(post(TOOL, &[], &body)).await;
    caller
}

/// Waits until so many calls are in flight or waiting.
async fn admitted(gate: &Gate, expected: usize) {
    let line = format!("utdk_plaid_gateway_in_flight {expected}\n");
    within(async { while !gate.get("/metrics").await.body.contains(&line) {} }).await;
}

/// Takes the next call at Plaid, which is the one called so, and lets it succeed.
async fn answer(held: &mut Held, name: &str) {
    let token = format!("access-sandbox-{name}");
    assert_eq!(held.call.json()["access_token"], token);
    held.succeed().await;
}

#[tokio::test]
async fn calls_beyond_the_queue_are_turned_away_and_those_in_it_have_their_turn() {
    let mut gate = gate(2, 2).await;
    let mut first = begun(&gate, "first").await;
    let mut at_plaid = vec![gate.upstream.held().await];
    let mut second = begun(&gate, "second").await;
    at_plaid.push(gate.upstream.held().await);
    let mut third = begun(&gate, "third").await;
    admitted(&gate, 3).await;
    let mut fourth = begun(&gate, "fourth").await;
    admitted(&gate, 4).await;

    for door in [TOOL, PLAID, TOOL] {
        let turned_away = gate.post(door, &arguments()).await;
        check(&turned_away, door, (503, "OVERLOADED"), "full");
        assert_eq!(turned_away.header("retry-after"), Some("1"));
    }
    // The rest of the gateway is not kept waiting.
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
async fn without_a_queue_nothing_waits() {
    let mut gate = gate(1, 0).await;
    let mut first = begun(&gate, "first").await;
    let mut held = gate.upstream.held().await;
    assert_eq!(gate.post(TOOL, &arguments()).await.status, 503);
    answer(&mut held, "first").await;
    assert_eq!(first.reply().await.status, 200);
    let mut second = begun(&gate, "second").await;
    answer(&mut gate.upstream.held().await, "second").await;
    assert_eq!(second.reply().await.status, 200);
}

#[tokio::test]
async fn a_call_that_is_not_one_takes_no_place() {
    let gate = gate(1, 0).await;
    let _first = begun(&gate, "first").await;
    admitted(&gate, 1).await;
    let reply = gate.post(TOOL, "{}").await;
    assert_eq!(reply.error_code(), "MISSING_FIELD");
}

#[tokio::test]
async fn when_a_caller_goes_away_so_does_its_call_to_plaid() {
    let mut gate = gate(1, 1).await;
    let caller = begun(&gate, "gone").await;
    let mut held = gate.upstream.held().await;
    let mut next = begun(&gate, "next").await;
    admitted(&gate, 2).await;

    drop(caller);

    held.closed().await;
    answer(&mut gate.upstream.held().await, "next").await;
    assert_eq!(next.reply().await.status, 200);
    admitted(&gate, 0).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_it_waits_never_reaches_plaid() {
    let mut gate = gate(1, 2).await;
    let mut first = begun(&gate, "first").await;
    let mut held = gate.upstream.held().await;
    let waiting = begun(&gate, "gone").await;
    admitted(&gate, 2).await;
    let mut last = begun(&gate, "last").await;
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
async fn a_caller_that_goes_away_in_the_middle_of_its_request_never_reaches_plaid() {
    let gate = Gate::start().await;
    let whole = post(TOOL, &[], &arguments());
    for length in [1, 20, whole.len() - arguments().len(), whole.len() - 1] {
        let mut caller = gate.connect().await;
        caller.write(&whole[..length]).await;
        drop(caller);
    }
    gate.check_untouched().await;
}
