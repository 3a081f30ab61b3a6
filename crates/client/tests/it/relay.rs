//! A relay in front of a server, whose path the test can make silent.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) struct Relay {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Connections up to this number are silent: open, but nothing passes.
    silent: watch::Sender<usize>,
    running: JoinHandle<()>,
}

impl Relay {
    /// A relay to `server`, whose first `silent` connections are silent from the start.
    pub(crate) async fn to(server: SocketAddr, silent: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let (silent, is_silent) = watch::channel(silent);
        let running = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                let number = accepted.fetch_add(1, Ordering::Relaxed) + 1;
                let is_silent = is_silent.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else {
                        return;
                    };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::join!(
                        pass(from_client, to_server, number, is_silent.clone()),
                        pass(from_server, to_client, number, is_silent),
                    );
                });
            }
        });
        Self {
            address,
            connections,
            silent,
            running,
        }
    }

    /// Makes all connections so far silent; later ones work.
    pub(crate) fn silence(&self) {
        self.silent.send_replace(self.connections());
    }

    /// Lets everything that was held back pass.
    pub(crate) fn restore(&self) {
        self.silent.send_replace(0);
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: usize,
    mut silent: watch::Receiver<usize>,
) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let may_pass = silent.wait_for(|silent| number > *silent).await.is_ok();
        if !may_pass || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
