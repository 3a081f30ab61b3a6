//! The retry schedule of webhooks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use utdk_plaid_sandbox::{Outcome, Webhook, WebhookFilter};

use crate::{
    clock::pass,
    jwt::Jwt,
    plaid::Plaid,
    receiver::{self, Behavior, Receiver},
    webhooks::next,
};

/// When the attempts start, in seconds after the webhook is fired, if each is answered at once.
const SCHEDULE: [u64; 7] = [0, 30, 150, 630, 2_550, 10_230, 40_950];

/// By how much real time may move the Sandbox's clock during a test.
const SLACK: Duration = Duration::from_secs(5);

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A Sandbox that has fired one webhook to a receiver with these behaviors and made the first attempt.
pub(crate) async fn fire(behaviors: impl Into<Vec<Behavior>>) -> (Plaid, Receiver) {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start_in_turn(behaviors).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    receiver.next().await;
    next(&plaid, &item).await;
    (plaid, receiver)
}

/// The only webhook.
pub(crate) fn only(plaid: &Plaid) -> Webhook {
    let mut webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    webhooks.remove(0)
}

pub(crate) async fn advance(plaid: &Plaid, by: Duration) {
    plaid.sandbox.advance_clock(by).await.unwrap();
}

/// Checks that `time` is `expected` seconds after `start`, and not much later.
pub(crate) fn check_time(time: SystemTime, start: SystemTime, expected: u64) {
    let passed = time.duration_since(start).unwrap();
    let expected = seconds(expected);
    assert!(
        passed >= expected && passed < expected + SLACK,
        "{passed:?}, not {expected:?}"
    );
}

/// Checks when each attempt was made, in seconds after the webhook was fired.
fn check_attempts(webhook: &Webhook, expected: &[u64]) {
    assert_eq!(webhook.attempts.len(), expected.len());
    for (attempt, expected) in webhook.attempts.iter().zip(expected) {
        check_time(attempt.at, webhook.fired_at, *expected);
    }
}

