//! One call: prepared once, then attempted until it succeeds, fails for good or is out of time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, RETRY_AFTER};
use http::{Method, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::{Instant, sleep, timeout_at};

use crate::concurrency::Concurrency;
use crate::connect::BoxError;
use crate::credentials::{Credentials, check_token};
use crate::diagnosis::connection_error;
use crate::error::Error;
use crate::error_reply;
use crate::headers;
use crate::pool::Pool;
use crate::request::ResetLogin;
use crate::retry::{Failed, backoff, seconds_to_wait};
use crate::scrub::Secrets;
use crate::wire::{self, Peer, Reply};

/// What the calls of a client share.
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool>,
    pub(crate) concurrency: Concurrency,
    pub(crate) peer: Peer,
    pub(crate) uri: Uri,
    /// All headers but those of credentials.
    pub(crate) headers: HeaderMap,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Duration,
    pub(crate) max_retries: u32,
    pub(crate) retry_rate_limits: bool,
}

impl Shared {
    /// The host, with the port if one was given.
    pub(crate) fn host(&self) -> &str {
        self.uri.authority().map_or("", |host| host.as_str())
    }
}

/// How a call ended.
#[derive(Debug)]
pub struct Outcome {
    /// The reply, or why there is none.
    pub result: Result<Reply, Error>,
    /// How many requests were started: 0 if the input was refused.
    pub attempts: u32,
    /// The HTTP status of the last attempt, if it got one.
    pub status: Option<u16>,
    /// How long the server asked to wait before the next attempt (`Retry-After`), if the last attempt
    /// got a 429 or a 503 with it.
    pub retry_after: Option<Duration>,
}

/// What is known of a call while it runs; it outlives the deadline.
#[derive(Default)]
struct Progress {
    attempts: u32,
    status: Option<u16>,
    retry_after: Option<Duration>,
    last: Option<Error>,
}

/// A request that every attempt of a call sends.
struct Prepared<'a> {
    headers: &'a HeaderMap,
    body: Bytes,
    secrets: Secrets<'a>,
}

/// The longest deadline: the clock cannot count much further.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Longer than any reply of Plaid's.
const MAX_REPLY: usize = 1 << 20;

/// Makes a call. Dropping the future cancels it.
pub(crate) async fn run(client: &Shared, call: &ResetLogin) -> Outcome {
    let mut progress = Progress::default();
    let time_limit = call.timeout.unwrap_or(client.timeout);
    let deadline = Instant::now() + time_limit.min(A_YEAR);
    let attempts = prepare_and_attempt(client, call, deadline, &mut progress);
    let result = match timeout_at(deadline, attempts).await {
        Ok(result) => result,
        Err(_) => Err(Error::Timeout {
            timeout_ms: time_limit.as_millis() as u64,
            last: progress.last.take().map(Box::new),
        }),
    };
    Outcome {
        result,
        attempts: progress.attempts,
        status: progress.status,
        retry_after: progress.retry_after,
    }
}

async fn prepare_and_attempt(
    client: &Shared,
    call: &ResetLogin,
    deadline: Instant,
    progress: &mut Progress,
) -> Result<Reply, Error> {
    check_token(&call.access_token)?;
    let mut headers = client.headers.clone();
    headers::add(&mut headers, &call.headers)?;
    client.credentials.add_to(&mut headers, client.peer, call)?;
    let request = Prepared {
        headers: &headers,
        body: wire::body(client.peer, call),
        secrets: client.credentials.secrets(call, &headers),
    };
    let max_retries = call.max_retries.unwrap_or(client.max_retries);
    loop {
        let failed = {
            let _permit = client.concurrency.enter().await;
            // Boxed to keep the future of a call that waits small: a thousand waiting calls then
            // fit the processor's caches.
            match Box::pin(attempt(client, &request, progress)).await {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            }
        };
        let wait = failed
            .retry_after
            .unwrap_or_else(|| backoff(progress.attempts));
        let is_last = progress.attempts > max_retries
            || progress.status == Some(429) && !client.retry_rate_limits;
        // A wait past the deadline would only replace a useful error by a timeout.
        let is_in_time = Instant::now()
            .checked_add(wait)
            .is_some_and(|next| next < deadline);
        if is_last || !failed.error.retryable() || !is_in_time {
            return Err(failed.error);
        }
        progress.last = Some(failed.error);
        sleep(wait).await;
    }
}

async fn attempt(
    client: &Shared,
    request: &Prepared<'_>,
    progress: &mut Progress,
) -> Result<Reply, Failed> {
    progress.attempts += 1;
    progress.status = None;
    progress.retry_after = None;
    let no_reply = |error: BoxError| connection_error(client.host(), &*error);
    let (headers, body) = (request.headers.clone(), request.body.clone());
    let sent = client.pool.send(Method::POST, &client.uri, headers, body);
    let (response, lease) = sent.await.map_err(no_reply)?;
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    progress.status = Some(status);
    let retry_after = match status {
        429 | 503 => head.headers.get(RETRY_AFTER).and_then(seconds_to_wait),
        _ => None,
    };
    progress.retry_after = retry_after;
    let failed = |error| Failed { error, retry_after };

    // A body announced as too long is not downloaded at all.
    if body.size_hint().lower() > MAX_REPLY as u64 {
        return Err(failed(too_long(status)));
    }
    let body = match Limited::new(body, MAX_REPLY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(failed(too_long(status))),
        Err(error) => return Err(no_reply(error).into()),
    };
    client.pool.give_back(lease);
    read(client, status, &body, &request.secrets).map_err(failed)
}

/// Reads a complete reply.
///
/// # Errors
///
/// [`Error::Api`] for an error of Plaid's or the gateway's, otherwise [`Error::Response`].
fn read(client: &Shared, status: u16, body: &[u8], secrets: &Secrets<'_>) -> Result<Reply, Error> {
    match status {
        200 => wire::success(client.peer, status, body),
        300..=399 => Err(Error::response(
            status,
            "is a redirect, which is not followed: the credentials would go with it",
        )),
        400.. => Err(error_reply::error(client.peer, status, body, secrets)),
        _ => Err(Error::response(
            status,
            "has a status that this operation does not answer with",
        )),
    }
}

fn too_long(status: u16) -> Error {
    Error::response(status, "is longer than 1 MiB, and was not read to its end")
}
