//! Time limits on heads, bodies and idle connections. The clock is paused and advances when all tasks
//! wait, so these tests are quick.

use std::time::Duration;

use tokio::time::{Instant, pause, sleep};

use crate::{
    caller::{Caller, post, request},
    input::check,
    test_gateway::TestGateway,
    values::{PLAID, TOOL, arguments},
};

/// Waits until the gateway closes the connection without a reply. Returns how long that took.
async fn closed(caller: &mut Caller) -> Duration {
    let start = Instant::now();
    // `within` would expire first on this clock.
    assert!(caller.more().await.is_none(), "it said something");
    start.elapsed()
}

fn check_limit(took: Duration) {
    assert!((74..=80).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_75_seconds() {
    let gate = TestGateway::start().await;
    let head = request("GET /healthz", "");
    for begun in ["", "G", &head[..head.len() - 2]] {
        let mut caller = gate.connect().await;
        caller.write(begun).await;
        assert_eq!(gate.get("/healthz").await.status, 200);

        pause();
        check_limit(closed(&mut caller).await);
        tokio::time::resume();
    }
    let mut idle = gate.connect().await;
    idle.write(&head).await;
    assert_eq!(idle.reply().await.status, 200);
    pause();
    check_limit(closed(&mut idle).await);
    tokio::time::resume();
    gate.check_nothing_sent().await;
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
    let closed = async {
        while caller.trickle().await {
            sleep(Duration::from_secs(1)).await;
        }
        start.elapsed()
    };
    check_limit(closed.await);
    tokio::time::resume();
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
            let took = start.elapsed();
            tokio::time::resume();

            check(&reply, route, (408, "BODY_TIMEOUT"), "slow");
            assert!((9..=11).contains(&took.as_secs()), "{took:?}");
            caller.closed().await;
        }
    }
    gate.check_nothing_sent().await;
}
