//! The settings of a gateway, and the checks before it starts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use utdk_plaid_local::{Origin, is_loopback_ip};

use crate::{credentials::Pair, error::GatewayError};

/// The settings of a [`Gateway`](crate::Gateway). All have defaults; use struct update.
pub struct Config {
    /// The address to listen on. Default: 127.0.0.1. Any address that is not loopback needs a
    /// `token`.
    pub host: IpAddr,
    /// The port to listen on. Default: 0, which takes a free port.
    pub port: u16,
    /// The client that makes the calls to Plaid: base URL, timeout, retries, certificates, proxy.
    /// Its own credentials and gateway are not used. Default: without retries, because callers retry,
    /// and retries of both multiply.
    pub client: utdk_plaid_client::Config,
    /// Plaid's credentials. Without them callers bring their own, or a console sets them.
    pub credentials: Option<Pair>,
    /// The token that callers must send as `Authorization: Bearer …`. Default: none.
    pub token: Option<SecretString>,
    /// Origins whose pages may call, such as `http://localhost:5173`, in addition to the gateway's
    /// own.
    pub allow_origins: Vec<String>,
    /// The limit on calls to Plaid at once. Default: 64.
    pub max_in_flight: usize,
    /// The limit on calls that wait for one of those. Default: 256. Further calls get a 503.
    pub max_waiting: usize,
    /// The limit on open connections. Default: 1024. At the limit, the connection that has been idle
    /// for the longest time is closed. A limit on open files of the process can lower it.
    pub max_connections: usize,
    /// The limit on calls of one IP address. Default: 10 a second, and bursts of 20.
    pub rate_limit: Option<RateLimit>,
    /// How long calls in flight may take after the gateway was stopped. Default: 30 s.
    pub grace: Duration,
    /// The URL of the local Sandbox that the calls go to, for the console. Default: none.
    pub sandbox_url: Option<String>,
}

/// The limit on calls of one IP address.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// Calls a second, on average.
    pub per_second: NonZeroU32,
    /// Calls at once.
    pub burst: NonZeroU32,
}

impl RateLimit {
    /// A limit with a burst of twice `per_second`.
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

impl Config {
    /// The limit on connections that leaves file descriptors for the calls to Plaid and the rest of
    /// the process.
    pub(crate) fn connection_limit(&self) -> usize {
        let reserved = self.max_in_flight.saturating_add(RESERVED_DESCRIPTORS);
        match descriptor_limit() {
            Some(limit) => self
                .max_connections
                .min(limit.saturating_sub(reserved).max(MIN_CONNECTIONS)),
            None => self.max_connections,
        }
    }

    /// Checks what can be wrong before a port is taken.
    pub(crate) fn check(&self) -> Result<(), GatewayError> {
        let setting = |field, message: &str| {
            Err(GatewayError::Setting {
                field,
                message: format!("{field} {message}"),
            })
        };
        if !is_loopback_ip(self.host) && self.token.is_none() {
            let address = SocketAddr::from((self.host, self.port));
            return Err(GatewayError::TokenMissing { address });
        }
        if !self.allow_origins.iter().all(|origin| is_origin(origin)) {
            return setting(
                "allowOrigins",
                "must name origins: scheme, host and port only, such as http://localhost:5173",
            );
        }
        if self.max_in_flight == 0 {
            return setting("maxInFlight", "must be at least 1");
        }
        if self.max_connections == 0 {
            return setting("maxConnections", "must be at least 1");
        }
        match &self.token {
            Some(token) if !is_bearer_token(token) => setting(
                "token",
                "must have at least 16 characters, none of them a space, a control character or \
                 outside ASCII",
            ),
            _ => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            client: utdk_plaid_client::Config {
                max_retries: 0,
                ..utdk_plaid_client::Config::default()
            },
            credentials: None,
            token: None,
            allow_origins: Vec::new(),
            max_in_flight: 64,
            max_waiting: 256,
            max_connections: 1024,
            rate_limit: Some(RateLimit::default()),
            grace: Duration::from_secs(30),
            sandbox_url: None,
        }
    }
}

/// Omits every field that may hold a credential.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// File descriptors for everything but connections of callers and to Plaid.
const RESERVED_DESCRIPTORS: usize = 64;

/// With very few file descriptors, accepting fails before this limit is reached.
const MIN_CONNECTIONS: usize = 16;

/// The process's limit on open files, if it has one.
fn descriptor_limit() -> Option<usize> {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit.current.and_then(|limit| usize::try_from(limit).ok())
    }
    #[cfg(not(unix))]
    None
}

/// A pattern such as `http://*.example.com` parses as an origin, but no browser sends it.
fn is_origin(text: &str) -> bool {
    !text.contains('*') && Origin::parse(text).is_some()
}

fn is_bearer_token(token: &SecretString) -> bool {
    let token = token.expose_secret();
    token.len() >= MIN_TOKEN_LENGTH && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A shorter token could be guessed.
const MIN_TOKEN_LENGTH: usize = 16;
