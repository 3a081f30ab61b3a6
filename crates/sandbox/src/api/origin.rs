//! The origin under which a client reaches the Sandbox.

use hyper::HeaderMap;

/// `http://` and the request's `Host`, or `url` without one: in a container the Sandbox is reached
/// under another name than its own.
pub(crate) fn origin(url: &str, headers: &HeaderMap) -> String {
    match utdk_plaid_local::host(headers) {
        Ok(Some(host)) => format!("http://{}", host.as_str()),
        _ => url.to_owned(),
    }
}
