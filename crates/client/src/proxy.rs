//! The proxy of a client: its URL, and the hosts that `NO_PROXY` excludes from it.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::config::Config;
use crate::error::UsageError;
use crate::target::is_loopback;

/// The port of a SOCKS proxy whose URL has none (RFC 1928 §3).
const SOCKS_PORT: u16 = 1080;

/// The URL of the proxy for `target`, if any. Loopback never goes through a proxy: the proxy's own
/// loopback is another machine.
///
/// # Errors
///
/// A [`UsageError`] if the proxy's URL cannot be used, or the proxy cannot be asked for `target`.
pub(crate) fn proxy_for(target: &Url, config: &Config) -> Result<Option<Url>, UsageError> {
    let proxy = match &config.https_proxy {
        Some(proxy) if !is_loopback(target) => parse(proxy.expose_secret())?,
        _ => return Ok(None),
    };
    if is_excluded(target, config.no_proxy.as_deref().unwrap_or_default()) {
        return Ok(None);
    }
    // reqwest takes the brackets for a part of the name in the certificate.
    if let Some(Host::Ipv6(_)) = target.host() {
        return Err(UsageError::new(
            "INVALID_PROXY",
            "HTTPS_PROXY",
            "HTTPS_PROXY cannot be used for an IPv6 address: give a host name, or add the address to NO_PROXY",
        ));
    }
    Ok(Some(proxy))
}

/// Parses a proxy's URL; without a scheme, it is that of an HTTP proxy.
fn parse(proxy: &str) -> Result<Url, UsageError> {
    let text = match proxy.contains("://") {
        true => proxy.to_owned(),
        false => format!("http://{proxy}"),
    };
    let mut url = Url::parse(&text).map_err(|_| unusable_proxy())?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(unusable_proxy());
    }
    match url.scheme() {
        "http" | "https" => {}
        // The proxy resolves the name in both, so that no lookup blocks the I/O thread.
        "socks5" | "socks5h" => {
            let port = url.port().unwrap_or(SOCKS_PORT);
            url.set_scheme("socks5h").map_err(|()| unusable_proxy())?;
            url.set_port(Some(port)).map_err(|()| unusable_proxy())?;
        }
        _ => return Err(unusable_proxy()),
    }
    Ok(url)
}

pub(crate) fn unusable_proxy() -> UsageError {
    UsageError::new(
        "INVALID_PROXY",
        "HTTPS_PROXY",
        "HTTPS_PROXY is not a proxy URL this client can use: give http://, https://, socks5:// or socks5h://, then host:port",
    )
}

/// Whether `NO_PROXY` excludes `target`: what undici 7 or curl excludes, is excluded. Entries are
/// separated by commas or spaces.
///
/// | entry | excludes |
/// |---|---|
/// | `*` | every host |
/// | `corp.test`, `.corp.test`, `*.corp.test` | `corp.test` and the names below it |
/// | `10.1.2.3`, `fd00::1`, `[fd00::1]` | this address |
/// | `10.1.2.*` | the addresses that start with `10.1.2.` |
/// | `10.0.0.0/8`, `fd00::/8` | the addresses of this network |
/// | any of these, then `:8443` | the same, at this port only |
fn is_excluded(target: &Url, no_proxy: &str) -> bool {
    let Some(host) = target.host() else {
        return false;
    };
    let port = target.port_or_known_default();
    no_proxy
        .split(|char: char| char == ',' || char.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            let (pattern, only_port) = split_port(entry);
            (only_port.is_none() || only_port == port) && matches(&host, pattern)
        })
}

/// Splits `host:port`; an IPv6 address has a port only after brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let is_bare_ipv6 = !entry.starts_with('[') && entry.matches(':').count() > 1;
    match entry.rsplit_once(':') {
        Some((host, port)) if !is_bare_ipv6 => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn matches(host: &Host<&str>, pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match host {
        Host::Domain(name) => is_name_below(name, pattern),
        Host::Ipv4(ip) => is_in((*ip).into(), pattern) || is_wildcard_of(&ip.to_string(), pattern),
        Host::Ipv6(ip) => is_in((*ip).into(), pattern),
    }
}

fn is_name_below(name: &str, pattern: &str) -> bool {
    let pattern = pattern.strip_prefix('*').unwrap_or(pattern);
    let pattern = pattern.strip_prefix('.').unwrap_or(pattern);
    let (name, pattern) = (
        name.trim_end_matches('.'),
        pattern.trim_end_matches('.').to_ascii_lowercase(),
    );
    match name.strip_suffix(pattern.as_str()) {
        Some(rest) if !pattern.is_empty() => rest.is_empty() || rest.ends_with('.'),
        _ => false,
    }
}

fn is_in(ip: IpAddr, pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches('[').trim_end_matches(']');
    match (pattern.parse::<IpAddr>(), pattern.parse::<IpNet>()) {
        (Ok(other), _) => other.to_canonical() == ip.to_canonical(),
        (_, Ok(network)) => network.contains(&ip),
        _ => false,
    }
}

/// Whether `pattern` is the start of an address, up to a dot, and a `*`.
fn is_wildcard_of(ip: &str, pattern: &str) -> bool {
    let start = pattern.strip_suffix('*');
    start.is_some_and(|start| start.ends_with('.') && ip.starts_with(start))
}
