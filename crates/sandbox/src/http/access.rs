//! Which requests may use the Sandbox's own routes.

use std::net::SocketAddr;

use hyper::{
    HeaderMap,
    header::{HeaderValue, ORIGIN},
};
use utdk_plaid_local::Authority;

use crate::plaid::hosts;

/// Who else may use the control routes.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    /// Callers from other machines.
    pub(crate) remote: bool,
    /// Pages that this machine serves, of any port.
    pub(crate) local_pages: bool,
}

impl Access {
    /// Admits a request to a control route. The routes are for tests on this machine: other machines
    /// need [`Access::remote`], and a page of another site is never admitted. Returns the origin of
    /// a page that [`Access::local_pages`] admits.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    pub(super) fn admit(
        self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Result<Option<&HeaderValue>, &'static str> {
        let Ok(host) = utdk_plaid_local::host(headers) else {
            return Err("the Host header must be one host with an optional port");
        };
        // Pages under these names are an app's, or Link's.
        if host.as_ref().is_some_and(hosts::is_plaids) {
            return Err(
                "the control routes do not answer under Plaid's names; use the Sandbox's URL",
            );
        }
        // A site can point its own name at this machine, so the name matters too.
        let is_local = utdk_plaid_local::is_loopback_ip(peer.ip())
            && host.as_ref().is_some_and(Authority::is_loopback);
        if !is_local && !self.remote {
            return Err(
                "the control routes accept only requests from this machine to a loopback name; \
                 start the Sandbox with --allow-remote-control (allowRemoteControl) to change that",
            );
        }
        if !is_from_another_site(headers) {
            return Ok(None);
        }
        match utdk_plaid_local::origin(headers) {
            Ok(Some(origin)) if is_local && self.local_pages && origin.is_loopback() => {
                Ok(headers.get(ORIGIN))
            }
            _ => Err("the control routes do not accept requests from pages of other sites"),
        }
    }
}

/// Whether the request may come from the page of Link's frame: from the page's own origin, from
/// Plaid's, or from a server of this machine that forwards it. The request
/// also needs a link token or the key of a visit.
pub(super) fn is_from_link(headers: &HeaderMap) -> bool {
    match utdk_plaid_local::origin(headers) {
        Ok(Some(origin))
            if origin.is_loopback()
                || origin.as_str().strip_prefix("https://") == Some(hosts::CDN) =>
        {
            true
        }
        _ => !is_from_another_site(headers),
    }
}

/// Whether a browser says that the request comes from a page of another site.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return true;
    }
    match (
        utdk_plaid_local::origin(headers),
        utdk_plaid_local::host(headers),
    ) {
        (Ok(None), _) => false,
        (Ok(Some(origin)), Ok(Some(host))) => !origin.is_of(&host),
        _ => true,
    }
}
