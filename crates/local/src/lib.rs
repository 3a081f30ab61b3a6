//! The security rules that the client, the Sandbox and the gateway share: which addresses and names
//! are loopback, which `Host` and `Origin` headers are well formed, and which content types are
//! JSON.
//!
//! The functions take headers and addresses and decide nothing: each server says what it refuses.
//! This crate opens no socket and looks up no name.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr};

use http::{
    HeaderMap,
    header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN},
};
use url::{Host, Url};

/// Whether an address is loopback. An IPv4-mapped IPv6 address (`::ffff:127.0.0.1`) counts as the
/// IPv4 address it connects to.
pub fn is_loopback_ip(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether a URL's host is loopback: an address, or `localhost` and the names below it, which
/// RFC 6761 §6.3 reserves. A name can still resolve elsewhere: check its addresses before use.
pub fn is_loopback(host: Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => is_loopback_ip(ip.into()),
        Host::Ipv6(ip) => is_loopback_ip(ip.into()),
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// A host and an optional port, as in a `Host` header.
pub struct Authority<'a> {
    text: &'a str,
    is_loopback: bool,
}

impl<'a> Authority<'a> {
    /// Parses `host` or `host:port`; nothing for text with user info, a path or other characters.
    pub fn parse(text: &'a str) -> Option<Self> {
        // URL parsing alone would read the host of `user@127.0.0.1` and of `127.0.0.1#.example`.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".:[]-_".contains(&byte);
        if !text.bytes().all(is_allowed) {
            return None;
        }
        let is_loopback = match is_common_loopback(text) {
            Some(is_loopback) => is_loopback,
            None => is_loopback(Url::parse(&format!("http://{text}/")).ok()?.host()?),
        };
        Some(Authority { text, is_loopback })
    }

    /// The text that was parsed.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether the host is loopback, by [`is_loopback`].
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

/// Decides the common spellings without the cost of parsing a URL for each request. Returns `None` for
/// all others.
fn is_common_loopback(text: &str) -> Option<bool> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "0"));
    port.parse::<u16>().ok()?;
    match host.parse::<Ipv4Addr>() {
        Ok(ip) => Some(is_loopback_ip(ip.into())),
        Err(_) => host.eq_ignore_ascii_case("localhost").then_some(true),
    }
}

/// The `Host` header of a request.
///
/// # Errors
///
/// [`Malformed`] if there are several, or one that is not a host with an optional port.
pub fn host(headers: &HeaderMap) -> Result<Option<Authority<'_>>, Malformed> {
    match single(headers, &HOST)? {
        None => Ok(None),
        Some(value) => text(value)
            .and_then(Authority::parse)
            .map(Some)
            .ok_or(Malformed),
    }
}

/// Where a page comes from, as a browser writes it: scheme, host and port.
pub struct Origin<'a> {
    text: &'a str,
    url: Url,
}

impl<'a> Origin<'a> {
    /// Parses an `http` or `https` origin; nothing for `null`, a path or another spelling than a
    /// browser's.
    pub fn parse(text: &'a str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_origin =
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
        is_origin.then_some(Origin { text, url })
    }

    /// The text that was parsed.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether this machine serves the page, by [`is_loopback`].
    pub fn is_loopback(&self) -> bool {
        self.url.host().is_some_and(is_loopback)
    }

    /// Whether the page comes from the server that `host` names. The scheme is not compared: a
    /// proxy in front of a server may end TLS.
    pub fn is_of(&self, host: &Authority<'_>) -> bool {
        self.text
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host.text))
    }
}

/// The `Origin` header of a request; none where no browser sent it.
///
/// # Errors
///
/// [`Malformed`] if there are several, or one that is not an origin (`null` included).
pub fn origin(headers: &HeaderMap) -> Result<Option<Origin<'_>>, Malformed> {
    match single(headers, &ORIGIN)? {
        None => Ok(None),
        Some(value) => text(value)
            .and_then(Origin::parse)
            .map(Some)
            .ok_or(Malformed),
    }
}

/// Whether the body is declared as JSON: one `Content-Type`, `application/json` in any letter case,
/// with or without parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    let declared = single(headers, &CONTENT_TYPE).ok().flatten().and_then(text);
    declared
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

/// A header that is repeated, or does not have the documented form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Malformed> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Malformed),
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
