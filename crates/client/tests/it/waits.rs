//! The wait before a retry: as long as the server asks, otherwise short and random.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use http_body_util::BodyExt;
use utdk_plaid_client::{Outcome, ResetLogin};

use crate::calls::{DONE, call, client, within};
use crate::server::{Server, reply, reply_with};

/// The clocks of the two sides may differ by this much.
const TOLERANCE: Duration = Duration::from_millis(20);

/// Makes a call: the first attempt gets `status` and `headers`, the second succeeds.
async fn call_with_one_failure(status: u16, headers: &[(&str, &str)]) -> (Outcome, Duration) {
    let busy = reply_with(status, headers, r#"{"error_code":"RATE_LIMIT"}"#);
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let times = arrivals.clone();
    let server = Server::start(move |number, _| {
        times.lock().expect("no panic").push(Instant::now());
        let reply = match number {
            1 => busy.clone(),
            _ => reply(200, DONE),
        };
        async { reply }
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{status} {headers:?}: {outcome:?}");
    assert_eq!(outcome.attempts, 2);
    let arrivals = arrivals.lock().expect("no panic");
    (outcome, arrivals[1] - arrivals[0])
}

#[tokio::test]
async fn each_status_that_says_not_now_is_retried() {
    for status in [408, 429, 500, 502, 503, 504] {
        call_with_one_failure(status, &[("retry-after", "0")]).await;
    }
}

#[tokio::test]
async fn a_retry_sends_the_same_request_again() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = requests.clone();
    let server = Server::start(move |number, request| {
        let seen = seen.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let head = format!("{} {} {:?}", head.method, head.uri, head.headers);
            seen.lock().expect("no panic").push((head, body));
            match number {
                1 => reply_with(503, &[("retry-after", "0")], "{}"),
                _ => reply(200, DONE),
            }
        }
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    let requests = requests.lock().expect("no panic");
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
}

#[tokio::test]
async fn retry_after_in_seconds_is_the_least_wait() {
    let (_, waited) = call_with_one_failure(429, &[("retry-after", "1")]).await;

    assert!(waited + TOLERANCE >= Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn retry_after_as_a_date_is_the_least_wait() {
    let date = SystemTime::now() + Duration::from_secs(3);
    let text = httpdate::fmt_http_date(date);
    // An HTTP date has whole seconds.
    let date = httpdate::parse_http_date(&text).expect("a date");

    call_with_one_failure(503, &[("retry-after", &text)]).await;

    assert!(SystemTime::now() + TOLERANCE >= date);
}

#[tokio::test]
async fn a_retry_after_that_is_neither_is_ignored() {
    for nonsense in ["soon", "-5", "1.5e3", "", "Thu, 99 Foo 2015"] {
        call_with_one_failure(429, &[("retry-after", nonsense)]).await;
    }
}

#[tokio::test]
async fn waits_without_retry_after_differ_and_are_at_most_half_a_second_at_first() {
    let mut waits = Vec::new();
    for _ in 0..6 {
        waits.push(call_with_one_failure(500, &[]).await.1);
    }

    let millis: Vec<_> = waits.iter().map(Duration::as_millis).collect();
    assert!(millis.iter().any(|wait| *wait != millis[0]), "{millis:?}");
    // As long again for a busy machine.
    assert!(millis.iter().all(|wait| *wait <= 1000), "{millis:?}");
}

#[tokio::test]
async fn the_deadline_includes_the_waits() {
    let busy = reply_with(503, &[("retry-after", "1")], r#"{"error_code":"BUSY"}"#);
    let server = Server::replying(vec![busy]).await;
    let started = Instant::now();

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        timeout: Some(Duration::from_millis(1500)),
        max_retries: Some(100),
        ..call()
    }))
    .await;

    assert!(outcome.result.is_err(), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}
