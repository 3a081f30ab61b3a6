//! What a caller may set, and the rules that refuse a dangerous setting before anything is sent.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::{Scheme, Uri};
use secrecy::SecretString;
use url::{Host, Url};

use crate::error::UsageError;

/// Where Plaid's Sandbox lives.
pub const DEFAULT_BASE_URL: &str = "https://sandbox.plaid.com";

/// The settings of a [`Client`](crate::Client). All have defaults; use struct update.
pub struct Config {
    /// Plaid's `client_id`, sent in the `PLAID-CLIENT-ID` header.
    pub client_id: Option<SecretString>,
    /// Plaid's `secret`, sent in the `PLAID-SECRET` header.
    pub secret: Option<SecretString>,
    /// Scheme, host and port of the API; [`DEFAULT_BASE_URL`] if `None`.
    pub base_url: Option<String>,
    /// Send calls to a gateway, which holds the credentials, instead of to `base_url`.
    pub gateway: Option<Gateway>,
    /// The deadline of a whole call, retries included. Default 30 s.
    pub timeout: Duration,
    /// How often a failed attempt is repeated. Default 2.
    pub max_retries: u32,
    /// Headers added to every request.
    pub headers: Vec<(String, String)>,
    /// PEM certificates trusted beside the system's.
    pub ca: Option<String>,
    /// PEM files trusted beside the system's; one that cannot be read is passed over, as Node
    /// does with `NODE_EXTRA_CA_CERTS`.
    pub extra_ca_files: Vec<PathBuf>,
    /// Read this PEM file instead of the system's roots (`SSL_CERT_FILE`).
    pub system_ca_file: Option<PathBuf>,
    /// URL of the proxy for https requests: `http://`, `https://`, `socks5://` or `socks5h://`,
    /// with credentials if it needs them.
    pub https_proxy: Option<SecretString>,
    /// Hosts to reach without the proxy, in the form of `NO_PROXY`.
    pub no_proxy: Option<String>,
}

/// The settings of a gateway that injects the credentials.
pub struct Gateway {
    /// Where it listens, such as `http://localhost:4000`; may have a path.
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<SecretString>,
}

/// Without what may hold a credential: also a header, and a URL that is refused for it later.
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
    /// The settings of how a server is reached and believed, without credentials, base URL and
    /// gateway.
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
            headers: Vec::new(),
            ca: None,
            extra_ca_files: Vec::new(),
            system_ca_file: None,
            https_proxy: None,
            no_proxy: None,
        }
    }
}

/// The URL of the operation below `base_url`.
///
/// # Errors
///
/// A [`UsageError`] for whatever is not a bare `https` origin (or `http` on loopback) outside
/// Plaid's other environments.
pub(crate) fn operation_url(base_url: &str) -> Result<Uri, UsageError> {
    let url = parse_url(base_url, "baseUrl", "INVALID_BASE_URL")?;
    if !matches!(url.path(), "" | "/") {
        return Err(UsageError::new(
            "INVALID_BASE_URL",
            "baseUrl",
            "baseUrl must not have a path: give scheme, host and port only, such as https://sandbox.plaid.com",
        ));
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    if (host == "plaid.com" || host.ends_with(".plaid.com")) && host != "sandbox.plaid.com" {
        return Err(UsageError::new(
            "NOT_SANDBOX",
            "baseUrl",
            "baseUrl is a Plaid host other than the Sandbox: this operation exists only at https://sandbox.plaid.com, so nothing was sent",
        ));
    }
    to_uri(
        &url,
        "/sandbox/item/reset_login",
        "baseUrl",
        "INVALID_BASE_URL",
    )
}

/// The URL of the operation's tool route below a gateway's URL.
///
/// # Errors
///
/// A [`UsageError`] for a URL that is neither `https` nor `http` on loopback.
pub(crate) fn gateway_url(gateway: &str) -> Result<Uri, UsageError> {
    below_gateway(gateway, "/tools/plaid/sandboxitemresetlogin")
}

/// The URL where a gateway says how it is. Errors are those of [`gateway_url`].
pub(crate) fn health_url(gateway: &str) -> Result<Uri, UsageError> {
    below_gateway(gateway, "/healthz")
}

fn below_gateway(gateway: &str, route: &str) -> Result<Uri, UsageError> {
    let url = parse_url(gateway, "gateway.url", "INVALID_GATEWAY")?;
    let prefix = url.path().trim_end_matches('/');
    let route = format!("{prefix}{route}");
    to_uri(&url, &route, "gateway.url", "INVALID_GATEWAY")
}

fn parse_url(text: &str, field: &'static str, code: &'static str) -> Result<Url, UsageError> {
    let refuse = |problem: &str| Err(UsageError::new(code, field, format!("{field} {problem}")));
    let Ok(url) = Url::parse(text) else {
        return refuse("is not a URL: give one such as https://sandbox.plaid.com");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(
            "must not carry credentials: pass clientId and secret as options of their own",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or a fragment");
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback_host(&url) => Ok(url),
        "http" => Err(UsageError::new(
            "INSECURE_URL",
            field,
            format!(
                "{field} is plain http to another machine, which would send the secret in clear: use https"
            ),
        )),
        _ => refuse("must begin with https:// (or http:// for this machine)"),
    }
}

/// Whether the host is this machine: a loopback address, or `localhost` and names below it, which
/// RFC 6761 reserves for loopback. [`connect`](crate::connect) holds the name to it when resolved.
fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// [`is_loopback_host`] of a URL that [`operation_url`] or [`gateway_url`] made.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    Url::parse(&uri.to_string()).is_ok_and(|url| is_loopback_host(&url))
}

fn to_uri(
    url: &Url,
    path: &str,
    field: &'static str,
    code: &'static str,
) -> Result<Uri, UsageError> {
    let scheme = match url.scheme() {
        "http" => Scheme::HTTP,
        _ => Scheme::HTTPS,
    };
    Uri::builder()
        .scheme(scheme)
        .authority(&url[url::Position::BeforeHost..url::Position::AfterPort])
        .path_and_query(path)
        .build()
        .map_err(|_| {
            UsageError::new(
                code,
                field,
                format!("{field} is not a URL that HTTP can carry"),
            )
        })
}

/// Headers of the message's frame and of the credentials: this crate writes them itself.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "plaid-client-id",
    "plaid-secret",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Adds the caller's headers to `map`, later ones replacing earlier ones of the same name.
///
/// # Errors
///
/// A [`UsageError`] for a name or value that is not HTTP, or a reserved name. It quotes neither.
pub(crate) fn add_headers(
    map: &mut HeaderMap,
    headers: &[(String, String)],
) -> Result<(), UsageError> {
    for (position, (name, value)) in headers.iter().enumerate() {
        let refuse = |problem: String| Err(UsageError::new("INVALID_HEADER", "headers", problem));
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return refuse(format!(
                "the name of header {} is not a valid HTTP header name",
                position + 1
            ));
        };
        if RESERVED.contains(&name.as_str()) {
            return refuse(format!(
                "header {name} is set by the client itself and cannot be given"
            ));
        }
        let Ok(mut value) = HeaderValue::from_str(value) else {
            return refuse(format!(
                "the value of header {} has a character that HTTP does not allow, such as a newline",
                position + 1
            ));
        };
        // Whoever sends a header of their own may send a credential in it.
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(())
}
