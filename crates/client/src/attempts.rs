//! The attempts of a call: its request is sent until one succeeds, fails for good or is out of time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{HeaderMap, RETRY_AFTER};
use reqwest::Response;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::answer::{self, Answer};
use crate::concurrency::Concurrency;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::diagnosis::{connection_error, is_out_of_files, is_unprocessed};
use crate::error::{ConnectionError, Error, UsageError};
use crate::headers;
use crate::log::Log;
use crate::retry::{Failed, backoff, seconds_to_wait};
use crate::scrub::Secrets;
use crate::target;
use crate::transport::{Connections, Transport};
use crate::trust::tls_config;
use crate::wire::Peer;

/// What the calls of a client share.
pub(crate) struct Shared {
    pub(crate) transport: Transport,
    pub(crate) concurrency: Arc<Concurrency>,
    pub(crate) peer: Peer,
    pub(crate) url: Url,
    /// All headers but those of credentials.
    pub(crate) headers: HeaderMap,
    /// The same with the client's own credentials, if it has all that it needs.
    pub(crate) authorized: Option<HeaderMap>,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) max_retries: u32,
    pub(crate) retry_rate_limits: bool,
    pub(crate) log: Option<Log>,
}

impl Shared {
    /// The connections to `url`; none is opened yet.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub(crate) fn new(config: Config, peer: Peer, url: Url) -> Result<Self, UsageError> {
        let tls = tls_config(&config, url.scheme() == "https")?;
        let concurrency = Arc::new(Concurrency::new(config.max_connections));
        let transport = Transport::new(&url, &config, concurrency.clone(), tls)?;
        let headers = headers::of_client(peer, &config.headers)?;
        let credentials = Credentials {
            client_id: config.client_id,
            secret: config.secret,
            gateway_token: config.gateway.and_then(|gateway| gateway.token),
        };
        credentials.check()?;
        Ok(Self {
            transport,
            concurrency,
            peer,
            url,
            authorized: credentials.authorized(&headers, peer),
            headers,
            credentials,
            timeout: config.timeout,
            attempt_timeout: config.attempt_timeout,
            max_retries: config.max_retries,
            retry_rate_limits: config.retry_rate_limits,
            log: config.log,
        })
    }

    /// The host, with the port if one was given.
    pub(crate) fn host(&self) -> &str {
        target::authority(&self.url)
    }
}

/// What is known of a call while it runs; it outlives the deadline.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
    last: Option<Error>,
}

/// A request that every attempt of a call sends, and the limits of the call.
pub(crate) struct Prepared<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) secrets: Secrets<'a>,
    pub(crate) time_limit: Duration,
    pub(crate) max_retries: u32,
    pub(crate) keep_headers: bool,
}

/// The longest deadline: the clock cannot count much further.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Longer than any reply of Plaid's.
const MAX_REPLY: usize = 1 << 20;

/// How many times a request is sent again because the server did not process it: more than any
/// server asks for that ever processes one.
const MOST_REPEATS: u32 = 100;

/// The pause before a socket is tried for again where the process has too many files open.
const UNTIL_FILES_CLOSE: Duration = Duration::from_millis(50);

/// Sends a request until a reply comes. Dropping the future cancels it.
///
/// # Errors
///
/// What the last attempt ended with, or [`Error::Timeout`].
pub(crate) async fn run(
    client: &Shared,
    request: &Prepared<'_>,
    progress: &mut Progress,
) -> Result<Answer, Error> {
    let deadline = Instant::now() + request.time_limit.min(A_YEAR);
    match attempt_until(client, request, deadline, progress).await {
        Ok(result) => result,
        Err(OutOfTime) => Err(Error::Timeout {
            timeout_ms: request.time_limit.as_millis() as u64,
            last: progress.last.take().map(Box::new),
        }),
    }
}

/// The deadline of the call has passed.
struct OutOfTime;

async fn attempt_until(
    client: &Shared,
    request: &Prepared<'_>,
    deadline: Instant,
    progress: &mut Progress,
) -> Result<Result<Answer, Error>, OutOfTime> {
    loop {
        let is_last = progress.attempts >= request.max_retries;
        let failed = match attempt_in_time(client, request, deadline, is_last, progress).await? {
            Ok(answer) => return Ok(Ok(answer)),
            Err(failed) => failed,
        };
        let wait = failed
            .retry_after
            .unwrap_or_else(|| backoff(progress.attempts));
        let is_refused = progress.status == Some(429) && !client.retry_rate_limits;
        // A wait past the deadline would only replace a useful error by a timeout.
        let is_in_time = Instant::now()
            .checked_add(wait)
            .is_some_and(|next| next < deadline);
        if is_last || is_refused || !failed.error.retryable() || !is_in_time {
            return Ok(Err(failed.error));
        }
        progress.last = Some(failed.error);
        if let Some(log) = client.log {
            log.waits(wait);
        }
        sleep(wait).await;
    }
}

