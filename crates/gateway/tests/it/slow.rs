//! Callers that take their time. The clock stands still and is moved on as soon as everybody waits
//! for it, so that these take none.

use std::time::Duration;

use tokio::time::{Instant, pause, sleep};

use crate::{
    caller::{Caller, post, request},
    gate::Gate,
    input::check,
    values::{PLAID, TOOL, arguments},
};

/// Waits until the gateway closes the connection, with nothing said; for how long that took.
async fn closed(caller: &mut Caller) -> Duration {
    let began = Instant::now();
    // Not within a limit: by this clock it would be over first.
    assert!(caller.more().await.is_none(), "it said something");
    began.elapsed()
}

fn check_limit(took: Duration) {
    assert!((74..=80).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn a_connection_on_which_no_request_comes_is_closed_after_75_seconds() {
    let gate = Gate::start().await;
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
    gate.check_untouched().await;
}

/// Not that it takes long from one byte to the next: that it takes long.
#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let gate = Gate::start().await;
    let mut caller = gate.connect().await;
    caller
        .write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
        .await;
    assert_eq!(gate.get("/healthz").await.status, 200);
    pause();
    let began = Instant::now();
    let closed = async {
        while caller.trickle().await {
            sleep(Duration::from_secs(1)).await;
        }
        began.elapsed()
    };
    check_limit(closed.await);
    tokio::time::resume();
    gate.check_untouched().await;
}

#[tokio::test]
async fn a_body_that_takes_longer_than_10_seconds_is_408() {
    let gate = Gate::start().await;
    for door in [TOOL, PLAID] {
        for missing in [1, arguments().len()] {
            let whole = post(door, &[], &arguments());
            let mut caller = gate.connect().await;
            caller.write(&whole[..whole.len() - missing]).await;
            assert_eq!(gate.get("/healthz").await.status, 200);

            pause();
            let began = Instant::now();
            let reply = caller.next().await.expect("a reply");
            let took = began.elapsed();
            tokio::time::resume();

            check(&reply, door, (408, "BODY_TIMEOUT"), "slow");
            assert!((9..=11).contains(&took.as_secs()), "{took:?}");
            caller.closed().await;
        }
    }
    gate.check_untouched().await;
}
