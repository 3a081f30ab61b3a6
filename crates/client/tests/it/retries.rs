//! Retries and the deadline: how many, how soon, and the final error.

use std::future::pending;
use std::time::Duration;

use utdk_plaid_client::{Error, Outcome, ResetLogin};

use crate::calls::{DONE, call, client, within};
use crate::server::{Answer, Server, reply, reply_with};

/// Plaid's error for a temporary failure.
const NOT_NOW: &str = r#"{"error_type":"API_ERROR","error_code":"INTERNAL_SERVER_ERROR","error_message":"an unexpected error occurred","display_message":null,"request_id":"HNTDNrA8F1shFEW"}"#;

/// A 503 that says how long to wait.
fn not_now(retry_after: &str) -> Answer {
    reply_with(503, &[("retry-after", retry_after)], NOT_NOW)
}

async fn outcome(replies: Vec<Answer>, call: ResetLogin) -> Outcome {
    let server = Server::replying(replies).await;
    within(client(&server.url()).reset_login(call)).await
}

fn check_api_error(outcome: &Outcome, attempts: u32) {
    match &outcome.result {
        Err(Error::Api(error)) => assert_eq!(error.error_code, "INTERNAL_SERVER_ERROR"),
        _ => panic!("an api error was expected: {outcome:?}"),
    }
    assert_eq!(outcome.attempts, attempts);
    assert_eq!(outcome.status, Some(503));
}

#[tokio::test]
async fn attempts_are_counted_up_to_the_one_that_succeeds() {
    let outcome = outcome(vec![not_now("0"), not_now("0"), reply(200, DONE)], call()).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!((outcome.attempts, outcome.status), (3, Some(200)));
}

#[tokio::test]
async fn a_call_gives_up_after_its_last_retry() {
    let two_by_default = outcome(vec![not_now("0")], call()).await;
    check_api_error(&two_by_default, 3);

    let five = ResetLogin {
        max_retries: Some(5),
        ..call()
    };
    check_api_error(&outcome(vec![not_now("0")], five).await, 6);
}

#[tokio::test]
async fn without_retries_the_first_failure_is_returned() {
    let once = ResetLogin {
        max_retries: Some(0),
        ..call()
    };

    check_api_error(
        &outcome(vec![not_now("0"), reply(200, DONE)], once).await,
        1,
    );
}

#[tokio::test]
async fn the_outcome_has_the_wait_that_the_last_reply_asked_for() {
    let once = || ResetLogin {
        max_retries: Some(0),
        ..call()
    };

    let failed = outcome(vec![not_now("7")], once()).await;
    assert_eq!(failed.retry_after, Some(Duration::from_secs(7)));
    let without = outcome(vec![reply(503, NOT_NOW)], once()).await;
    assert_eq!(without.retry_after, None);
    let succeeded = outcome(vec![not_now("0"), reply(200, DONE)], call()).await;
    assert_eq!(succeeded.retry_after, None);
}

#[tokio::test]
async fn an_error_that_a_retry_cannot_fix_is_returned_at_once() {
    let refused = NOT_NOW.replace("INTERNAL_SERVER_ERROR", "INVALID_ACCESS_TOKEN");

    let outcome = outcome(vec![reply(400, &refused), reply(200, DONE)], call()).await;

    assert_eq!(outcome.attempts, 1);
    let error = outcome.result.expect_err("it was refused");
    assert_eq!(error.code(), "INVALID_ACCESS_TOKEN");
    assert!(!error.retryable());
}

/// Eight waits chosen by the client would add up to half a minute.
#[tokio::test]
async fn a_retry_after_of_zero_or_in_the_past_means_no_wait() {
    for retry_after in ["0", " 0 ", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let mut replies = vec![not_now(retry_after); 8];
        replies.push(reply(200, DONE));
        let patient = ResetLogin {
            max_retries: Some(8),
            timeout: Some(Duration::from_secs(5)),
            ..call()
        };

        let outcome = outcome(replies, patient).await;

        assert!(outcome.result.is_ok(), "{retry_after:?}: {outcome:?}");
        assert_eq!(outcome.attempts, 9);
    }
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_started() {
    for retry_after in [
        "3600",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        // Longer than a test may take: waiting for the deadline fails it.
        let patient = ResetLogin {
            timeout: Some(Duration::from_secs(60)),
            ..call()
        };

        check_api_error(&outcome(vec![not_now(retry_after)], patient).await, 1);
    }
}

#[tokio::test]
async fn the_deadline_bounds_a_server_that_never_answers() {
    let server = Server::start(|_, _| pending::<Answer>()).await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        timeout: Some(Duration::from_millis(300)),
        ..call()
    }))
    .await;

    let Err(error @ Error::Timeout { timeout_ms, last }) = &outcome.result else {
        panic!("a timeout was expected: {outcome:?}");
    };
    assert_eq!(*timeout_ms, 300);
    assert!(last.is_none(), "no attempt had ended: {last:?}");
    assert_eq!((error.code(), error.retryable()), ("TIMEOUT", true));
    assert_eq!((outcome.attempts, outcome.status), (1, None));
}

#[tokio::test]
async fn a_timeout_has_the_error_of_the_attempt_before() {
    let server = Server::start(|number, _| async move {
        match number {
            1 => not_now("0"),
            _ => pending().await,
        }
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        timeout: Some(Duration::from_secs(2)),
        ..call()
    }))
    .await;

    let Err(Error::Timeout { last, .. }) = &outcome.result else {
        panic!("a timeout was expected: {outcome:?}");
    };
    let last = last.as_ref().expect("the first attempt had ended");
    assert_eq!(last.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!((outcome.attempts, outcome.status), (2, None));
}

#[tokio::test]
async fn the_longest_possible_deadline_is_accepted() {
    let patient = ResetLogin {
        timeout: Some(Duration::MAX),
        ..call()
    };

    let outcome = outcome(vec![reply(200, DONE)], patient).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn a_refused_connection_is_retried_and_named() {
    let server = Server::replying(vec![reply(200, DONE)]).await;
    let url = server.url();
    drop(server);
    // The port is free once the server's task is gone.
    tokio::task::yield_now().await;

    let outcome = within(client(&url).reset_login(ResetLogin {
        max_retries: Some(1),
        ..call()
    }))
    .await;

    let error = outcome.result.expect_err("nothing listens there");
    assert_eq!((error.code(), error.retryable()), ("ECONNREFUSED", true));
    assert_eq!((outcome.attempts, outcome.status), (2, None));
}
