//! The TLS listener of a Sandbox, opened once: at the start, or by the first caller that needs it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use rustls::ServerConfig;
use tokio::{
    net::TcpListener,
    sync::{OnceCell, mpsc},
};

use crate::control::{authority::Authority, error::SandboxError};

/// Where a Sandbox answers over TLS, and the authority to trust for it.
#[derive(Debug, Clone)]
pub struct TlsEndpoint {
    /// `https://127.0.0.1:PORT`. Under the names `sandbox.plaid.com` and `localhost`, this port has a
    /// valid certificate too.
    pub url: String,
    /// The port.
    pub port: u16,
    /// The certificate authority, as PEM. Its key is new for each Sandbox, and it can vouch only for
    /// `sandbox.plaid.com`, `cdn.plaid.com` and this machine.
    pub ca: String,
}

/// Opens the listener, and hands it to the server.
pub(crate) struct Tls {
    host: IpAddr,
    opened: OnceCell<TlsEndpoint>,
    listeners: mpsc::UnboundedSender<TlsListener>,
}

/// A listener, with the certificate that it presents.
pub(crate) struct TlsListener {
    pub(crate) listener: TcpListener,
    pub(crate) config: Arc<ServerConfig>,
}

impl Tls {
    /// A listener on `host` that is not open yet. The server that gets it through `listeners` serves
    /// it.
    pub(crate) fn new(host: IpAddr, listeners: mpsc::UnboundedSender<TlsListener>) -> Self {
        Tls {
            host,
            opened: OnceCell::new(),
            listeners,
        }
    }

    /// Opens the listener on this port, if it is not open yet.
    pub(crate) async fn endpoint(&self, port: u16) -> Result<TlsEndpoint, SandboxError> {
        if self.listeners.is_closed() {
            return Err(SandboxError::Closed);
        }
        let opened = self.opened.get_or_try_init(|| self.open(port));
        opened.await.cloned()
    }

    async fn open(&self, port: u16) -> Result<TlsEndpoint, SandboxError> {
        let address = SocketAddr::from((self.host, port));
        let failed = |source: io::Error| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let authority = Authority::new();
        let config = authority.server;
        let handed_over = self.listeners.send(TlsListener { listener, config });
        handed_over.map_err(|_| SandboxError::Closed)?;
        Ok(TlsEndpoint {
            url: format!("https://{address}"),
            port: address.port(),
            ca: authority.pem,
        })
    }
}
