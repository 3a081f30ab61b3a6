//! Who may call: the checks of `Host`, `Origin`, the token and the rate limit.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use hyper::{
    HeaderMap, Version,
    header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN},
    http::request::Parts,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use utdk_plaid_local::{self as local, Authority, Malformed, Origin};

use crate::{config::RateLimit, refusal::Refusal};

/// Decides which requests may pass.
pub(crate) struct Access {
    /// Whether the gateway listens on loopback only.
    is_local: bool,
    token: Option<SecretString>,
    allow_origins: Vec<String>,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Access {
    pub(crate) fn new(
        is_local: bool,
        token: Option<SecretString>,
        allow_origins: Vec<String>,
        rate_limit: Option<RateLimit>,
    ) -> Self {
        Access {
            is_local,
            token,
            allow_origins,
            limiter: rate_limit.map(|limit| RateLimiter::keyed(quota(limit))),
        }
    }

    pub(crate) fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    /// Checks `Host` and the authority of an absolute-form target. A gateway on loopback accepts only
    /// names of loopback: a web page can point its own domain at 127.0.0.1, and its browser then
    /// treats the gateway as the page's server.
    ///
    /// # Returns
    ///
    /// The host that was called. HTTP/1.0 does not require one, and probes of load balancers send
    /// none, so an open route works without.
    pub(crate) fn check_host<'a>(
        &self,
        head: &'a Parts,
        is_open_route: bool,
    ) -> Result<Option<Authority<'a>>, Refusal> {
        let is_optional = is_open_route && head.version <= Version::HTTP_10;
        let host = match (called_host(head)?, is_optional) {
            (None, true) => return Ok(None),
            (None, false) => {
                return Err(Refusal::bad_request(
                    "the request must have one Host header",
                ));
            }
            (Some(host), _) => Authority::parse(host),
        };
        match host {
            Some(host) if !self.is_local || host.is_loopback() => Ok(Some(host)),
            None if !self.is_local => Err(Refusal::bad_request(
                "the Host header must be a host with an optional port",
            )),
            _ => Err(Refusal::forbidden(
                "FORBIDDEN_HOST",
                "this gateway serves only this machine: call it as 127.0.0.1 or localhost",
            )),
        }
    }

    /// Checks `Origin`.
    ///
    /// # Returns
    ///
    /// The origin of the page that calls, for the CORS headers; none where no page calls.
    pub(crate) fn check_origin(
        &self,
        headers: &HeaderMap,
        host: Option<&Authority<'_>>,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let may_call = match local::origin(headers) {
            Ok(None) => !is_cross_site(headers),
            Ok(Some(origin)) => host.is_some_and(|host| origin.is_of(host)) || self.allows(&origin),
            Err(Malformed) => false,
        };
        match may_call {
            true => Ok(headers.get(ORIGIN).cloned()),
            false => Err(Refusal::forbidden(
                "FORBIDDEN_ORIGIN",
                "pages of this origin may not call this gateway: start it with --allow-origin to \
                 change that",
            )),
        }
    }

    fn allows(&self, origin: &Origin<'_>) -> bool {
        self.allow_origins
            .iter()
            .any(|allowed| allowed == origin.as_str())
    }

    /// Checks the bearer token, in constant time.
    pub(crate) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (Some(value), None) => value.as_bytes(),
            _ => &[],
        };
        let given = value
            .split_at_checked(SCHEME.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .map_or(&[][..], |(_, token)| token);
        match bool::from(given.ct_eq(token.expose_secret().as_bytes())) {
            true => Ok(()),
            false => Err(Refusal::unauthorized()),
        }
    }

    /// Counts a call of `peer` against the rate limit.
    ///
    /// # Errors
    ///
    /// A refusal with `Retry-After` if the limit is reached.
    pub(crate) fn check_rate(&self, peer: SocketAddr) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter
            .check_key(&peer.ip().to_canonical())
            .map_err(|not_until| {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Refusal::rate_limited(whole_seconds(wait))
            })
    }

    /// Frees the memory of addresses that have not called for a while.
    pub(crate) fn forget_callers(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

/// The text of the one `Host`. An absolute-form target (RFC 9112 §3.2.2) must name the same host.
fn called_host(head: &Parts) -> Result<Option<&str>, Refusal> {
    let mut hosts = head.headers.get_all(HOST).iter();
    // Text outside ASCII is not a host: it is refused as an empty one.
    let host = hosts.next().map(|host| host.to_str().unwrap_or_default());
    if hosts.next().is_some() {
        return Err(Refusal::bad_request(
            "the request must have one Host header",
        ));
    }
    let target = match head.uri.scheme() {
        Some(_) => head.uri.authority().map(|authority| authority.as_str()),
        None => None,
    };
    match (host, target) {
        (Some(host), Some(target)) if !host.eq_ignore_ascii_case(target) => Err(
            Refusal::bad_request("the target of the request and its Host header must agree"),
        ),
        (None, Some(_)) if head.version > Version::HTTP_10 => Ok(None),
        (None, target) => Ok(target),
        (host, _) => Ok(host),
    }
}

const SCHEME: &[u8] = b"bearer ";

fn quota(limit: RateLimit) -> Quota {
    Quota::per_second(limit.per_second).allow_burst(limit.burst)
}

/// Rounds up: a caller that retries too early is rejected again.
fn whole_seconds(wait: Duration) -> NonZeroU32 {
    let seconds = wait.as_secs_f64().ceil() as u32;
    NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN)
}

/// Whether a browser makes this request for a page of another site, without an `Origin` header.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    let mode = headers.get(HeaderName::from_static("sec-fetch-mode"));
    // A link to the console is allowed from anywhere.
    let is_navigation = mode.is_some_and(|mode| mode == "navigate");
    site.is_some_and(|site| site == "cross-site" || site == "same-site") && !is_navigation
}