#[tokio::test]
async fn a_refused_webhook_is_attempted_seven_times_in_a_day() {
    let (plaid, mut receiver) = fire([Behavior::Answer(500)]).await;
    advance(&plaid, DAY).await;
    let webhook = only(&plaid);
    check_attempts(&webhook, &SCHEDULE);
    let refused = Outcome::Refused { status: 500 };
    assert!(webhook.attempts.iter().all(|it| it.outcome == refused));
    assert_eq!(webhook.next_attempt_at(), None);
    for _ in 1..SCHEDULE.len() {
        let received = receiver.next().await;
        assert_eq!(received.body, webhook.body.as_bytes());
    }
    advance(&plaid, DAY * 20).await;
    assert_eq!(only(&plaid), webhook);
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn each_retry_is_made_at_the_time_that_was_shown() {
    let (plaid, _receiver) = fire([Behavior::Answer(500)]).await;
    for (made, due) in SCHEDULE.iter().enumerate().skip(1) {
        let webhook = only(&plaid);
        let planned = webhook.next_attempt_at().unwrap();
        check_time(planned, webhook.fired_at, *due);
        let left = planned.duration_since(plaid.sandbox.now()).unwrap();
        advance(&plaid, left - SLACK).await;
        assert_eq!(only(&plaid).attempts.len(), made);
        advance(&plaid, SLACK).await;
        assert_eq!(only(&plaid).attempts.len(), made + 1);
    }
    assert_eq!(only(&plaid).next_attempt_at(), None);
}

#[tokio::test]
async fn a_successful_attempt_ends_the_schedule() {
    let behaviors = [
        Behavior::Answer(500),
        Behavior::Reset,
        Behavior::Answer(200),
    ];
    let (plaid, mut receiver) = fire(behaviors).await;
    advance(&plaid, DAY).await;
    let webhook = only(&plaid);
    check_attempts(&webhook, &SCHEDULE[..3]);
    assert_eq!(
        webhook.attempts[2].outcome,
        Outcome::Delivered { status: 200 }
    );
    assert_eq!(webhook.next_attempt_at(), None);
    receiver.next().await;
    receiver.next().await;
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn every_failure_is_retried() {
    for behavior in [
        Behavior::Answer(204),
        Behavior::Answer(302),
        Behavior::Answer(404),
        Behavior::Reset,
    ] {
        let (plaid, _receiver) = fire([behavior]).await;
        advance(&plaid, seconds(30)).await;
        check_attempts(&only(&plaid), &SCHEDULE[..2]);
    }
}

#[tokio::test]
async fn a_retry_is_not_returned_as_another_webhook() {
    let (plaid, _receiver) = fire([Behavior::Answer(500)]).await;
    advance(&plaid, seconds(30)).await;
    let soon = Duration::from_millis(1);
    let next = plaid.sandbox.next_webhook(WebhookFilter::default(), soon);
    assert_eq!(next.await.unwrap_err().code(), "WEBHOOK_TIMEOUT");
}

#[tokio::test]
async fn a_retry_is_also_made_as_real_time_passes() {
    let (plaid, mut receiver) = fire([Behavior::Answer(500), Behavior::Answer(200)]).await;
    pass(seconds(20)).await;
    assert_eq!(only(&plaid).attempts.len(), 1);
    pass(seconds(10)).await;
    receiver.next().await;
    // Does not move the clock, but waits for the attempt to end.
    advance(&plaid, Duration::ZERO).await;
    check_attempts(&only(&plaid), &SCHEDULE[..2]);
}

/// The wait between the first and the second attempt, if the first has this response.
async fn wait_after(status: u16, retry_after: &str) -> Option<Duration> {
    let behavior = Behavior::AnswerWith(status, "retry-after", retry_after.to_owned());
    let (plaid, _receiver) = fire([behavior]).await;
    let webhook = only(&plaid);
    let planned = webhook.next_attempt_at()?;
    Some(planned.duration_since(webhook.attempts[0].at).unwrap())
}

#[tokio::test]
async fn the_retry_after_of_a_429_is_honoured() {
    let about = |wait: Option<Duration>, expected: u64| {
        let wait = wait.unwrap();
        let expected = seconds(expected);
        assert!(
            wait >= expected && wait < expected + SLACK,
            "{wait:?}, not {expected:?}"
        );
    };
    about(wait_after(429, "100").await, 100);
    about(wait_after(429, "0").await, 0);
    // A date has no fraction of a second, and some time passes before it is read.
    let date = httpdate::fmt_http_date(SystemTime::now() + seconds(500));
    about(wait_after(429, &date).await, 495);
    // An invalid value leaves the wait of the schedule.
    let past = httpdate::fmt_http_date(SystemTime::now() - seconds(500));
    for invalid in ["soon", "-5", "1.5", &past] {
        about(wait_after(429, invalid).await, 30);
    }
    for status in [500, 503, 301, 204] {
        about(wait_after(status, "100").await, 30);
    }
}

#[tokio::test]
async fn a_retry_after_of_more_than_a_day_ends_the_schedule() {
    assert!(wait_after(429, "86000").await.is_some());
    for wait in ["86401", "18446744073709551615"] {
        assert_eq!(wait_after(429, wait).await, None);
    }
}

#[tokio::test]
async fn a_retry_after_delays_the_attempt() {
    let behavior = Behavior::AnswerWith(429, "retry-after", "1000".to_owned());
    let (plaid, _receiver) = fire([behavior, Behavior::Answer(200)]).await;
    advance(&plaid, seconds(990)).await;
    assert_eq!(only(&plaid).attempts.len(), 1);
    advance(&plaid, seconds(10)).await;
    check_attempts(&only(&plaid), &[0, 1_000]);
}

/// A Sandbox whose only webhook hangs, and the connection.
async fn hang(then: Behavior) -> (Plaid, Receiver, tokio::net::TcpStream) {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start_in_turn([Behavior::Hang, then]).await;
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let stream = receiver.next().await.stream.unwrap();
    (plaid, receiver, stream)
}

#[tokio::test]
async fn a_receiver_that_hangs_fails_after_ten_seconds_of_the_sandboxs_clock() {
    let start = Instant::now();
    let (plaid, _receiver, _hanging) = hang(Behavior::Answer(200)).await;
    advance(&plaid, seconds(60)).await;
    assert!(start.elapsed() < seconds(8), "{:?}", start.elapsed());
    let webhook = only(&plaid);
    let reason = "no answer within 10 seconds".to_owned();
    assert_eq!(webhook.attempts[0].outcome, Outcome::Failed { reason });
    // The wait starts when the attempt has ended.
    check_attempts(&webhook, &[0, 40]);
}

#[tokio::test]
async fn moving_the_clock_does_not_make_a_receiver_late() {
    let (plaid, _receiver, mut hanging) = hang(Behavior::Answer(500)).await;
    let answer = async {
        // Long enough for the clock to be moved, if it did not wait for the receiver.
        tokio::time::sleep(Duration::from_millis(50)).await;
        receiver::write(&mut hanging, 200, "").await;
    };
    tokio::join!(advance(&plaid, DAY), answer);
    let webhook = only(&plaid);
    check_attempts(&webhook, &[0]);
    assert_eq!(
        webhook.attempts[0].outcome,
        Outcome::Delivered { status: 200 }
    );
}

#[tokio::test]
async fn each_attempt_is_signed_with_real_time() {
    let (plaid, mut receiver) = fire([Behavior::Answer(500)]).await;
    advance(&plaid, DAY).await;
    let webhook = only(&plaid);
    for attempt in &webhook.attempts[1..] {
        let received = receiver.next().await;
        let verification = received.header("plaid-verification");
        assert_eq!(verification, attempt.verification);
        let jwt = Jwt::verified(&plaid, verification, &received.body).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(now.as_secs() - jwt.iat() < 60);
    }
}
