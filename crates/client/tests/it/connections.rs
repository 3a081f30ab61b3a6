//! Connections: kept, replaced when the server has closed them, and closed with the call.

use std::future::pending;
use std::time::Duration;

use tokio::join;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::calls::{DONE, call, client, within};
use crate::peer::Peer;
use crate::server::{Server, reply, reply_with};

#[tokio::test]
async fn calls_one_after_another_share_a_connection() {
    let server = Server::replying(vec![reply(200, DONE)]).await;
    let client = client(&server.url());

    for _ in 0..5 {
        let outcome = within(client.reset_login(call())).await;
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }

    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced_without_a_retry() {
    let peer = Peer::new().await;
    let client = client(&peer.url());

    let (first, mut visit) = join!(client.reset_login(call()), async {
        let mut visit = peer.accept().await;
        visit.request().await;
        visit.reply("", DONE).await;
        visit
    });
    assert!(first.result.is_ok(), "{first:?}");
    visit.say_goodbye().await;
    visit.closed().await;

    let (second, ()) = join!(client.reset_login(call()), async {
        let mut visit = peer.accept().await;
        visit.request().await;
        visit.reply("", DONE).await;
    });
    assert!(second.result.is_ok(), "{second:?}");
    assert_eq!(second.attempts, 1);
}

#[tokio::test]
async fn a_connection_that_the_server_will_close_is_not_used_again() {
    let peer = Peer::new().await;
    let client = client(&peer.url());

    // The server keeps both open, so only the header says that they will close.
    let mut visits = Vec::new();
    for _ in 0..2 {
        let (outcome, visit) = join!(within(client.reset_login(call())), async {
            let mut visit = peer.accept().await;
            visit.request().await;
            visit.reply("connection: close\r\n", DONE).await;
            visit
        });
        assert!(outcome.result.is_ok(), "{outcome:?}");
        assert_eq!(outcome.attempts, 1);
        visits.push(visit);
    }

    for mut visit in visits {
        visit.closed().await;
    }
}

/// Two calls, the second after `pause`, to a server that gives `hint`; how many connections.
async fn connections_after(hint: &'static str, pause: Duration) -> usize {
    let server = Server::replying(vec![reply_with(200, &[("keep-alive", hint)], DONE)]).await;
    let client = client(&server.url());
    for pause in [Duration::ZERO, pause] {
        sleep(pause).await;
        let outcome = within(client.reset_login(call())).await;
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }
    server.connections()
}

#[tokio::test]
async fn a_connection_is_not_used_shortly_before_the_server_closes_it() {
    // A second less than the hint.
    let pause = Duration::from_millis(1200);
    assert_eq!(connections_after("timeout=2", pause).await, 2);
    assert_eq!(connections_after("timeout=5, max=100", pause).await, 1);
    assert_eq!(connections_after("max=100", pause).await, 1);
}

#[tokio::test]
async fn a_server_that_closes_idle_connections_within_a_second_gets_a_new_one_each_time() {
    assert_eq!(connections_after("timeout=1", Duration::ZERO).await, 2);
}

#[tokio::test]
async fn dropping_a_call_closes_its_socket_and_the_next_call_works() {
    let peer = Peer::new().await;
    let client = client(&peer.url());

    let mut visit = tokio::select! {
        outcome = client.reset_login(call()) => panic!("nothing was answered: {outcome:?}"),
        visit = async {
            let mut visit = peer.accept().await;
            visit.request().await;
            visit
        } => visit,
    };
    visit.closed().await;

    let (next, ()) = join!(client.reset_login(call()), async {
        let mut visit = peer.accept().await;
        visit.request().await;
        visit.reply("", DONE).await;
    });
    assert!(next.result.is_ok(), "{next:?}");
    assert_eq!(next.attempts, 1);
}

#[tokio::test]
async fn dropping_a_call_in_the_middle_of_its_reply_closes_its_socket() {
    let peer = Peer::new().await;
    let client = client(&peer.url());

    let mut visit = tokio::select! {
        outcome = client.reset_login(call()) => panic!("the reply is half: {outcome:?}"),
        visit = async {
            let mut visit = peer.accept().await;
            visit.request().await;
            visit.reply("x-half: yes\r\ntransfer-encoding: chunked\r\n", "5\r\n{\"res").await;
            visit
        } => visit,
    };

    visit.closed().await;
}

#[tokio::test]
async fn dropping_the_last_clone_of_a_client_closes_its_idle_connections() {
    let peer = Peer::new().await;
    let client = client(&peer.url());
    let clone = client.clone();

    let (outcome, mut visit) = join!(client.reset_login(call()), async {
        let mut visit = peer.accept().await;
        visit.request().await;
        visit.reply("", DONE).await;
        visit
    });
    assert!(outcome.result.is_ok(), "{outcome:?}");
    drop(client);
    drop(clone);

    visit.closed().await;
}

#[test]
fn a_client_outlives_the_runtime_of_its_first_call() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (serving, first, second) = (multi_thread(), runtime(), runtime());
    let server = serving.block_on(Server::replying(vec![reply(200, DONE)]));
    let client = client(&server.url());

    let outcome = first.block_on(within(client.reset_login(call())));
    assert!(outcome.result.is_ok(), "{outcome:?}");
    drop(first);

    let outcome = second.block_on(within(client.reset_login(call())));
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 1);
}

/// Serves while the test's thread runs another runtime.
fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_hold_up_the_next_one() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let server = Server::start(move |number, _| {
        arrived.send(()).expect("the test listens");
        async move {
            match number {
                1 => pending().await,
                _ => reply(200, DONE),
            }
        }
    })
    .await;
    let client = client(&server.url());

    tokio::select! {
        outcome = client.reset_login(call()) => panic!("it was not answered: {outcome:?}"),
        outcome = async {
            within(arrivals.recv()).await;
            within(client.reset_login(call())).await
        } => assert!(outcome.result.is_ok(), "{outcome:?}"),
    }
}
