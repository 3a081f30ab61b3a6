//! The call itself: one request, its deadline, and its retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::uri::Scheme;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use secrecy::SecretString;
use tokio::time::{Instant, sleep, timeout_at};

use crate::config::{self, Config};
use crate::connect::{BoxError, connector};
use crate::credentials::{Credentials, check_token};
use crate::diagnosis::connection_error;
use crate::error::{Error, UsageError};
use crate::pool::Pool;
use crate::retry::{Failed, backoff, seconds_to_wait};
use crate::room::Room;
use crate::trust::tls_config;
use crate::wire::{self, Peer, Reply};

/// A pool of connections to one host, with the credentials to use there. Cheap to clone.
///
/// [`Client::reset_login`] must run on a tokio runtime; making a client need not.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Arc<Pool>,
    room: Room,
    peer: Peer,
    /// Everything but the credentials.
    headers: HeaderMap,
    credentials: Credentials,
    timeout: Duration,
    max_retries: u32,
}

/// The input of one call, and what it sets differently from its [`Client`].
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

/// Without what may hold a credential, as a header may.
impl fmt::Debug for ResetLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLogin")
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
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
            room: Room::new(),
            peer,
            headers: prepared_headers(peer, &config)?,
            credentials: Credentials {
                client_id: config.client_id,
                secret: config.secret,
                gateway_token: config.gateway.and_then(|gateway| gateway.token),
            },
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
        let deadline = Instant::now() + time_limit.min(A_YEAR);
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
                let _place = self.shared.room.enter().await;
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
        let headers = self.headers(call)?;
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
        let secrets = || {
            let headers = self.headers(call).unwrap_or_default();
            client.credentials.secrets(call, &headers)
        };
        wire::reply(client.peer, status, &body, secrets).map_err(failed)
    }

    fn headers(&self, call: &ResetLogin) -> Result<HeaderMap, UsageError> {
        let client = &*self.shared;
        let mut headers = client.headers.clone();
        config::add_headers(&mut headers, &call.headers)?;
        client.credentials.add_to(&mut headers, client.peer, call)?;
        Ok(headers)
    }
}

/// Past any deadline that is meant: a longer one could not be added to the clock.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Longer than any reply of Plaid's; what exceeds it is not Plaid.
const MAX_REPLY: usize = 1 << 20;

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

/// What is known of a call while it runs; it outlives the deadline.
#[derive(Default)]
struct Progress {
    attempts: u32,
    status: Option<u16>,
    last: Option<Error>,
}
