//! The call itself: one request, its deadline, and its retries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use http::uri::Scheme;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::config::{self, Config};
use crate::connect::{connection_error, connector};
use crate::error::{Error, UsageError};
use crate::pool::Pool;
use crate::trust::tls_config;
use crate::wire::{self, Peer, Reply};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A pool of connections to one host, with the credentials to use there. Cheap to clone.
///
/// [`Client::reset_login`] must run on a tokio runtime; making a client need not.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Arc<Pool>,
    /// One permit per request that may be under way.
    room: Semaphore,
    peer: Peer,
    /// Everything but the credentials.
    headers: HeaderMap,
    client_id: Option<SecretString>,
    secret: Option<SecretString>,
    gateway_token: Option<SecretString>,
    timeout: Duration,
    max_retries: u32,
}

/// The input of one call, and what it sets differently from its [`Client`].
#[derive(Debug)]
pub struct ResetLogin {
    /// The Item's token; must begin with `access-sandbox-`.
    pub access_token: SecretString,
    /// Travels in the body instead of the client's own in a header.
    pub client_id: Option<SecretString>,
    /// Travels in the body instead of the client's own in a header.
    pub secret: Option<SecretString>,
    /// The deadline of this call, retries included.
    pub timeout: Option<Duration>,
    /// How often a failed attempt of this call is repeated.
    pub max_retries: Option<u32>,
    /// Headers added to this call; they replace the client's of the same name.
    pub headers: Vec<(String, String)>,
}

impl ResetLogin {
    /// A call with the client's own settings.
    pub fn new(access_token: SecretString) -> Self {
        Self {
            access_token,
            client_id: None,
            secret: None,
            timeout: None,
            max_retries: None,
            headers: Vec::new(),
        }
    }
}

/// How a call ended, and after how much.
#[derive(Debug)]
pub struct Outcome {
    /// The reply, or why there is none.
    pub result: Result<Reply, Error>,
    /// How many requests were begun: 0 if the input was refused.
    pub attempts: u32,
    /// The HTTP status of the last reply, if one came.
    pub status: Option<u16>,
}

impl Client {
    /// Makes a client; no connection is opened yet.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        let (peer, uri) = match &config.gateway {
            Some(gateway) => (Peer::Gateway, config::gateway_url(&gateway.url)?),
            None => {
                let base_url = config.base_url.as_deref();
                let uri = config::operation_url(base_url.unwrap_or(config::DEFAULT_BASE_URL))?;
                (Peer::Plaid, uri)
            }
        };
        let tls = tls_config(&config, uri.scheme() == Some(&Scheme::HTTPS))?;
        let connector = connector(&uri, &config, tls)?;
        let shared = Shared {
            pool: Pool::new(uri, connector),
            room: Semaphore::new(AT_ONCE),
            peer,
            headers: prepared_headers(peer, &config)?,
            client_id: config.client_id,
            secret: config.secret,
            gateway_token: config.gateway.and_then(|gateway| gateway.token),
            timeout: config.timeout,
            max_retries: config.max_retries,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The host, and the port where one was given, that calls go to.
    pub fn host(&self) -> &str {
        self.shared.pool.host()
    }

    /// Forces the Item into `ITEM_LOGIN_REQUIRED`. Dropping the future ends the call and closes
    /// its connection.
    pub async fn reset_login(&self, call: ResetLogin) -> Outcome {
        let mut progress = Progress::default();
        let time_limit = call.timeout.unwrap_or(self.shared.timeout);
        let deadline = Instant::now() + time_limit;
        let attempts = self.attempt_repeatedly(&call, deadline, &mut progress);
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
        }
    }

    async fn attempt_repeatedly(
        &self,
        call: &ResetLogin,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Result<Reply, Error> {
        check_token(&call.access_token)?;
        let max_retries = call.max_retries.unwrap_or(self.shared.max_retries);
        loop {
            let failed = {
                let _room = Room::find(&self.shared.room).await;
                // Boxed, so that a call that waits for room is small: a thousand of them are then
                // no burden on the processor's caches.
                match Box::pin(self.attempt(call, progress)).await {
                    Ok(reply) => return Ok(reply),
                    Err(failed) => failed,
                }
            };
            let wait = failed
                .retry_after
                .unwrap_or_else(|| backoff(progress.attempts));
            let last_try = progress.attempts > max_retries;
            // A wait that outlasts the deadline would only turn a telling error into a timeout.
            let in_time = Instant::now()
                .checked_add(wait)
                .is_some_and(|next| next < deadline);
            if last_try || !failed.error.retryable() || !in_time {
                return Err(failed.error);
            }
            progress.last = Some(failed.error);
            sleep(wait).await;
        }
    }

    async fn attempt(&self, call: &ResetLogin, progress: &mut Progress) -> Result<Reply, Failed> {
        let client = &*self.shared;
        let headers = headers(client, call)?;
        let body = wire::body(client.peer, call);

        progress.attempts += 1;
        progress.status = None;
        let no_reply = |error: BoxError| connection_error(self.host(), &*error);
        let (response, lease) = client.pool.post(headers, body).await.map_err(no_reply)?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        progress.status = Some(status);
        let retry_after = match status {
            429 | 503 => head.headers.get(RETRY_AFTER).and_then(seconds_to_wait),
            _ => None,
        };
        let failed = |error| Failed { error, retry_after };

        // Told before it is read: a body announced as too long is not fetched at all.
        if body.size_hint().lower() > MAX_REPLY as u64 {
            return Err(failed(too_long(status)));
        }
        let body = match Limited::new(body, MAX_REPLY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(failed(too_long(status))),
            Err(error) => return Err(no_reply(error).into()),
        };
        client.pool.give_back(lease);
        wire::reply(client.peer, status, &body, || secrets(client, call)).map_err(failed)
    }
}

