//! The handle of a running Sandbox: starts the server, and stops it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::Arc,
    time::SystemTime,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use utdk_plaid_local::Authority;

use crate::{
    config::Config,
    control::{controls::Controls, error::SandboxError, tls::Tls},
    http::{
        access::Access,
        server::{self, Server},
    },
    model::shared::{Credentials, Shared, Start},
    plaid::{ids::is_client_id, time::LAST_INSTANT},
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
    /// - [`SandboxError::Option`] if an entry of [`Config::allow_webhook_hosts`] is not a host,
    ///   [`Config::now`] is not from 1970 to 9999, or a credential is not well formed.
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
        let credentials = credentials(&config)?;
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
        let (listeners, tls_listeners) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(
            url.clone(),
            credentials,
            start,
            config.on_unemulated,
            deliveries,
        ));
        let tls = Arc::new(Tls::new(config.host, listeners));
        let server = Server {
            shared: Arc::clone(&shared),
            tls: Arc::clone(&tls),
            access: Access {
                remote: config.allow_remote_control,
                local_pages: config.allow_local_pages,
            },
            allowed_webhook_hosts: config.allow_webhook_hosts,
        };
        let (keep_running, shutdown) = oneshot::channel();
        let running = server::run(listener, tls_listeners, server, commands, async move {
            let _ = shutdown.await;
        });
        let sandbox = Sandbox {
            controls: Controls::new(shared, Arc::clone(&tls), url),
            keep_running,
            server: tokio::spawn(running),
        };
        if let Some(port) = config.tls
            && let Err(error) = tls.endpoint(port).await
        {
            sandbox.close().await;
            return Err(error);
        }
        Ok(sandbox)
    }

    /// Stops the server, ends its connections and deliveries, and returns once the port is free.
    pub async fn close(self) {
        drop(self.keep_running);
        // Ignore a panic: the server is gone anyway.
        let _ = self.server.await;
    }
}

/// # Errors
///
/// [`SandboxError::Option`] if one is not well formed.
fn credentials(config: &Config) -> Result<Credentials, SandboxError> {
    let is_secret = |secret: &SecretString| {
        let secret = secret.expose_secret();
        (1..=256).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !config.client_id.as_deref().is_none_or(is_client_id) {
        return Err(SandboxError::option(
            "clientId",
            "must have 24 hexadecimal characters, as Plaid's client ids do",
        ));
    }
    if !config.secret.as_ref().is_none_or(is_secret) {
        return Err(SandboxError::option(
            "secret",
            "must have 1 to 256 characters, all of them visible ASCII",
        ));
    }
    Ok(Credentials {
        client_id: config.client_id.clone(),
        secret: config.secret.clone(),
        any: config.any_credentials,
    })
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
