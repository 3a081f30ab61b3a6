//! The settings of a gateway, and the handle that starts and stops it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tracing::{dispatcher, subscriber::NoSubscriber};
use url::Url;

use crate::{
    access::Access, credentials::Credentials, credentials::Pair, error::GatewayError,
    metrics::Metrics, routes::Shared, server, upstream::Upstream,
};

/// How a [`Gateway`] is to run. Fill it by struct update.
pub struct Config {
    /// The address to listen on; 127.0.0.1 by default. Any other needs a `token`.
    pub host: IpAddr,
    /// The port to listen on; 0, the default, takes a free one.
    pub port: u16,
    /// The client that makes the calls to Plaid: where Plaid is, deadline, retries, certificates,
    /// proxy. Its own credentials and gateway are not used.
    pub client: utdk_plaid_client::Config,
    /// Plaid's credentials; without them callers bring their own, or a console sets them.
    pub credentials: Option<Pair>,
    /// What callers must send as `Authorization: Bearer …`; none by default.
    pub token: Option<SecretString>,
    /// Origins, beside the gateway's own, whose pages may call, such as `http://localhost:5173`.
    pub allow_origins: Vec<String>,
    /// How many calls go to Plaid at once; 64 by default.
    pub max_in_flight: usize,
    /// How many more may wait for their turn; 256 by default. Others are turned away with 503.
    pub max_waiting: usize,
    /// How often one caller may call; 10 a second, 20 at once, by default. `None` for no limit.
    pub rate_limit: Option<RateLimit>,
    /// For how long calls in flight are waited for when it is stopped; 30 s by default.
    pub grace: Duration,
    /// The local Sandbox that the calls go to, for a console to make Items in and to watch; none by
    /// default.
    pub sandbox_url: Option<String>,
}

/// How often one caller, known by its IP address, may call.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// On average.
    pub per_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl RateLimit {
    /// On average so many a second, and twice as many at once.
    pub fn per_second(per_second: NonZeroU32) -> Self {
        RateLimit {
            per_second,
            burst: per_second.saturating_add(per_second.get()),
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        RateLimit::per_second(NonZeroU32::new(10).expect("not zero"))
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            client: utdk_plaid_client::Config::default(),
            credentials: None,
            token: None,
            allow_origins: Vec::new(),
            max_in_flight: 64,
            max_waiting: 256,
            rate_limit: Some(RateLimit::default()),
            grace: Duration::from_secs(30),
            sandbox_url: None,
        }
    }
}

/// Without what may hold a credential.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// A running gateway. Dropping it stops it at once; [`Gateway::close`] lets it finish.
pub struct Gateway {
    url: String,
    upstream: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Gateway {
    /// Starts a gateway on the tokio runtime of the caller. It answers from the moment this
    /// returns, and logs to the `tracing` subscriber that is in force while it is started.
    ///
    /// # Errors
    ///
    /// A [`GatewayError`] that says which setting to change.
    pub async fn start(config: Config) -> Result<Gateway, GatewayError> {
        let address = SocketAddr::from((config.host, config.port));
        if !config.host.to_canonical().is_loopback() && config.token.is_none() {
            return Err(GatewayError::TokenMissing { address });
        }
        check(&config)?;
        let grace = config.grace;
        let upstream = Upstream::new(config.client, config.max_in_flight, config.max_waiting)?;
        let failed = |source| GatewayError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let is_local = config.host.to_canonical().is_loopback();
        let shared = Arc::new(Shared {
            access: Access::new(
                is_local,
                config.token,
                config.allow_origins,
                config.rate_limit,
            ),
            credentials: Credentials::new(config.credentials),
            upstream,
            metrics: Metrics::new(),
            log: dispatcher::get_default(|log| {
                let is_heard = !log.is::<NoSubscriber>();
                is_heard.then(|| log.clone())
            }),
            sandbox_url: config.sandbox_url,
            requests: 0.into(),
            stopping: false.into(),
        });
        let (stop, stopped) = oneshot::channel();
        let upstream = shared.upstream.host().to_owned();
        let server = tokio::spawn(server::run(listener, shared, grace, stopped));
        Ok(Gateway {
            url: format!("http://{address}"),
            upstream,
            stop,
            server,
        })
    }

    /// `http://127.0.0.1:PORT`: where callers find it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host, and the port where one was given, that its calls go to.
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// Stops it: takes no more calls, finishes those in flight within [`Config::grace`], and
    /// returns once the port is free.
    pub async fn close(self) {
        // Fails only if the server has ended already.
        let _ = self.stop.send(());
        // A panic of the server task has nobody left to matter to.
        let _ = self.server.await;
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("url", &self.url).finish()
    }
}

fn check(config: &Config) -> Result<(), GatewayError> {
    let setting = |field, message: &str| {
        Err(GatewayError::Setting {
            field,
            message: format!("{field} {message}"),
        })
    };
    if !config.allow_origins.iter().all(|origin| is_origin(origin)) {
        return setting(
            "allowOrigins",
            "must name origins: scheme, host and port alone, such as http://localhost:5173",
        );
    }
    if config.max_in_flight == 0 {
        return setting("maxInFlight", "must be at least 1");
    }
    let is_bearer = |token: &SecretString| {
        let token = token.expose_secret();
        token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match &config.token {
        Some(token) if !is_bearer(token) => setting(
            "token",
            "must have at least 16 characters, none of them a space, a control character or \
             outside ASCII",
        ),
        _ => Ok(()),
    }
}

/// One that can be guessed guards nothing.
const SHORTEST_TOKEN: usize = 16;

/// As browsers write one: `null` is none, for any page can have it, and no `*` stands for anything.
fn is_origin(text: &str) -> bool {
    let is_written_so = |url: Url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    };
    !text.contains('*') && Url::parse(text).is_ok_and(is_written_so)
}
