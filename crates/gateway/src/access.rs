//! Who may call.

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
    HeaderMap,
    header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN},
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::{Host, Url};

use crate::{gateway::RateLimit, reply::Refusal};

/// What decides whether a request is let in.
pub(crate) struct Access {
    /// Whether it listens on loopback alone.
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

    /// On loopback, the name counts as well as the address: a page can have its own name lead to
    /// this machine, and its browser then takes the gateway for the page's own server.
    pub(crate) fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            _ => {
                return Err(Refusal::bad_request(
                    "the request must have one Host header",
                ));
            }
        };
        if self.is_local && !names_loopback(host) {
            return Err(Refusal::forbidden(
                "FORBIDDEN_HOST",
                "this gateway serves this machine alone: call it by 127.0.0.1 or localhost",
            ));
        }
        Ok(())
    }

    /// The origin of the page that calls, if one does, to be named in the reply.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) if is_cross_site(headers) => None,
            (None, _) => return Ok(None),
            (Some(origin), None) => Some(origin),
            (Some(_), Some(_)) => None,
        };
        let text = origin.and_then(|origin| origin.to_str().ok());
        let own_host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_own = |text: &str| {
            let host = text
                .strip_prefix("http://")
                .or_else(|| text.strip_prefix("https://"));
            host.is_some() && host == own_host
        };
        match text {
            Some(text) if is_own(text) || self.allow_origins.iter().any(|it| it == text) => {
                Ok(origin.cloned())
            }
            _ => Err(Refusal::forbidden(
                "FORBIDDEN_ORIGIN",
                "pages of this origin may not call this gateway: start it with --allow-origin to \
                 change that",
            )),
        }
    }

    /// The bearer token, compared in constant time.
    pub(crate) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let given = match (given.next(), given.next()) {
            (Some(value), None) => value.as_bytes(),
            _ => &[],
        };
        let given = given
            .split_at_checked(SCHEME.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .map_or(&[][..], |(_, token)| token);
        match bool::from(given.ct_eq(token.expose_secret().as_bytes())) {
            true => Ok(()),
            false => Err(Refusal::unauthorized()),
        }
    }

    /// # Errors
    ///
    /// A refusal that says for how long, when this caller has called too often.
    pub(crate) fn check_rate(&self, peer: SocketAddr) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter
            .check_key(&peer.ip().to_canonical())
            .map_err(|not_until| {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Refusal::too_often(whole_seconds(wait))
            })
    }

    /// Forgets callers that have not called for a while.
    pub(crate) fn forget_callers(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

const SCHEME: &[u8] = b"bearer ";

fn quota(limit: RateLimit) -> Quota {
    Quota::per_second(limit.per_second).allow_burst(limit.burst)
}

/// Rounded up: a caller that comes back too early is turned away again.
fn whole_seconds(wait: Duration) -> NonZeroU32 {
    let seconds = wait.as_secs_f64().ceil() as u32;
    NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN)
}

fn names_loopback(host: &str) -> bool {
    // A name and a port, and no more: in a URL, what stands before an `@` is no part of the name.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:[]-".contains(&byte);
    if !host.bytes().all(is_plain) {
        return false;
    }
    let url = Url::parse(&format!("http://{host}/")).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// What a browser says that sends no Origin.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    let mode = headers.get(HeaderName::from_static("sec-fetch-mode"));
    // Following a link to the console is no call.
    let is_navigation = mode.is_some_and(|mode| mode == "navigate");
    site.is_some_and(|site| site == "cross-site" || site == "same-site") && !is_navigation
}
