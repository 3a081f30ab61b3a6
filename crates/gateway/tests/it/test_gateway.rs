//! A gateway in front of the test's own Plaid.

use std::{num::NonZeroU32, time::Duration};

use utdk_plaid_gateway::{Config, Gateway, Pair, RateLimit};

use crate::{
    caller::{Caller, RawReply, post, request},
    upstream::{Behaviour, Upstream},
    values::{CLIENT_ID, DONE, SECRET, TOOL, arguments},
};

pub(crate) struct TestGateway {
    pub(crate) gateway: Gateway,
    pub(crate) upstream: Upstream,
}

impl TestGateway {
    /// In front of a Plaid where every call succeeds.
    pub(crate) async fn start() -> TestGateway {
        TestGateway::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> TestGateway {
        TestGateway::before(Upstream::answering().await, change).await
    }

    /// In front of a Plaid with this behaviour.
    pub(crate) async fn facing(behaviour: Behaviour) -> TestGateway {
        TestGateway::before(Upstream::start(behaviour).await, |_| {}).await
    }

    pub(crate) async fn before(
        upstream: Upstream,
        change: impl FnOnce(&mut Config),
    ) -> TestGateway {
        let mut config = config(&upstream.url);
        change(&mut config);
        let gateway = Gateway::start(config).await.expect("the settings are good");
        TestGateway { gateway, upstream }
    }

    pub(crate) async fn connect(&self) -> Caller {
        Caller::connect(self.gateway.url()).await
    }

    /// Sends `bytes` on a new connection, and reads one reply, which must have a request id.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> RawReply {
        let reply = self.send_raw(bytes).await;
        let id = reply.header("x-request-id").unwrap_or_default();
        let is_hex = |byte: u8| byte.is_ascii_hexdigit();
        assert!(id.len() == 16 && id.bytes().all(is_hex), "{reply:?}");
        reply
    }

    /// Like [`TestGateway::send`], for bytes that are not HTTP: their reply has no request id.
    pub(crate) async fn send_raw(&self, bytes: impl AsRef<[u8]>) -> RawReply {
        let mut caller = self.connect().await;
        caller.write(bytes).await;
        caller.reply().await
    }

    pub(crate) async fn get(&self, path: &str) -> RawReply {
        self.send(request(&format!("GET {path}"), "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> RawReply {
        self.send(post(path, &[], body)).await
    }

    /// A good call to the tool route, with these extra headers.
    pub(crate) async fn call_with(&self, headers: &[&str]) -> RawReply {
        self.send(post(TOOL, headers, &arguments())).await
    }

    /// Fails the test if a request went to Plaid, or if a good call fails now.
    pub(crate) async fn check_nothing_sent(&self) {
        let before = self.upstream.calls();
        assert!(before.is_empty(), "{before:?}");
        self.check_serves().await;
    }

    /// Fails the test if a good call fails.
    pub(crate) async fn check_serves(&self) {
        let reply = self.post(TOOL, &arguments()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let done: serde_json::Value = serde_json::from_str(DONE).expect("JSON");
        assert_eq!(reply.json()["data"], done);
    }
}

/// The settings for a test: Plaid at `base_url`, one attempt, no rate limit.
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

/// Sets the timeout of calls to Plaid.
pub(crate) fn with_timeout(config: &mut Config, limit: Duration) {
    config.client.timeout = limit;
}
