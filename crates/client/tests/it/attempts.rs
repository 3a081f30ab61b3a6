//! The limit of one attempt: a connection that died costs an attempt, not the whole call.

use std::future::pending;
use std::time::{Duration, Instant};

use utdk_plaid_client::{Client, Config, Error, ResetLogin};

use crate::calls::{DONE, call, config, within};
use crate::relay::Relay;
use crate::server::{Answer, Server, reply};
use crate::tally::Tally;

const LIMIT: Duration = Duration::from_millis(500);

fn client(base_url: &str) -> Client {
    Client::new(Config {
        attempt_timeout: LIMIT,
        ..config(base_url)
    })
    .expect("the settings are good")
}

#[tokio::test]
async fn an_attempt_that_gets_no_reply_is_cut_off_and_retried() {
    let server = Server::start(|number, _| async move {
        match number {
            1 => pending().await,
            _ => reply(200, DONE),
        }
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 2);
}

/// As after a laptop slept, or a NAT forgot the connections.
#[tokio::test]
async fn connections_that_died_while_idle_cost_one_attempt() {
    let server = Server::replying(vec![reply(200, DONE)]).await;
    let relay = Relay::to(server.address(), 0).await;
    let client = client(&relay.url());
    let first = within(crate::crowds::at_once(&client, 5)).await;
    crate::crowds::check_all_succeed(first);
    let before = relay.connections();

    relay.silence();
    let started = Instant::now();
    let mut tally = Tally::of("idle connections die silently, with retries");
    let outcome = within(client.reset_login(call())).await;

    tally.add(&outcome);
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 2);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(relay.connections(), before + 1);
}

#[tokio::test]
async fn a_server_a_little_slower_than_the_limit_is_answered() {
    let server = Server::start(|_, _| async {
        tokio::time::sleep(LIMIT * 12 / 10).await;
        reply(200, DONE)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        timeout: Some(LIMIT * 3),
        ..call()
    }))
    .await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 2);
}

#[tokio::test]
async fn the_last_attempt_has_all_the_time_that_is_left() {
    let server = Server::start(|_, _| async {
        tokio::time::sleep(LIMIT * 2).await;
        reply(200, DONE)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        max_retries: Some(0),
        ..call()
    }))
    .await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 1);
}

#[tokio::test]
async fn a_call_that_is_never_answered_names_the_attempt_that_was_cut_off() {
    let server = Server::start(|_, _| pending::<Answer>()).await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        timeout: Some(LIMIT * 4),
        ..call()
    }))
    .await;

    let Err(Error::Timeout { last, .. }) = &outcome.result else {
        panic!("a timeout was expected: {outcome:?}");
    };
    let last = last.as_ref().expect("the first attempt had ended");
    assert_eq!((last.code(), last.retryable()), ("ETIMEDOUT", true));
    assert!(
        last.to_string().contains("no reply within 500 ms"),
        "{last}"
    );
    assert_eq!(outcome.attempts, 3);
}
