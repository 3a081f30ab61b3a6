//! Sends requests over reqwest's connections, and replaces those that no longer answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::header::{CONNECTION, HeaderMap, HeaderName};
use http::{Method, Version};
use reqwest::redirect::Policy;
use reqwest::{Body, Proxy, Request, Response};
use rustls::ClientConfig;
use tokio::time::Instant;
use url::Url;

use crate::concurrency::Concurrency;
use crate::config::Config;
use crate::dial::{DialLayer, Dialling, waiting};
use crate::error::UsageError;
use crate::proxy::{proxy_for, unusable_proxy};
use crate::resolve::Resolver;
use crate::target;

/// Shorter than the idle limit that load balancers commonly have (60 s), so that we close first.
const LONGEST_IDLE: Duration = Duration::from_secs(50);

/// A connection is given up this long before the server's own idle limit, as undici does: a request
/// that arrives when the server closes is lost.
const BEFORE_THE_SERVER: Duration = Duration::from_secs(1);

/// PINGs find out that an HTTP/2 connection is dead, an idle one also.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// TCP keep-alive finds out that an HTTP/1.1 connection died while it was idle.
const PROBE_AFTER: Duration = Duration::from_secs(15);
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;

/// How long sent data may stay unacknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// The connections of a client to its one host.
pub(crate) struct Transport {
    settings: Settings,
    current: Mutex<Arc<Connections>>,
}

struct Settings {
    is_http: bool,
    tls: ClientConfig,
    resolver: Resolver,
    proxy: Option<Url>,
    dialling: Arc<Dialling>,
}

/// A pool of connections, used until it is replaced. Requests in flight finish on it.
pub(crate) struct Connections {
    client: reqwest::Client,
    dialling: Arc<Dialling>,
    /// How long a connection stays open without a request.
    longest_idle: Duration,
    made: Instant,
    /// When the last response started, in microseconds after `made`.
    received: AtomicU64,
    shorter_idle: OnceLock<ShorterIdle>,
}

/// The server closes idle connections earlier than the pool does.
struct ShorterIdle {
    limit: Duration,
    /// Before then, no connection can have been idle for longer than `limit`.
    replace_at: Instant,
}

impl Transport {
    /// The transport to `target`; nothing is opened yet.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if the proxy's URL cannot be used.
    pub(crate) fn new(
        target: &Url,
        config: &Config,
        concurrency: Arc<Concurrency>,
        mut tls: ClientConfig,
    ) -> Result<Self, UsageError> {
        let is_http = target.scheme() == "http";
        let proxy = proxy_for(target, config)?;
        let port = proxy.as_ref().unwrap_or(target).port_or_known_default();
        let resolver = Resolver::new(port.unwrap_or_default(), is_http);
        // reqwest leaves a configuration that it did not make as it is.
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let dialling = Dialling::new(
            config.connect_timeout,
            is_http,
            concurrency,
            resolver.clone(),
        );
        let settings = Settings {
            is_http,
            tls,
            resolver,
            proxy,
            dialling: Arc::new(dialling),
        };
        let connections = settings.connections(LONGEST_IDLE)?;
        Ok(Self {
            settings,
            current: Mutex::new(connections),
        })
    }

