//! A server for a whole test: on port 0, stopped by dropping it, with each reply made by the test.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
    running: JoinHandle<()>,
}

impl Server {
    /// Answers in plain http; `answer` gets the number of the request, from 1.
    pub(crate) async fn start<F>(answer: impl Fn(usize, Request<Incoming>) -> F + Share) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::serve(None, answer).await
    }

    /// Answers over TLS, in the protocol that `acceptor` negotiates.
    pub(crate) async fn start_tls<F>(
        acceptor: TlsAcceptor,
        answer: impl Fn(usize, Request<Incoming>) -> F + Share,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::serve(Some(acceptor), answer).await
    }

    /// Gives these replies in turn; the last one for good.
    pub(crate) async fn replying(replies: Vec<Answer>) -> Self {
        Self::start(move |request, _| {
            let reply = replies[(request - 1).min(replies.len() - 1)].clone();
            async { reply }
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many connections were open at once.
    pub(crate) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::Relaxed)
    }

    async fn serve<F>(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(usize, Request<Incoming>) -> F + Share,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let most_open = Arc::new(AtomicUsize::new(0));
        let peak = most_open.clone();
        let running = tokio::spawn(async move {
            let requests = Arc::new(AtomicUsize::new(0));
            let mut serving = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                accepted.fetch_add(1, Ordering::Relaxed);
                while serving.try_join_next().is_some() {}
                peak.fetch_max(serving.len() + 1, Ordering::Relaxed);
                let (acceptor, answer) = (acceptor.clone(), answer.clone());
                let requests = requests.clone();
                serving.spawn(async move {
                    match acceptor {
                        None => serve(stream, requests, answer).await,
                        Some(tls) => {
                            // Otherwise the client refused the certificate.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, requests, answer).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            connections,
            most_open,
            running,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// A closure that every connection can use.
pub(crate) trait Share: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Share for T {}

async fn serve<F>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    requests: Arc<AtomicUsize>,
    answer: impl Fn(usize, Request<Incoming>) -> F + Share,
) where
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(|request| {
        let number = requests.fetch_add(1, Ordering::Relaxed) + 1;
        let answering = answer(number, request);
        async { Ok::<_, Infallible>(answering.await) }
    });
    // An error here is the client's: it hung up.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A reply in JSON.
pub(crate) fn reply(status: u16, body: &str) -> Answer {
    reply_with(status, &[], body)
}

/// A reply in JSON, with headers.
pub(crate) fn reply_with(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut reply = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    let body = Full::from(body.to_owned());
    reply.body(body).expect("a reply that HTTP can carry")
}