/// Longer than any reply of Plaid's; what exceeds it is not Plaid.
const MAX_REPLY: usize = 1 << 20;

/// How many requests are under way at once, to begin with. Over HTTP/1.1 each has a connection, and
/// past some sixty connections a fast server is served no faster, only at more cost per request.
const AT_ONCE: usize = 64;

/// How long a request waits for another to end before there is room for one more, for good: the
/// server is slow then, and its slowness must not hold up calls.
const PATIENCE: Duration = Duration::from_millis(200);

/// Leave to have a request under way; dropping it passes the leave on.
struct Room<'a>(&'a Semaphore);

impl<'a> Room<'a> {
    async fn find(room: &'a Semaphore) -> Self {
        if let Ok(permit) = room.try_acquire() {
            permit.forget();
        } else if let Ok(Ok(permit)) = timeout(PATIENCE, room.acquire()).await {
            permit.forget();
        }
        Self(room)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

fn too_long(status: u16) -> Error {
    wire::unexpected(status, "is longer than 1 MiB, and was not read to its end")
}

fn prepared_headers(peer: Peer, config: &Config) -> Result<HeaderMap, UsageError> {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("utdk-plaid/", env!("CARGO_PKG_VERSION"))),
    );
    if peer == Peer::Plaid {
        headers.insert("plaid-version", HeaderValue::from_static("2020-09-14"));
    }
    config::add_headers(&mut headers, &config.headers)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

/// The headers of one call.
fn headers(client: &Shared, call: &ResetLogin) -> Result<HeaderMap, UsageError> {
    let mut headers = client.headers.clone();
    config::add_headers(&mut headers, &call.headers)?;
    add_credentials(&mut headers, client, call)?;
    Ok(headers)
}

/// What must not show in an error of this call.
fn secrets(client: &Shared, call: &ResetLogin) -> Vec<SecretString> {
    let given = [
        Some(&call.access_token),
        call.client_id.as_ref(),
        call.secret.as_ref(),
        client.client_id.as_ref(),
        client.secret.as_ref(),
        client.gateway_token.as_ref(),
    ];
    wire::secrets(&given, &headers(client, call).unwrap_or_default())
}

/// Refuses a token of another environment here, where it costs nothing and leaks nothing.
fn check_token(token: &SecretString) -> Result<(), UsageError> {
    let refuse = |code, problem: &str| Err(UsageError::new(code, "access_token", problem));
    match token.expose_secret() {
        "" => refuse(
            "INVALID_FIELD",
            "access_token is empty: pass the Item's access token",
        ),
        token if token.starts_with("access-sandbox-") => Ok(()),
        token
            if token.starts_with("access-production-")
                || token.starts_with("access-development-") =>
        {
            refuse(
                "NOT_A_SANDBOX_TOKEN",
                "access_token belongs to a real Item: this operation exists only in the Sandbox, so nothing was sent",
            )
        }
        _ => refuse(
            "NOT_A_SANDBOX_TOKEN",
            "access_token is not a Sandbox token: it must begin with access-sandbox-",
        ),
    }
}

/// Writes the credentials that do not travel in the body: the client's own to Plaid, the bearer
/// token to a gateway, which holds Plaid's itself.
fn add_credentials(
    headers: &mut HeaderMap,
    client: &Shared,
    call: &ResetLogin,
) -> Result<(), UsageError> {
    let mut add = |name: HeaderName, field, prefix, secret: &SecretString| {
        let Some(value) = wire::secret_header(prefix, secret) else {
            return Err(UsageError::new(
                "INVALID_FIELD",
                field,
                format!(
                    "{field} has a character that an HTTP header cannot carry, such as a newline"
                ),
            ));
        };
        headers.insert(name, value);
        Ok(())
    };
    if client.peer == Peer::Gateway {
        return match &client.gateway_token {
            Some(token) => add(AUTHORIZATION, "gateway.token", "Bearer ", token),
            None => Ok(()),
        };
    }
    let missing = |field, name, variable| {
        UsageError::new(
            "MISSING_CREDENTIALS",
            field,
            format!("no {field}: pass {name} to createPlaidClient, or set {variable}"),
        )
    };
    match (&call.client_id, &client.client_id) {
        (Some(_), _) => {}
        (None, Some(id)) => add(PLAID_CLIENT_ID, "clientId", "", id)?,
        (None, None) => return Err(missing("clientId", "it", "PLAID_CLIENT_ID")),
    }
    match (&call.secret, &client.secret) {
        (Some(_), _) => Ok(()),
        (None, Some(secret)) => add(PLAID_SECRET, "secret", "", secret),
        (None, None) => Err(missing("secret", "it", "PLAID_SECRET")),
    }
}

const PLAID_CLIENT_ID: HeaderName = HeaderName::from_static("plaid-client-id");
const PLAID_SECRET: HeaderName = HeaderName::from_static("plaid-secret");

/// What is known of a call while it runs; it outlives the deadline.
#[derive(Default)]
struct Progress {
    attempts: u32,
    status: Option<u16>,
    last: Option<Error>,
}

/// A failed attempt, and how long the server asks to be left alone.
struct Failed {
    error: Error,
    retry_after: Option<Duration>,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            retry_after: None,
        }
    }
}

/// Exponential with full jitter: anything from nothing to half a second after the first attempt,
/// to one second after the second, and so on up to eight.
fn backoff(attempts: u32) -> Duration {
    let ceiling = Duration::from_millis(500) * 2_u32.pow(attempts.saturating_sub(1).min(4));
    ceiling.mul_f64(fastrand::f64())
}

/// `Retry-After` in either of its forms: seconds, or a date. One in the past asks for no wait.
fn seconds_to_wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}