    /// Host and port of the proxy, if any.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.settings.proxy.as_ref().map(target::authority)
    }

    /// Whether the server speaks HTTP/2, as far as is known.
    pub(crate) fn is_http2(&self) -> bool {
        self.settings.dialling.is_http2()
    }

    /// The connections for the next request.
    pub(crate) fn connections(&self) -> Arc<Connections> {
        let mut current = self.current();
        let limit = match current.shorter_idle.get() {
            Some(shorter) if shorter.replace_at <= Instant::now() => Some(shorter.limit),
            _ => None,
        };
        if let Some(limit) = limit {
            self.replace(&mut current, limit);
        }
        current.clone()
    }

    /// Stops using `connections` if no response started since `since`, when a request was sent that
    /// timed out: the path may be dead.
    pub(crate) fn retire_if_silent(&self, connections: &Arc<Connections>, since: Instant) {
        let mut current = self.current();
        if Arc::ptr_eq(&current, connections) && !connections.has_received_since(since) {
            self.settings.resolver.forget();
            self.replace(&mut current, connections.longest_idle);
        }
    }

    fn replace(&self, current: &mut Arc<Connections>, longest_idle: Duration) {
        // The same settings made the first pool: they cannot fail now.
        if let Ok(connections) = self.settings.connections(longest_idle) {
            self.settings.dialling.all_closed();
            *current = connections;
        }
    }

    fn current(&self) -> MutexGuard<'_, Arc<Connections>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    fn connections(&self, longest_idle: Duration) -> Result<Arc<Connections>, UsageError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(self.resolver.clone())
            .connector_layer(DialLayer(self.dialling.clone()))
            // Proxies of the system do not apply: only the settings do.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .pool_idle_timeout(longest_idle)
            .tcp_nodelay(true)
            .tcp_keepalive(PROBE_AFTER)
            .tcp_keepalive_interval(PROBE_INTERVAL)
            .tcp_keepalive_retries(PROBES)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .http2_keep_alive_while_idle(true);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        {
            builder = builder.tcp_user_timeout(UNACKNOWLEDGED);
        }
        if self.is_http {
            builder = builder.http1_only();
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(Proxy::all(proxy.clone()).map_err(|_| unusable_proxy())?);
        }
        let client = builder.build().expect("TLS and DNS are configured");
        Ok(Arc::new(Connections {
            client,
            dialling: self.dialling.clone(),
            longest_idle,
            made: Instant::now(),
            received: AtomicU64::new(0),
            shorter_idle: OnceLock::new(),
        }))
    }
}

impl Connections {
    /// Sends a request, and waits until its response starts.
    ///
    /// # Errors
    ///
    /// reqwest's error, without the URL.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: impl Into<Body>,
    ) -> reqwest::Result<Response> {
        let mut request = Request::new(method, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let response = match waiting(self.client.execute(request)).await {
            Ok(response) => response,
            Err(error) => {
                if !error.is_connect() {
                    self.lost();
                }
                return Err(error.without_url());
            }
        };
        if closes(&response) {
            self.lost();
        }
        let received = micros(self.made.elapsed());
        self.received.store(received, Ordering::Relaxed);
        self.heed_keep_alive(&response);
        Ok(response)
    }

    /// The connection of a request was closed.
    pub(crate) fn lost(&self) {
        if !self.dialling.is_http2() {
            self.dialling.closed();
        }
    }

    /// Heeds `Keep-Alive: timeout=…`. The limit of a pool cannot change, so another pool with a
    /// shorter one takes over, as soon as a connection of this pool can be idle for too long.
    fn heed_keep_alive(&self, response: &Response) {
        if response.version() != Version::HTTP_11 {
            return;
        }
        let hint = response.headers().get(KEEP_ALIVE);
        let limit = hint.and_then(|value| keep_alive_limit(value.to_str().ok()?));
        if let Some(limit) = limit
            && limit < self.longest_idle
        {
            let _ = self.shorter_idle.set(ShorterIdle {
                limit,
                replace_at: Instant::now() + limit,
            });
        }
    }

    fn has_received_since(&self, since: Instant) -> bool {
        let since = micros(since.saturating_duration_since(self.made));
        self.received.load(Ordering::Relaxed) > since
    }
}

/// Whether the connection closes after this response.
fn closes(response: &Response) -> bool {
    let mut options = response.headers().get_all(CONNECTION).iter();
    response.version() == Version::HTTP_10
        || options.any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The idle limit in a `Keep-Alive` header, less [`BEFORE_THE_SERVER`].
fn keep_alive_limit(hint: &str) -> Option<Duration> {
    let parameters = hint.split(',').filter_map(|part| part.split_once('='));
    let (_, seconds) = parameters
        .into_iter()
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    let limit = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(limit.saturating_sub(BEFORE_THE_SERVER))
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}
