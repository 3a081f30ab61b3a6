//! The limit on open connections.

use crate::{
    caller::{Caller, post, request},
    test_gateway::TestGateway,
    upstream::{Behaviour, Upstream},
    values::{TOOL, arguments},
};

async fn healthy(caller: &mut Caller) -> bool {
    caller.write(request("GET /healthz", "")).await;
    caller.next().await.is_some_and(|reply| reply.status == 200)
}

#[tokio::test]
async fn at_the_limit_the_oldest_idle_connection_is_closed() {
    let gate = TestGateway::start_with(|config| config.max_connections = 3).await;
    let mut callers = Vec::new();
    for _ in 0..3 {
        let mut caller = gate.connect().await;
        assert!(healthy(&mut caller).await);
        callers.push(caller);
    }
    // The first is now the one that was idle for the shortest time.
    assert!(healthy(&mut callers[0]).await);

    let mut fourth = gate.connect().await;
    assert!(healthy(&mut fourth).await);

    callers[1].closed().await;
    for open in [0, 2] {
        assert!(healthy(&mut callers[open]).await, "{open}");
    }
}

/// 400 connections that send nothing or half a head must not keep others from being served.
#[tokio::test]
async fn silent_and_half_open_connections_do_not_block_others() {
    let gate = TestGateway::start_with(|config| config.max_connections = 16).await;
    let head = request("GET /healthz", "");
    let body = post(TOOL, &[], &arguments());
    let mut silent = Vec::new();
    for number in 0..400 {
        let mut caller = gate.connect().await;
        let part = [0, 20, head.len() - 2][number % 3];
        caller.write(&head[..part]).await;
        if number % 7 == 0 {
            caller.write(&body[..body.len() - 1]).await;
        }
        silent.push(caller);
        if number % 50 == 0 {
            gate.check_serves().await;
        }
    }
    gate.check_serves().await;
}

#[tokio::test]
async fn a_connection_with_a_call_in_flight_is_not_closed() {
    let upstream = Upstream::start(Behaviour::Hold).await;
    let mut gate = TestGateway::before(upstream, |config| config.max_connections = 2).await;
    let mut busy = gate.connect().await;
    busy.write(post(TOOL, &[], &arguments())).await;
    let mut held = gate.upstream.held().await;
    let mut others = Vec::new();
    for _ in 0..10 {
        let mut other = gate.connect().await;
        assert!(healthy(&mut other).await);
        others.push(other);
    }
    held.succeed().await;
    assert_eq!(busy.reply().await.status, 200);
}

#[tokio::test]
async fn if_all_connections_are_busy_a_new_one_is_closed() {
    let upstream = Upstream::start(Behaviour::Hold).await;
    let mut gate = TestGateway::before(upstream, |config| config.max_connections = 1).await;
    let mut busy = gate.connect().await;
    busy.write(post(TOOL, &[], &arguments())).await;
    let mut held = gate.upstream.held().await;

    gate.connect().await.closed().await;

    held.succeed().await;
    assert_eq!(busy.reply().await.status, 200);
    assert!(healthy(&mut gate.connect().await).await);
}
