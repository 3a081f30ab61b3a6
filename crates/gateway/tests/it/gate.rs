//! A gateway with the Plaid behind it, and what the tests ask of it.

use std::{num::NonZeroU32, time::Duration};

use utdk_plaid_gateway::{Config, Gateway, Pair, RateLimit};

use crate::{
    caller::{Caller, Reply, post, request},
    upstream::{Manner, Upstream},
    values::{CLIENT_ID, DONE, SECRET, TOOL, arguments},
};

pub(crate) struct Gate {
    pub(crate) gateway: Gateway,
    pub(crate) upstream: Upstream,
}

impl Gate {
    /// In front of a Plaid that answers every call with success.
    pub(crate) async fn start() -> Gate {
        Gate::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Gate {
        Gate::before(Upstream::answering().await, change).await
    }

    /// In front of a Plaid that treats every call so.
    pub(crate) async fn facing(manner: Manner) -> Gate {
        Gate::before(Upstream::start(manner).await, |_| {}).await
    }

    pub(crate) async fn before(upstream: Upstream, change: impl FnOnce(&mut Config)) -> Gate {
        let mut config = config(&upstream.url);
        change(&mut config);
        let gateway = Gateway::start(config).await.expect("the settings are good");
        Gate { gateway, upstream }
    }

    pub(crate) async fn connect(&self) -> Caller {
        Caller::connect(self.gateway.url()).await
    }

    /// Writes `bytes` on a connection of their own, and reads one reply, which has a request id.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let reply = self.send_raw(bytes).await;
        let id = reply.header("x-request-id").unwrap_or_default();
        let is_hex = |byte: u8| byte.is_ascii_hexdigit();
        assert!(id.len() == 16 && id.bytes().all(is_hex), "{reply:?}");
        reply
    }

    /// [`Gate::send`] of what is no HTTP, which is refused before it has an id.
    pub(crate) async fn send_raw(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut caller = self.connect().await;
        caller.write(bytes).await;
        caller.reply().await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request(&format!("GET {path}"), "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(post(path, &[], body)).await
    }

    /// A good call at the tool door with `headers`.
    pub(crate) async fn call_with(&self, headers: &[&str]) -> Reply {
        self.send(post(TOOL, headers, &arguments())).await
    }

    /// Fails the test unless it serves, and nothing but this went to Plaid.
    pub(crate) async fn check_untouched(&self) {
        let before = self.upstream.calls();
        assert!(before.is_empty(), "{before:?}");
        self.check_serves().await;
    }

    /// Fails the test unless a good call still succeeds.
    pub(crate) async fn check_serves(&self) {
        let reply = self.post(TOOL, &arguments()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let done: serde_json::Value = serde_json::from_str(DONE).expect("JSON");
        assert_eq!(reply.json()["data"], done);
    }
}

/// The settings for a test: Plaid at `base_url`, one attempt, no limit on how often.
pub(crate) fn config(base_url: &str) -> Config {
    Config {
        client: client_config(base_url),
        credentials: Some(pair()),
        rate_limit: None,
        ..Config::default()
    }
}

pub(crate) fn client_config(base_url: &str) -> utdk_plaid_client::Config {
    utdk_plaid_client::Config {
        base_url: Some(base_url.to_owned()),
        max_retries: 0,
        ..utdk_plaid_client::Config::default()
    }
}

pub(crate) fn pair() -> Pair {
    Pair {
        client_id: CLIENT_ID.into(),
        secret: SECRET.into(),
    }
}

pub(crate) fn limit(per_second: u32, burst: u32) -> Option<RateLimit> {
    let not_zero = |number| NonZeroU32::new(number).expect("not zero");
    Some(RateLimit {
        per_second: not_zero(per_second),
        burst: not_zero(burst),
    })
}

/// The settings of one whose calls to Plaid take no longer than this.
pub(crate) fn hurried(config: &mut Config, limit: Duration) {
    config.client.timeout = limit;
}
