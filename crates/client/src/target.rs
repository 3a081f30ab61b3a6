//! Where requests go: the rules that refuse a dangerous URL before anything is sent.

use http::uri::{Scheme, Uri};
use url::Url;
use utdk_plaid_local as local;

use crate::error::UsageError;

/// Plaid's Sandbox.
pub const DEFAULT_BASE_URL: &str = "https://sandbox.plaid.com";

/// The URL of the operation below `base_url`.
///
/// # Errors
///
/// A [`UsageError`] for anything but a bare `https` origin (or `http` on loopback), and for Plaid's
/// other environments.
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

/// The URL where a gateway reports its health. Errors are those of [`gateway_url`].
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
        return refuse("must not carry credentials: pass clientId and secret as separate options");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or a fragment");
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        // `connect` drops addresses that are not loopback when the name is resolved.
        "http" if url.host().is_some_and(local::is_loopback) => Ok(url),
        "http" => Err(UsageError::new(
            "INSECURE_URL",
            field,
            format!(
                "{field} is plain http to another machine, which would send the secret in clear: use https"
            ),
        )),
        _ => refuse("must start with https:// (or http:// for this machine)"),
    }
}

/// Whether a URL that [`operation_url`] or [`gateway_url`] made leads to this machine.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    Url::parse(&uri.to_string()).is_ok_and(|url| url.host().is_some_and(local::is_loopback))
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
