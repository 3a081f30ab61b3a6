//! The settings of a client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::log::Log;

/// The settings of a [`Client`](crate::Client). All have defaults; use struct update.
pub struct Config {
    /// Plaid's `client_id`, sent in the `PLAID-CLIENT-ID` header.
    pub client_id: Option<SecretString>,
    /// Plaid's `secret`, sent in the `PLAID-SECRET` header.
    pub secret: Option<SecretString>,
    /// Scheme, host and port of the API; [`DEFAULT_BASE_URL`](crate::DEFAULT_BASE_URL) if `None`.
    pub base_url: Option<String>,
    /// Send calls to a gateway, which holds the credentials, instead of to `base_url`.
    pub gateway: Option<Gateway>,
    /// The deadline of a whole call, retries included. Default 30 s.
    pub timeout: Duration,
    /// How many times a failed attempt is retried. Default 2.
    pub max_retries: u32,
    /// Whether a reply with status 429 is retried. Default `true`. A caller with many calls turns it
    /// off, to wait with all of them at once.
    pub retry_rate_limits: bool,
    /// The limit of one attempt. It is cut off only if half as long again is left for the next one,
    /// and the last attempt has all the time that is left. Default 10 s.
    pub attempt_timeout: Duration,
    /// The limit of opening a connection: TCP, the proxy and TLS. Default 10 s.
    pub connect_timeout: Duration,
    /// How many connections are open at once over HTTP/1.1; further calls wait. At least 1.
    /// Default 256. Over HTTP/2 one connection carries all calls.
    pub max_connections: usize,
    /// Headers added to every request.
    pub headers: Vec<(String, String)>,
    /// PEM certificates trusted in addition to the system's.
    pub ca: Option<String>,
    /// PEM files trusted in addition to the system's; an unreadable file is ignored, as Node does
    /// with `NODE_EXTRA_CA_CERTS`.
    pub extra_ca_files: Vec<PathBuf>,
    /// Read this PEM file instead of the system's roots (`SSL_CERT_FILE`).
    pub system_ca_file: Option<PathBuf>,
    /// URL of the proxy for https requests: `http://`, `https://`, `socks5://` or `socks5h://`,
    /// with credentials if it needs them.
    pub https_proxy: Option<SecretString>,
    /// Hosts to reach without the proxy, in the form of `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// Where attempts are logged; by default nowhere.
    pub log: Option<Log>,
}

/// The settings of a gateway that injects the credentials.
pub struct Gateway {
    /// Where it listens, such as `http://localhost:4000`; may have a path.
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<SecretString>,
}

/// Omits every field that can hold a credential: headers and URLs can.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Config {
    /// Only the proxy and certificate settings: no credentials, base URL or gateway.
    #[must_use]
    pub fn route(&self) -> Self {
        Self {
            ca: self.ca.clone(),
            extra_ca_files: self.extra_ca_files.clone(),
            system_ca_file: self.system_ca_file.clone(),
            https_proxy: self.https_proxy.clone(),
            no_proxy: self.no_proxy.clone(),
            ..Self::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            client_id: None,
            secret: None,
            base_url: None,
            gateway: None,
            timeout: Duration::from_secs(30),
            max_retries: 2,
            retry_rate_limits: true,
            attempt_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            max_connections: 256,
            headers: Vec::new(),
            ca: None,
            extra_ca_files: Vec::new(),
            system_ca_file: None,
            https_proxy: None,
            no_proxy: None,
            log: None,
        }
    }
}
