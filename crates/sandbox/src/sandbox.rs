//! The handle of a running Sandbox: starts the server, and stops it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::Arc,
    time::SystemTime,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use utdk_plaid_local::Authority;

use crate::{
    config::Config,
    control::{controls::Controls, error::SandboxError},
    http::{
        access::Access,
        server::{self, Server},
    },
    model::shared::{Shared, Start},
    plaid::time::LAST_INSTANT,
};

/// A running Plaid Sandbox. Dropping it stops the server and cancels deliveries under way. Its
/// methods are those of [`Controls`].
pub struct Sandbox {
    controls: Controls,
    // Nothing is sent: the server runs until this is dropped.
    keep_running: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a Sandbox on the tokio runtime of the caller. It accepts requests when this returns.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::Listen`] if the address is not available: choose another port.
    /// - [`SandboxError::Option`] if an entry of [`Config::allow_webhook_hosts`] is not a host, or
    ///   [`Config::now`] is not from 1970 to 9999.
    pub async fn start(config: Config) -> Result<Sandbox, SandboxError> {
        let is_host = |host: &String| Authority::parse(host).is_some();
        if !config.allow_webhook_hosts.iter().all(is_host) {
            return Err(SandboxError::option(
                "allowWebhookHosts",
                "must name hosts, such as \"backend\" or \"backend:8080\"",
            ));
        }
        let is_in_range = |now: SystemTime| {
            let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH);
            since_1970.is_ok_and(|since_1970| since_1970 <= LAST_INSTANT)
        };
        if !config.now.is_none_or(is_in_range) {
            return Err(SandboxError::option("now", "must be from 1970 to 9999"));
        }
        let address = SocketAddr::from((config.host, config.port));
        let failed = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let url = format!("http://{address}");
        let start = Start {
            seed: config.seed,
            now: config.now,
            arrival: config.transactions,
        };
        let (deliveries, commands) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(url.clone(), start, deliveries));
        let server = Server {
            shared: Arc::clone(&shared),
            access: Access {
                remote: config.allow_remote_control,
                local_pages: config.allow_local_pages,
            },
            allowed_webhook_hosts: config.allow_webhook_hosts,
        };
        let (keep_running, shutdown) = oneshot::channel();
        let running = server::run(listener, server, commands, async move {
            let _ = shutdown.await;
        });
        Ok(Sandbox {
            controls: Controls::new(shared, url),
            keep_running,
            server: tokio::spawn(running),
        })
    }

    /// Stops the server, ends its connections and deliveries, and returns once the port is free.
    pub async fn close(self) {
        drop(self.keep_running);
        // Ignore a panic: the server is gone anyway.
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
