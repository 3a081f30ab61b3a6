//! The host names of Plaid's Sandbox, under which this one also answers over TLS.

use hyper::HeaderMap;
use utdk_plaid_local::Authority;

/// The host of Plaid's Sandbox (documented).
pub(crate) const API: &str = "sandbox.plaid.com";

/// The host that serves Link (documented).
pub(crate) const CDN: &str = "cdn.plaid.com";

/// Whether a host is one of Plaid's.
pub(crate) fn is_plaids(host: &Authority<'_>) -> bool {
    let name = name(host);
    [API, CDN].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Whether a request is for one of Plaid's hosts.
pub(crate) fn is_for_plaid(headers: &HeaderMap) -> bool {
    let host = utdk_plaid_local::host(headers).ok().flatten();
    host.is_some_and(|host| is_plaids(&host))
}

/// Whether a request is for the host that serves Link.
pub(crate) fn is_for_cdn(headers: &HeaderMap) -> bool {
    let host = utdk_plaid_local::host(headers).ok().flatten();
    host.is_some_and(|host| name(&host).eq_ignore_ascii_case(CDN))
}

/// The name without its port and without the dot that can end it.
fn name<'a>(host: &Authority<'a>) -> &'a str {
    let text = host.as_str();
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    name.strip_suffix('.').unwrap_or(name)
}
