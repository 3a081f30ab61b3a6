//! A relay in front of a server. The test can make its connections silent.

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
    /// After how many bytes of the server connections end, and how.
    cut: watch::Sender<Option<(usize, Ending)>>,
    running: JoinHandle<()>,
}

/// How a connection ends.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    Fin,
    Rst,
    Silence,
}

impl Relay {
    /// A relay to `server`. Its first `silent` connections are silent from the start.
    pub(crate) async fn to(server: SocketAddr, silent: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let (silent, is_silent) = watch::channel(silent);
        let (cut, is_cut) = watch::channel(None);
        let running = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                let number = accepted.fetch_add(1, Ordering::Relaxed) + 1;
                let is_silent = is_silent.clone();
                let cut = *is_cut.borrow();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else {
                        return;
                    };
                    if let Some((length, ending)) = cut {
                        return pass_until(client, server, length, ending).await;
                    }
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
            cut,
            running,
        }
    }

    /// A relay to `server` that passes `length` bytes of it to the client, and then ends.
    pub(crate) async fn cutting(server: SocketAddr, length: usize, ending: Ending) -> Self {
        let relay = Self::to(server, 0).await;
        relay.cut.send_replace(Some((length, ending)));
        relay
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

/// Passes everything to `server`, and `length` bytes to `client`.
async fn pass_until(client: TcpStream, server: TcpStream, length: usize, ending: Ending) {
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let requests = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    };
    let replies = async {
        let mut start = from_server.take(length as u64);
        let _ = tokio::io::copy(&mut start, &mut to_client).await;
        if let Ending::Silence = ending {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = requests => {}
        () = replies => {}
    }
    let client = from_client.reunite(to_client).expect("the same socket");
    if let Ending::Rst = ending {
        client.set_zero_linger().expect("it is open");
    }
}
