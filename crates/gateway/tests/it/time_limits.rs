//! Time limits on heads, bodies and idle connections. The clock is paused and advances when all tasks
//! wait, so these tests are quick.

use std::{ops::RangeInclusive, time::Duration};

use tokio::time::{Instant, pause, resume, sleep};

use crate::{
    caller::{Caller, post, request},
    input::check,
    test_gateway::TestGateway,
    values::{PLAID, TOOL, arguments},
};

/// Waits until the gateway closes the connection without a reply. Checks how many seconds that takes.
async fn closed_after(caller: &mut Caller, seconds: RangeInclusive<u64>) {
    pause();
    let start = Instant::now();
    // `within` would expire first on this clock.
    assert!(caller.more().await.is_none(), "it sent something");
    let elapsed = start.elapsed();
    resume();
    assert!(seconds.contains(&elapsed.as_secs()), "{elapsed:?}");
}

#[tokio::test]
async fn a_new_connection_without_a_whole_head_is_closed_after_10_seconds() {
    let gate = TestGateway::start().await;
    let head = request("GET /healthz", "");
    for part in ["", "G", &head[..head.len() - 2]] {
        let mut caller = gate.connect().await;
        caller.write(part).await;
        assert_eq!(gate.get("/healthz").await.status, 200);
        closed_after(&mut caller, 9..=11).await;
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_75_seconds() {
    let gate = TestGateway::start().await;
    let mut idle = gate.connect().await;
    idle.write(request("GET /healthz", "")).await;
    assert_eq!(idle.reply().await.status, 200);
    closed_after(&mut idle, 74..=76).await;
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_later_request_also_has_10_seconds_for_its_head() {
    let gate = TestGateway::start().await;
    let mut caller = gate.connect().await;
    caller.write(request("GET /healthz", "")).await;
    assert_eq!(caller.reply().await.status, 200);
    caller.write("G").await;
    assert_eq!(gate.get("/healthz").await.status, 200);
    closed_after(&mut caller, 9..=11).await;
}

/// The limit is on the whole head, not on the time between two bytes.
#[tokio::test]
async fn a_head_that_arrives_byte_by_byte_is_cut_off() {
    let gate = TestGateway::start().await;
    let mut caller = gate.connect().await;
    caller
        .write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
        .await;
    assert_eq!(gate.get("/healthz").await.status, 200);
    pause();
    let start = Instant::now();
    while caller.trickle().await {
        sleep(Duration::from_secs(1)).await;
    }
    let elapsed = start.elapsed();
    resume();
    assert!((9..=13).contains(&elapsed.as_secs()), "{elapsed:?}");
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_body_that_takes_longer_than_10_seconds_is_a_408() {
    let gate = TestGateway::start().await;
    for route in [TOOL, PLAID] {
        for missing in [1, arguments().len()] {
            let whole = post(route, &[], &arguments());
            let mut caller = gate.connect().await;
            caller.write(&whole[..whole.len() - missing]).await;
            assert_eq!(gate.get("/healthz").await.status, 200);

            pause();
            let start = Instant::now();
            let reply = caller.next().await.expect("a reply");
            let elapsed = start.elapsed();
            resume();

            check(&reply, route, (408, "BODY_TIMEOUT"), "slow");
            assert_eq!(reply.header("connection"), Some("close"));
            assert!((9..=11).contains(&elapsed.as_secs()), "{elapsed:?}");
            caller.closed().await;
        }
    }
    gate.check_nothing_sent().await;
}
