//! The origin under which a client reaches the Sandbox.

use hyper::http::request::Parts;

use crate::plaid::hosts;

/// Among a request's extensions: it came over TLS.
#[derive(Clone)]
pub(crate) struct OverTls;

/// Where pages for a browser are. `http://` and the request's `Host`, or `url` without one: in a
/// container the Sandbox is reached under another name than its own. A browser does not get there
/// under Plaid's names, and does not trust the certificate.
pub(crate) fn origin(url: &str, head: &Parts) -> String {
    match utdk_plaid_local::host(&head.headers) {
        Ok(Some(host)) if !is_over_tls(head) && !hosts::is_plaids(&host) => {
            format!("http://{}", host.as_str())
        }
        _ => url.to_owned(),
    }
}

fn is_over_tls(head: &Parts) -> bool {
    head.extensions.get::<OverTls>().is_some()
}