/// One attempt, from its permit to its end, within the limit of an attempt.
async fn attempt_in_time(
    client: &Shared,
    request: &Prepared<'_>,
    deadline: Instant,
    is_last: bool,
    progress: &mut Progress,
) -> Result<Result<Answer, Failed>, OutOfTime> {
    let permit = client.concurrency.enter(|| client.transport.is_http2());
    let _permit = timeout_at(deadline, permit).await.map_err(|_| OutOfTime)?;
    let started = Instant::now();
    let connections = client.transport.connections();
    let limit = attempt_limit(started, deadline, client.attempt_timeout, is_last);
    // Boxed to keep the future of a call that waits small: a thousand waiting calls then fit the
    // processor's caches.
    let attempt = Box::pin(attempt(client, &connections, request, progress));
    let ended = timeout_at(limit, attempt).await.ok();
    if let Some(log) = client.log {
        let failed = ended.as_ref().and_then(|ended| ended.as_ref().err());
        let error = failed.map(|failed| &failed.error);
        log.ended(progress.attempts, progress.status, error, started.elapsed());
    }
    if let Some(ended) = ended {
        return Ok(ended);
    }
    client.transport.retire_if_silent(&connections, started);
    if limit == deadline {
        return Err(OutOfTime);
    }
    let (host, ms) = (client.host(), client.attempt_timeout.as_millis());
    let error = ConnectionError {
        code: "ETIMEDOUT".into(),
        problem: format!("{host}: no reply within {ms} ms"),
        chain: Vec::new(),
    };
    Ok(Err(Failed {
        error: error.into(),
        // The attempt was the wait.
        retry_after: Some(Duration::ZERO),
    }))
}

/// When an attempt is cut off: at its own limit, but only if the next one then has half as long
/// again, so that a server a little slower than the limit is answered. The last attempt has all the
/// time that is left.
fn attempt_limit(
    started: Instant,
    deadline: Instant,
    attempt_timeout: Duration,
    is_last: bool,
) -> Instant {
    let left = deadline.saturating_duration_since(started);
    let after = left.saturating_sub(attempt_timeout);
    match !is_last && after >= attempt_timeout.saturating_mul(3) / 2 {
        true => started + attempt_timeout,
        false => deadline,
    }
}

async fn attempt(
    client: &Shared,
    connections: &Connections,
    request: &Prepared<'_>,
    progress: &mut Progress,
) -> Result<Answer, Failed> {
    progress.attempts += 1;
    progress.status = None;
    progress.retry_after = None;
    if let Some(log) = client.log {
        log.started(progress.attempts, client.host());
    }
    let no_reply =
        |error: reqwest::Error| connection_error(client.host(), &error, &request.secrets);
    let mut response = send(client, connections, request, progress).await?;
    let status = response.status().as_u16();
    progress.status = Some(status);
    let retry_after = match status {
        429 | 503 => response
            .headers()
            .get(RETRY_AFTER)
            .and_then(seconds_to_wait),
        _ => None,
    };
    progress.retry_after = retry_after;
    let failed = |error| Failed { error, retry_after };
    let body = answer::body(&mut response, MAX_REPLY).await;
    if !matches!(body, Ok(Some(_))) {
        connections.lost();
    }
    let body = match body.map_err(no_reply)? {
        Some(body) => body,
        None => {
            let problem = "is longer than 1 MiB, and was not read to its end";
            return Err(failed(Error::response(status, problem)));
        }
    };
    let mut answer =
        answer::read(client.peer, &response, body, &request.secrets).map_err(failed)?;
    if request.keep_headers {
        answer.headers = Some(std::mem::take(response.headers_mut()));
    }
    Ok(answer)
}

/// Sends the request, again where the server did not process it or no socket could be opened.
async fn send(
    client: &Shared,
    connections: &Connections,
    request: &Prepared<'_>,
    progress: &mut Progress,
) -> Result<Response, Error> {
    let mut repeats = 0;
    loop {
        let (headers, body) = (request.headers.clone(), request.body.clone());
        let sent = connections.send(Method::POST, &client.url, headers, body);
        let error = match sent.await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let named = connection_error(client.host(), &error, &request.secrets);
        if is_unprocessed(&error) && repeats < MOST_REPEATS {
            repeats += 1;
            // Not at once without end: each time a little later.
            sleep(Duration::from_millis(u64::from(repeats / 10))).await;
        } else if is_out_of_files(&error) {
            progress.last = Some(named.into());
            sleep(UNTIL_FILES_CLOSE).await;
        } else {
            return Err(named.into());
        }
    }
}
