//! Where requests go: the rules that refuse a dangerous URL before anything is sent.

use http::Uri;
use url::{Position, Url};
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
pub(crate) fn operation_url(base_url: &str) -> Result<Url, UsageError> {
    let url = origin(base_url)?;
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    if (host == "plaid.com" || host.ends_with(".plaid.com")) && host != "sandbox.plaid.com" {
        return Err(UsageError::new(
            "NOT_SANDBOX",
            "baseUrl",
            "baseUrl is a Plaid host other than the Sandbox: this operation exists only at https://sandbox.plaid.com, so nothing was sent",
        ));
    }
    with_path(
        url,
        "/sandbox/item/reset_login",
        "baseUrl",
        "INVALID_BASE_URL",
    )
}

/// The URL of the route for the keys of webhooks below `base_url`, in any environment of Plaid's.
///
/// # Errors
///
/// A [`UsageError`] for anything but a bare `https` origin (or `http` on loopback).
pub(crate) fn key_url(base_url: &str) -> Result<Url, UsageError> {
    with_path(
        origin(base_url)?,
        "/webhook_verification_key/get",
        "baseUrl",
        "INVALID_BASE_URL",
    )
}

/// The URL of the operation's tool route below a gateway's URL.
///
/// # Errors
///
/// A [`UsageError`] for a URL that is neither `https` nor `http` on loopback.
pub(crate) fn gateway_url(gateway: &str) -> Result<Url, UsageError> {
    let url = parse_url(gateway, "gateway.url", "INVALID_GATEWAY")?;
    let prefix = url.path().trim_end_matches('/');
    let path = format!("{prefix}/tools/plaid/sandboxitemresetlogin");
    with_path(url, &path, "gateway.url", "INVALID_GATEWAY")
}

fn origin(base_url: &str) -> Result<Url, UsageError> {
    let url = parse_url(base_url, "baseUrl", "INVALID_BASE_URL")?;
    if !matches!(url.path(), "" | "/") {
        return Err(UsageError::new(
            "INVALID_BASE_URL",
            "baseUrl",
            "baseUrl must not have a path: give scheme, host and port only, such as https://sandbox.plaid.com",
        ));
    }
    Ok(url)
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
        // `resolve` drops addresses that are not loopback when the name is resolved.
        "http" if is_loopback(&url) => Ok(url),
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

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host().is_some_and(local::is_loopback)
}

/// The host, with the port if one was given.
pub(crate) fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

fn with_path(
    mut url: Url,
    path: &str,
    field: &'static str,
    code: &'static str,
) -> Result<Url, UsageError> {
    url.set_path(path);
    match url.as_str().parse::<Uri>() {
        Ok(_) => Ok(url),
        Err(_) => Err(UsageError::new(
            code,
            field,
            format!("{field} is not a URL that HTTP can carry"),
        )),
    }
}
