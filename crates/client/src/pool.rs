//! The connections to a client's host: idle ones over HTTP/1.1, or one shared over HTTP/2.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper::rt::Executor;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, sleep};
use tower_service::Service;

use crate::connect::{BoxError, Connector};

type Body = Full<Bytes>;

/// Where the requests of a client go, and the connections that lead there.
pub(crate) struct Pool {
    connector: Connector,
    /// Where to connect.
    uri: Uri,
    host: HeaderValue,
    /// Known from the start for plain http, otherwise once a server has chosen it.
    speaks_http1: AtomicBool,
    /// Until the protocol is known, and for HTTP/2 always, one connection is opened at a time.
    negotiating: tokio::sync::Mutex<()>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    /// The one used last stands last.
    idle: Vec<(http1::SendRequest<Body>, Instant)>,
    shared: Option<(http2::SendRequest<Body>, Instant)>,
    /// A task looks after the idle ones.
    swept: bool,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// The connection that a response comes over: to be given back once its body is read. Dropping it
/// instead closes an HTTP/1.1 connection.
pub(crate) struct Lease(Sender);

/// Spawns what HTTP/2 asks for with every request. Boxed first: that is kilobytes, which tokio would
/// move several times.
#[derive(Clone)]
pub(crate) struct Boxing;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Boxing {
    fn execute(&self, future: F) {
        tokio::spawn(Box::pin(future) as Pin<Box<dyn Future<Output = ()> + Send>>);
    }
}

/// Below the idle limit that load balancers commonly have (60 s), so that we close first.
const LONGEST_IDLE: Duration = Duration::from_secs(50);

impl Pool {
    /// A pool for `uri`; nothing is opened yet.
    pub(crate) fn new(uri: &Uri, connector: Connector) -> Arc<Self> {
        let host = uri.authority().map_or("", |host| host.as_str());
        Arc::new(Self {
            connector,
            host: HeaderValue::from_str(host).expect("an authority is a header value"),
            speaks_http1: AtomicBool::new(uri.scheme() == Some(&Scheme::HTTP)),
            negotiating: tokio::sync::Mutex::default(),
            connections: Mutex::default(),
            uri: uri.clone(),
        })
    }

    /// Sends a request, and waits for the head of its response. A connection that turns out to be
    /// closed before the request was written is replaced.
    pub(crate) async fn send(
        self: &Arc<Self>,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Lease), BoxError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        loop {
            let (mut sender, reused) = match self.free() {
                Some(sender) => (sender, true),
                // Boxed, so that the common case is a small future.
                None => Box::pin(self.connect()).await?,
            };
            match sender.send(self, request).await {
                Ok(response) => return Ok((response, Lease(sender))),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// Takes back a connection whose response was read to its end.
    pub(crate) fn give_back(self: &Arc<Self>, Lease(sender): Lease) {
        let Sender::Http1(mut sender) = sender else {
            return;
        };
        if sender.is_ready() {
            return self.keep(sender);
        }
        let pool = self.clone();
        tokio::spawn(async move {
            if sender.ready().await.is_ok() {
                pool.keep(sender);
            }
        });
    }

    fn keep(self: &Arc<Self>, sender: http1::SendRequest<Body>) {
        let mut connections = self.connections();
        connections.idle.push((sender, Instant::now()));
        if !connections.swept {
            connections.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// A connection that can take a request now.
    fn free(&self) -> Option<Sender> {
        let mut connections = self.connections();
        while let Some((sender, since)) = connections.idle.pop() {
            if sender.is_ready() && since.elapsed() < LONGEST_IDLE {
                return Some(Sender::Http1(sender));
            }
        }
        let (sender, used) = connections.shared.as_mut()?;
        if sender.is_closed() || used.elapsed() >= LONGEST_IDLE {
            connections.shared = None;
            return None;
        }
        *used = Instant::now();
        Some(Sender::Http2(sender.clone()))
    }

    /// Opens a connection, or takes one that came free meanwhile; says which.
    async fn connect(&self) -> Result<(Sender, bool), BoxError> {
        let negotiating = self.negotiating.lock().await;
        if let Some(sender) = self.free() {
            return Ok((sender, true));
        }
        if self.speaks_http1.load(Ordering::Relaxed) {
            drop(negotiating);
        }
        let mut connector = self.connector.clone();
        poll_fn(|cx| connector.poll_ready(cx)).await?;
        let stream = connector.call(self.uri.clone()).await?;
        if stream.connected().is_negotiated_h2() {
            let (sender, connection) = http2::Builder::new(Boxing)
                .timer(TokioTimer::new())
                .handshake(stream)
                .await?;
            tokio::spawn(connection);
            self.connections().shared = Some((sender.clone(), Instant::now()));
            return Ok((Sender::Http2(sender), false));
        }
        self.speaks_http1.store(true, Ordering::Relaxed);
        let (sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        Ok((Sender::Http1(sender), false))
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    async fn send(
        &mut self,
        pool: &Pool,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        match self {
            Sender::Http1(sender) => {
                let path = request.uri().path_and_query().cloned();
                *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
                request.headers_mut().insert(HOST, pool.host.clone());
                sender.try_send_request(request).await
            }
            Sender::Http2(sender) => {
                request.headers_mut().remove(HOST);
                sender.try_send_request(request).await
            }
        }
    }
}

/// Closes connections that were idle for too long, until none is idle.
async fn sweep(pool: std::sync::Weak<Pool>) {
    loop {
        sleep(LONGEST_IDLE / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut connections = pool.connections();
        connections
            .idle
            .retain(|(sender, since)| !sender.is_closed() && since.elapsed() < LONGEST_IDLE);
        if connections.idle.is_empty() {
            connections.swept = false;
            return;
        }
    }
}
