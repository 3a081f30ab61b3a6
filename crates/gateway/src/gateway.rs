//! The handle that starts and stops a gateway.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tracing::{dispatcher, subscriber::NoSubscriber};
use utdk_plaid_local::is_loopback_ip;

use crate::{
    access::Access, config::Config, credentials::Credentials, error::GatewayError,
    metrics::Metrics, routes::GatewayState, server, upstream::Upstream,
};

/// A running gateway. Drop it to stop it at once; [`Gateway::close`] finishes calls in flight.
pub struct Gateway {
    url: String,
    upstream: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Gateway {
    /// Starts a gateway on the current tokio runtime. It accepts requests when this returns. It logs
    /// to the `tracing` subscriber that is current when it starts.
    ///
    /// # Errors
    ///
    /// A [`GatewayError`] that names the setting to change.
    pub async fn start(config: Config) -> Result<Gateway, GatewayError> {
        config.check()?;
        let is_local = is_loopback_ip(config.host);
        let grace = config.grace;
        let max_connections = config.connection_limit();
        let upstream = Upstream::new(config.client, config.max_in_flight, config.max_waiting)?;
        let address = SocketAddr::from((config.host, config.port));
        let failed = |source| GatewayError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let state = Arc::new(GatewayState {
            access: Access::new(
                is_local,
                config.token,
                config.allow_origins,
                config.rate_limit,
            ),
            credentials: Credentials::new(config.credentials),
            upstream,
            metrics: Metrics::new(),
            log: dispatcher::get_default(|log| {
                let has_subscriber = !log.is::<NoSubscriber>();
                has_subscriber.then(|| log.clone())
            }),
            sandbox_url: config.sandbox_url,
            requests: 0.into(),
            stopping: false.into(),
        });
        let (stop, stopped) = oneshot::channel();
        let upstream = state.upstream.host().to_owned();
        let server = tokio::spawn(server::run(
            listener,
            state,
            max_connections,
            grace,
            stopped,
        ));
        Ok(Gateway {
            url: format!("http://{address}"),
            upstream,
            stop,
            server,
        })
    }

    /// `http://127.0.0.1:PORT`, the URL to call.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host that calls go to, and its port if the base URL has one.
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// Stops the gateway. It accepts no more connections, finishes the calls in flight within
    /// [`Config::grace`], and returns when the port is free.
    pub async fn close(self) {
        // An error means that the server has ended already.
        let _ = self.stop.send(());
        // Ignore a panic: the server is gone anyway.
        let _ = self.server.await;
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("url", &self.url).finish()
    }
}
