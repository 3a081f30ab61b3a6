//! The handle a test holds: it starts the server, and stops it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::Arc,
    time::SystemTime,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    controls::{Controls, LAST_INSTANT},
    error::SandboxError,
    server,
    state::Shared,
};

/// How a [`Sandbox`] is to run. Fill it by struct update: `Config { port: 8080, ..Default::default() }`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; 127.0.0.1 by default.
    pub host: IpAddr,
    /// The port to listen on; 0, the default, takes a free one.
    pub port: u16,
    /// Makes every id, token, credential, key and fault repeatable; by default each Sandbox has its
    /// own.
    pub seed: Option<u64>,
    /// What the Sandbox's clock shows at the start; by default real time. It runs on from there.
    pub now: Option<SystemTime>,
    /// Webhook receivers outside this machine that may be called, as `name` or `name:port`; by
    /// default none.
    pub allow_webhook_hosts: Vec<String>,
    /// Whether the control routes answer callers from other machines; by default they do not.
    pub allow_remote_control: bool,
    /// Whether pages that this machine serves, such as those of `http://localhost:4000`, may use the
    /// control routes; by default no page but the Sandbox's own may.
    pub allow_local_pages: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            seed: None,
            now: None,
            allow_webhook_hosts: Vec::new(),
            allow_remote_control: false,
            allow_local_pages: false,
        }
    }
}

/// A running Plaid Sandbox. Dropping it stops the server and cancels deliveries under way. What
/// can be done with it stands in [`Controls`].
pub struct Sandbox {
    controls: Controls,
    // Never sent on: the server runs until this end of the channel is gone.
    keep_running: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a Sandbox on the tokio runtime of the caller. It answers from the moment this
    /// returns.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::Listen`] when nothing can listen there: choose another port.
    /// - [`SandboxError::Option`] when an entry of [`Config::allow_webhook_hosts`] is no host, or
    ///   [`Config::now`] is not from 1970 to 9999.
    pub async fn start(config: Config) -> Result<Sandbox, SandboxError> {
        if !config.allow_webhook_hosts.iter().all(|host| is_host(host)) {
            return Err(SandboxError::option(
                "allowWebhookHosts",
                "must name hosts, such as \"backend\" or \"backend:8080\"",
            ));
        }
        let is_shown = |now: &SystemTime| {
            let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH);
            since_1970.is_ok_and(|since_1970| since_1970 <= LAST_INSTANT)
        };
        if !config.now.as_ref().is_none_or(is_shown) {
            return Err(SandboxError::option("now", "must be from 1970 to 9999"));
        }
        let address = SocketAddr::from((config.host, config.port));
        let failed = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let (errands, to_run) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(format!("http://{address}"), config, errands));
        let (keep_running, shutdown) = oneshot::channel();
        let running = server::run(listener, Arc::clone(&shared), to_run, async move {
            let _ = shutdown.await;
        });
        Ok(Sandbox {
            controls: Controls {
                origin: shared.url.clone(),
                shared,
            },
            keep_running,
            server: tokio::spawn(running),
        })
    }

    /// Stops the server: ends its connections and deliveries, and returns once the port is free.
    pub async fn close(self) {
        drop(self.keep_running);
        // A panic of the server task has nobody left to matter to.
        let _ = self.server.await;
    }
}

impl Deref for Sandbox {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        &self.controls
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// `name`, `name:port`, or an address in either place.
fn is_host(text: &str) -> bool {
    url::Url::parse(&format!("http://{text}/")).is_ok_and(|url| {
        url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && !text.ends_with('/')
    })
}
