//! One attempt to deliver a webhook.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use reqwest::Response;
use tokio::time::timeout;

use crate::{
    deliver::receiver::{self, Post},
    model::{
        delivery::{ATTEMPT_TIMEOUT, PendingAttempt},
        shared::Shared,
        webhook::Outcome,
    },
    plaid::time,
};

/// How much of a response body is read before the connection is closed, and for how long.
const BODY_LIMIT: usize = 64 << 10;
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes the attempt, unless it was cancelled. `allowed_hosts`: see [`Post`].
pub(crate) async fn deliver(pending: PendingAttempt, shared: &Shared, allowed_hosts: &[String]) {
    let Some(started) = shared.state().start_attempt(pending) else {
        return;
    };
    // In real time: a receiver refuses an `iat` older than five minutes, and does not know the
    // Sandbox's clock.
    let iat = time::unix(SystemTime::now());
    let verification = started.signer.sign(&started.body, iat);
    let post = Post {
        url: &started.url,
        verification: &verification,
        body: &started.body,
        allowed_hosts,
    };
    let (outcome, retry_after) = tokio::select! {
        ended = send(post) => ended,
        () = shared.until(started.at + ATTEMPT_TIMEOUT) => {
            (receiver::failed("no answer within 10 seconds"), None)
        }
    };
    shared
        .state()
        .end_attempt(started, verification, outcome, retry_after);
}

/// The outcome, and the wait that the receiver asks for.
async fn send(post: Post<'_>) -> (Outcome, Option<Duration>) {
    let mut response = match post.send().await {
        Ok(response) => response,
        Err(outcome) => return (outcome, None),
    };
    // Only the status counts, but a receiver that cannot finish its response logs an error.
    let _ = timeout(BODY_TIMEOUT, read(&mut response)).await;
    let status = response.status().as_u16();
    match response.status() {
        StatusCode::OK => (Outcome::Delivered { status }, None),
        // Documented only for 429.
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = retry_after(response.headers(), SystemTime::now());
            (Outcome::Refused { status }, wait)
        }
        _ => (Outcome::Refused { status }, None),
    }
}

async fn read(response: &mut Response) {
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        if length > BODY_LIMIT {
            return;
        }
    }
}

/// The `Retry-After` header, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()?
            .duration_since(now)
            .ok(),
    }
}
