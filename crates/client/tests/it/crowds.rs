//! Many calls at once: none held up by a slow server, few connections to a fast one.

use std::sync::Arc;

use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use utdk_plaid_client::{Client, Config, Outcome};

use crate::calls::{DONE, call, client, config, within};
use crate::server::{Server, reply};
use crate::trust::Authority;

#[tokio::test]
async fn two_hundred_calls_are_under_way_at_once_where_the_server_is_slow() {
    let all_here = Arc::new(Barrier::new(200));
    let server = Server::start(move |_, _| {
        let all_here = all_here.clone();
        async move {
            all_here.wait().await;
            reply(200, DONE)
        }
    })
    .await;

    check_all_succeed(within(at_once(&client(&server.url()), 200)).await);

    assert_eq!(server.connections(), 200);
}

#[tokio::test]
async fn two_hundred_calls_open_at_most_64_connections_where_the_server_is_fast() {
    let server = Server::replying(vec![reply(200, DONE)]).await;

    check_all_succeed(within(at_once(&client(&server.url()), 200)).await);

    assert!(
        server.connections() <= 64,
        "{} connections",
        server.connections()
    );
}

#[tokio::test]
async fn a_hundred_calls_share_one_connection_where_the_server_speaks_http2() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2", "http/1.1"]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
    let client = Client::new(Config {
        ca: Some(authority.pem()),
        ..config(&server.https_url())
    });

    check_all_succeed(within(at_once(&client.expect("the settings are good"), 100)).await);

    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn dropping_a_call_over_http2_ends_its_request_and_keeps_the_connection() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2"]);
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = Server::start_tls(acceptor, move |number, _| {
        let held = Ended(ended.clone());
        arrived.send(()).expect("the test listens");
        async move {
            if number == 1 {
                std::future::pending::<()>().await;
            }
            drop(held);
            reply(200, DONE)
        }
    })
    .await;
    let client = Client::new(Config {
        ca: Some(authority.pem()),
        ..config(&server.https_url())
    })
    .expect("the settings are good");

    tokio::select! {
        outcome = client.reset_login(call()) => panic!("nothing was answered: {outcome:?}"),
        _ = within(arrivals.recv()) => {}
    }
    within(ends.recv()).await.expect("the request was let go");

    let next = within(client.reset_login(call())).await;
    assert!(next.result.is_ok(), "{next:?}");
    assert_eq!((next.attempts, server.connections()), (1, 1));
}

/// Tells when the server's work on a request has ended.
struct Ended(mpsc::UnboundedSender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

async fn at_once(client: &Client, calls: usize) -> Vec<Outcome> {
    let mut under_way = JoinSet::new();
    for _ in 0..calls {
        let client = client.clone();
        under_way.spawn(async move { client.reset_login(call()).await });
    }
    under_way.join_all().await
}

fn check_all_succeed(outcomes: Vec<Outcome>) {
    for outcome in outcomes {
        assert!(outcome.result.is_ok(), "{outcome:?}");
        assert_eq!(outcome.attempts, 1);
    }
}
