//! The client: its settings checked once, its connections shared by all of its calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Method, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::call::{self, Outcome, Shared};
use crate::concurrency::Concurrency;
use crate::config::Config;
use crate::connect::{BoxError, connector, proxy_for};
use crate::credentials::Credentials;
use crate::diagnosis::connection_error;
use crate::error::{Error, UsageError};
use crate::headers;
use crate::pool::Pool;
use crate::request::ResetLogin;
use crate::target;
use crate::trust::tls_config;
use crate::wire::Peer;

/// A pool of connections to one host, and the credentials to use there. Cheap to clone.
///
/// [`Client::reset_login`] must run on a tokio runtime; making a client need not.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Shared,
    probe: (Method, Uri),
    /// Host and port.
    proxy: Option<String>,
}

/// The response to [`Client::probe`].
#[derive(Debug)]
pub struct ProbeReply {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty if it is longer than 64 KiB, which neither Plaid nor a gateway sends.
    pub body: Bytes,
}

const MAX_PROBE_REPLY: usize = 64 << 10;

impl Client {
    /// Makes a client; no connection is opened yet.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        let (peer, uri, probe) = match &config.gateway {
            Some(gateway) => (
                Peer::Gateway,
                target::gateway_url(&gateway.url)?,
                (Method::GET, target::health_url(&gateway.url)?),
            ),
            None => {
                let base_url = config.base_url.as_deref();
                let uri = target::operation_url(base_url.unwrap_or(target::DEFAULT_BASE_URL))?;
                (Peer::Plaid, uri.clone(), (Method::POST, uri))
            }
        };
        let tls = tls_config(&config, uri.scheme() == Some(&Scheme::HTTPS))?;
        let connector = connector(&uri, &config, tls)?;
        let proxy = proxy_for(&uri, &config)?;
        let shared = Shared {
            pool: Pool::new(&uri, connector),
            concurrency: Concurrency::new(),
            peer,
            uri,
            headers: headers::of_client(peer, &config.headers)?,
            credentials: Credentials {
                client_id: config.client_id,
                secret: config.secret,
                gateway_token: config.gateway.and_then(|gateway| gateway.token),
            },
            timeout: config.timeout,
            max_retries: config.max_retries,
            retry_rate_limits: config.retry_rate_limits,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                probe,
                proxy: proxy.and_then(|proxy| Some(proxy.uri().authority()?.to_string())),
            }),
        })
    }

    /// The host that calls go to, with the port if one was given.
    pub fn host(&self) -> &str {
        self.inner.shared.host()
    }

    /// Scheme, host and port that calls go to.
    pub fn origin(&self) -> String {
        let scheme = self.inner.shared.uri.scheme_str().unwrap_or_default();
        format!("{scheme}://{}", self.host())
    }

    /// Host and port of the proxy that calls go through, if any.
    pub fn proxy(&self) -> Option<&str> {
        self.inner.proxy.as_deref()
    }

    /// Forces the Item into `ITEM_LOGIN_REQUIRED`. Dropping the future cancels the call and closes
    /// its connection.
    pub async fn reset_login(&self, call: ResetLogin) -> Outcome {
        call::run(&self.inner.shared, &call).await
    }

    /// Sends one harmless request without credentials or retries, over the connections that calls
    /// use. Plaid receives the operation with an empty body, and refuses it with an error of its
    /// own; a gateway receives `GET /healthz`. Any status is a reply.
    ///
    /// # Errors
    ///
    /// [`Error::Connection`] or [`Error::Timeout`].
    pub async fn probe(&self, time_limit: Duration) -> Result<ProbeReply, Error> {
        match timeout(time_limit, self.send_probe()).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                timeout_ms: time_limit.as_millis() as u64,
                last: None,
            }),
        }
    }

    async fn send_probe(&self) -> Result<ProbeReply, Error> {
        let client = &self.inner.shared;
        let (method, uri) = self.inner.probe.clone();
        let body = match method {
            Method::POST => Bytes::from_static(b"{}"),
            _ => Bytes::new(),
        };
        let headers = headers::of_client(client.peer, &[])?;
        let failed = |error: BoxError| connection_error(client.host(), &*error);
        let sent = client.pool.send(method, &uri, headers, body).await;
        let (response, lease) = sent.map_err(failed)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_PROBE_REPLY);
        let body = match body.collect().await {
            Ok(body) => {
                client.pool.give_back(lease);
                body.to_bytes()
            }
            Err(error) if error.is::<LengthLimitError>() => Bytes::new(),
            Err(error) => return Err(failed(error).into()),
        };
        Ok(ProbeReply { status, body })
    }
}
