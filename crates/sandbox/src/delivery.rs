//! Sends webhooks: signs each attempt, posts it, notes how it ended, and plans the next one by
//! Plaid's schedule.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http_body_util::{BodyExt, Limited};
use hyper::{HeaderMap, StatusCode, header::RETRY_AFTER};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    clock::Timer,
    event::Event,
    receiver::{self, Post},
    signing::Signer,
    state::{Shared, State},
    time,
    webhook::{Attempt, Outcome, Webhook},
};

/// An answer that takes longer counts as none (documented). By the Sandbox's clock.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long after the first attempt the second one is made (documented).
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(30);

/// How many times longer each wait is than the one before it (documented).
const GROWTH: u32 = 4;

/// For how long after it was fired a webhook is delivered again (documented). That makes seven
/// attempts.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of an answer's body is read before the connection is closed, and for how long.
const ANSWER_LIMIT: usize = 64 << 10;
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// What the server's task is asked to do about deliveries.
pub(crate) enum Errand {
    Deliver(Parcel),
    /// Drop all that are under way.
    CancelAll,
}

/// A webhook to make an attempt for.
pub(crate) struct Parcel {
    pub(crate) id: u64,
    pub(crate) epoch: u64,
    /// Told of the webhook when the attempt has ended: one that was asked for, outside the schedule.
    pub(crate) asked_by: Option<oneshot::Sender<Webhook>>,
}

impl State {
    /// Hands a webhook over for an attempt.
    pub(crate) fn send(&mut self, id: u64, asked_by: Option<oneshot::Sender<Webhook>>) {
        let epoch = self.webhooks.send();
        // Fails only once the server is gone, and then nobody waits for the webhook.
        let _ = self.errands.send(Errand::Deliver(Parcel {
            id,
            epoch,
            asked_by,
        }));
    }
}

/// Makes one attempt.
pub(crate) async fn deliver(parcel: Parcel, shared: Arc<Shared>) {
    let Some((number, attempt)) = begin(&parcel, &shared) else {
        return;
    };
    // By this machine's clock, not the Sandbox's: a receiver refuses a webhook whose `iat` is not
    // of its own last five minutes, and cannot know that the Sandbox's clock was moved.
    let verification = attempt
        .signer
        .sign(&attempt.body, time::unix(SystemTime::now()));
    let post = Post {
        url: &attempt.url,
        verification: &verification,
        body: &attempt.body,
        allowed_hosts: &shared.config.allow_webhook_hosts,
    };
    let (outcome, retry_after) = tokio::select! {
        ended = send(post) => ended,
        () = shared.until(attempt.began + TIME_LIMIT) => {
            (receiver::failed("no answer within 10 seconds"), None)
        }
    };
    let ended = Attempt {
        at: attempt.began,
        verification,
        outcome,
    };
    end(parcel, number, ended, retry_after, &shared);
}

struct Begun {
    began: SystemTime,
    url: String,
    body: String,
    signer: Arc<Signer>,
}

fn begin(parcel: &Parcel, shared: &Shared) -> Option<(u64, Begun)> {
    let mut state = shared.state();
    if state.webhooks.epoch() != parcel.epoch {
        return None;
    }
    let began = state.clock.now();
    let number = state.webhooks.begin(began + TIME_LIMIT);
    let signer = state.keys.current();
    let Some(webhook) = state.webhooks.find(parcel.id) else {
        // Forgotten before its turn came.
        state.webhooks.end(parcel.id, number);
        return None;
    };
    let begun = Begun {
        began,
        url: webhook.url.clone(),
        body: webhook.body.clone(),
        signer,
    };
    Some((number, begun))
}

/// The outcome, and how long the receiver asked to be left alone.
async fn send(post: Post<'_>) -> (Outcome, Option<Duration>) {
    let answer = match post.send().await {
        Ok(answer) => answer,
        Err(outcome) => return (outcome, None),
    };
    let (head, body) = answer.response.into_parts();
    // What it says does not matter, but a receiver that is cut off while it writes logs an error.
    let body = Limited::new(body, ANSWER_LIMIT).collect();
    let _ = timeout(ANSWER_PATIENCE, body).await;
    let status = head.status.as_u16();
    match head.status {
        StatusCode::OK => (Outcome::Delivered { status }, None),
        // Documented for 429 alone.
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = retry_after(&head.headers, SystemTime::now());
            (Outcome::Refused { status }, wait)
        }
        _ => (Outcome::Refused { status }, None),
    }
}

/// `Retry-After`, in seconds or as a date.
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

/// Notes how an attempt ended, and plans the next one, if there is to be one.
fn end(
    parcel: Parcel,
    number: u64,
    attempt: Attempt,
    retry_after: Option<Duration>,
    shared: &Shared,
) {
    let mut state = shared.state();
    let state = &mut *state;
    if state.webhooks.epoch() != parcel.epoch {
        return;
    }
    let now = state.clock.now();
    let is_asked_for = parcel.asked_by.is_some();
    if let Some(webhook) = state.webhooks.find(parcel.id) {
        let is_forbidden = matches!(attempt.outcome, Outcome::NotAllowed { .. });
        webhook.attempts.push(attempt);
        // Of two attempts at once, the one that succeeds may end before the one that fails.
        let mut outcomes = webhook.attempts.iter().map(|attempt| &attempt.outcome);
        let is_over = is_forbidden || outcomes.any(|it| matches!(it, Outcome::Delivered { .. }));
        if is_over {
            webhook.next_attempt_at = None;
        } else if !is_asked_for {
            let due = now.checked_add(retry_after.unwrap_or(webhook.next_wait));
            webhook.next_wait *= GROWTH;
            webhook.next_attempt_at = due.filter(|due| *due <= webhook.fired_at + GIVEN_UP_AFTER);
        }
        let webhook = webhook.clone();
        if let (false, Some(due)) = (is_asked_for, webhook.next_attempt_at) {
            state.clock.set(due, Timer::Redeliver(webhook.id));
        }
        state.tell(|| Event::Delivery(webhook.clone()));
        if let Some(asked_by) = parcel.asked_by {
            // Fails if whoever asked has stopped waiting.
            let _ = asked_by.send(webhook);
        }
    }
    state.webhooks.end(parcel.id, number);
}
