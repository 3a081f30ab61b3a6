//! A webhook receiver that answers 200 and counts, on a thread of its own.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::message::Connection;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Runs until the process ends.
pub(crate) struct Receiver {
    address: SocketAddr,
    received: Arc<AtomicU64>,
}

impl Receiver {
    /// Listens on a free loopback port.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = StdListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let received = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let counter = Arc::clone(&received);
        std::thread::spawn(move || runtime.block_on(accept(listener, counter)));
        Ok(Receiver { address, received })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// How many webhooks have come so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

async fn accept(listener: StdListener, received: Arc<AtomicU64>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // How a connection ends is the sender's business: what has not come is not counted.
            tokio::spawn(serve(stream, Arc::clone(&received)));
        }
    }
}

async fn serve(stream: TcpStream, received: Arc<AtomicU64>) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(webhook) = connection.read().await? {
        let is_signed = webhook.has_header("plaid-verification");
        if is_signed && !webhook.body.is_empty() {
            received.fetch_add(1, Ordering::Relaxed);
        }
        connection.stream().write_all(ANSWER).await?;
    }
    Ok(())
}
