//! Opening connections: a limit of its own, and none that holds up other calls.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use utdk_plaid_client::{Client, Config, ResetLogin};

use crate::calls::{DONE, call, config, within};
use crate::crowds::{at_once, check_all_succeed};
use crate::raw::RawServer;
use crate::relay::Relay;
use crate::server::{Server, reply};
use crate::trust::Authority;

/// A TLS server behind a relay. The first connection is silent.
struct Stalled {
    _server: Server,
    relay: Relay,
    config: Config,
}

impl Stalled {
    async fn speaking(protocols: &[&str]) -> Self {
        let authority = Authority::new();
        let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), protocols);
        let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
        let relay = Relay::to(server.address(), 1).await;
        let config = Config {
            ca: Some(authority.pem()),
            ..config(&relay.https_url())
        };
        Self {
            _server: server,
            relay,
            config,
        }
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_holds_up_no_other_call() {
    for protocols in [&["h2"], &["http/1.1"]] {
        let stalled = Stalled::speaking(protocols).await;
        let client = Client::new(stalled.config).expect("the settings are good");
        let started = Instant::now();

        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let client = client.clone();
            calls.spawn(async move { client.reset_login(call()).await });
        }
        // All but the one that the stalled handshake belongs to.
        for _ in 0..7 {
            let outcome = within(calls.join_next()).await.expect("a call");
            let outcome = outcome.expect("no panic");
            assert!(outcome.result.is_ok(), "{outcome:?}");
            assert_eq!(outcome.attempts, 1);
        }

        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_is_retried_after_the_connect_limit() {
    let stalled = Stalled::speaking(&["h2", "http/1.1"]).await;
    let client = Client::new(Config {
        connect_timeout: Duration::from_millis(300),
        ..stalled.config
    })
    .expect("the settings are good");

    let outcome = within(client.reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!((outcome.attempts, stalled.relay.connections()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_is_not_open_in_time_is_etimedout() {
    let stalling = RawServer::accepting(|socket| async { Some(socket) }).await;
    let through_proxy = |proxy: String| Config {
        https_proxy: Some(proxy.into()),
        ..config("https://plaid-sandbox.invalid")
    };
    for config in [
        config(&stalling.https_url()),
        through_proxy(stalling.url()),
        through_proxy(stalling.https_url()),
        through_proxy(stalling.url().replace("http", "socks5h")),
    ] {
        let client = Client::new(Config {
            connect_timeout: Duration::from_millis(300),
            max_retries: 0,
            ..config
        })
        .expect("the settings are good");

        let outcome = within(client.reset_login(call())).await;

        let error = outcome.result.expect_err("nothing answers");
        assert_eq!((error.code(), error.retryable()), ("ETIMEDOUT", true));
        assert!(error.to_string().contains("within 300 ms"), "{error}");
        assert_eq!(outcome.attempts, 1);
    }
}

#[tokio::test]
async fn a_hundred_first_calls_to_a_slow_http2_server_share_one_connection() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2"]);
    let server = Server::start_tls(acceptor, |_, _| async {
        // Longer than calls wait for another one's connection.
        tokio::time::sleep(Duration::from_millis(600)).await;
        reply(200, DONE)
    })
    .await;
    let client = Client::new(Config {
        ca: Some(authority.pem()),
        ..config(&server.https_url())
    });

    check_all_succeed(within(at_once(&client.expect("the settings are good"), 100)).await);

    assert_eq!(server.connections(), 1);
}

/// `localhost` has an address of each family where the system has both.
#[tokio::test]
async fn localhost_is_reached_where_its_other_family_is_silent() {
    let server = Server::replying(vec![reply(200, DONE)]).await;
    let port = server.address().port();
    let _silent = crate::silent::listener(([0, 0, 0, 0, 0, 0, 0, 1], port).into());
    let client = crate::calls::client(&format!("http://localhost:{port}"));
    let started = Instant::now();

    let outcome = within(client.reset_login(ResetLogin {
        max_retries: Some(0),
        ..call()
    }))
    .await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}
