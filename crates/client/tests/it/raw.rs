//! A server that writes bytes of the test's choosing after each request.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::server::Share;

pub(crate) struct RawServer {
    address: SocketAddr,
    ended: watch::Receiver<usize>,
    running: JoinHandle<()>,
}

impl RawServer {
    /// Reads one request from each connection, then hands the connection to `answer`, with its
    /// number from 1.
    pub(crate) async fn start<F>(answer: impl Fn(usize, TcpStream) -> F + Share) -> Self
    where
        F: Future<Output = Option<TcpStream>> + Send + 'static,
    {
        let connections = Arc::new(AtomicUsize::new(0));
        Self::accepting(move |mut socket| {
            let answer = answer.clone();
            let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                let mut request = Vec::new();
                // The JSON body ends the request, and nothing before it has a brace.
                while !request.ends_with(b"}") {
                    if !matches!(socket.read_buf(&mut request).await, Ok(1..)) {
                        return Some(socket);
                    }
                }
                answer(number, socket).await
            }
        })
        .await
    }

    /// Hands each connection to `take` before anything is read from it. A socket that `take`
    /// returns stays open until the client closes it.
    pub(crate) async fn accepting<F>(take: impl Fn(TcpStream) -> F + Share) -> Self
    where
        F: Future<Output = Option<TcpStream>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (count, ended) = watch::channel(0);
        let running = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let (take, count) = (take.clone(), count.clone());
                tokio::spawn(async move {
                    if let Some(mut socket) = take(socket).await {
                        while matches!(socket.read(&mut [0; 1024]).await, Ok(1..)) {}
                    }
                    count.send_modify(|count| *count += 1);
                });
            }
        });
        Self {
            address,
            ended,
            running,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Waits until `count` connections have ended.
    pub(crate) async fn connections_ended(&self, count: usize) {
        let mut ended = self.ended.clone();
        let waited = ended.wait_for(|ended| *ended >= count).await;
        waited.expect("the server runs");
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}
