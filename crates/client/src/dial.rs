//! Decides when a connection is opened, and how long that may take. It wraps reqwest's connector,
//! which does the rest: DNS, TCP, the proxy, TLS.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::Connection;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tower_layer::Layer;
use tower_service::Service;

use crate::concurrency::Concurrency;
use crate::resolve::Resolver;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long a call waits for a connection to come free where as many as allowed are in use: the call
/// before it has ended, and its connection is on its way back to the pool.
const UNTIL_ONE_IS_FREE: Duration = Duration::from_millis(50);

/// How long a call waits for the connection of another one, which may serve both over HTTP/2.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

tokio::task_local! {
    /// Set while a request is polled; see [`waiting`].
    static WAITING: ();
}

/// Marks `request` as one that waits for a connection. A connection is opened only while its
/// request waits: the pool below moves the opening to a task of its own as soon as it has another
/// connection for the request.
pub(crate) fn waiting<F: Future>(request: F) -> impl Future<Output = F::Output> {
    WAITING.scope((), request)
}

/// What all connections of a client share.
pub(crate) struct Dialling {
    limit: Duration,
    protocol: AtomicU8,
    /// Held while a connection is opened that may serve more than one call.
    turn: Mutex<()>,
    /// HTTP/2 connections opened so far.
    opened_http2: AtomicUsize,
    /// Connections that were begun, open or not.
    begun: AtomicUsize,
    concurrency: Arc<Concurrency>,
    resolver: Resolver,
}

const UNKNOWN: u8 = 0;
const HTTP1: u8 = 1;
const HTTP2: u8 = 2;

impl Dialling {
    /// `is_http` says that the URL is plain http, which is HTTP/1.1.
    pub(crate) fn new(
        limit: Duration,
        is_http: bool,
        concurrency: Arc<Concurrency>,
        resolver: Resolver,
    ) -> Self {
        Self {
            limit,
            protocol: AtomicU8::new(if is_http { HTTP1 } else { UNKNOWN }),
            turn: Mutex::default(),
            opened_http2: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            concurrency,
            resolver,
        }
    }

    /// Whether the last connection that was opened speaks HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.protocol.load(Ordering::Relaxed) == HTTP2
    }

    fn is_http1(&self) -> bool {
        self.protocol.load(Ordering::Relaxed) == HTTP1
    }

    /// Keeps the connections below the ceiling of the concurrency: without it, some would be opened
    /// between the end of a call and the return of its connection.
    async fn await_free_connection(&self) {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        if begun >= self.concurrency.ceiling() && self.concurrency.is_at_ceiling() {
            sleep(UNTIL_ONE_IS_FREE).await;
        }
    }

    /// Waits while another connection is opened that may serve this call too. Over HTTP/1.1, a
    /// connection serves one call at a time and nothing waits.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_http1() {
            return None;
        }
        let patience = Instant::now() + LONGEST_WAIT;
        let opened = self.opened_http2.load(Ordering::Relaxed);
        let turn = timeout_at(patience, self.turn.lock()).await.ok()?;
        if self.is_http1() {
            return None;
        }
        if self.opened_http2.load(Ordering::Relaxed) != opened {
            drop(turn);
            // The pool is about to hand over the connection just opened, which ends this future.
            sleep_until(patience).await;
            return None;
        }
        Some(turn)
    }

    fn opened(&self, is_http2: bool) {
        if is_http2 {
            self.opened_http2.fetch_add(1, Ordering::Relaxed);
        }
        let protocol = if is_http2 { HTTP2 } else { HTTP1 };
        self.protocol.store(protocol, Ordering::Relaxed);
    }
}

/// Wraps reqwest's connector in [`Dial`].
#[derive(Clone)]
pub(crate) struct DialLayer(pub(crate) Arc<Dialling>);

impl<S> Layer<S> for DialLayer {
    type Service = Dial<S>;

    fn layer(&self, inner: S) -> Dial<S> {
        Dial {
            dialling: self.0.clone(),
            inner,
        }
    }
}

/// Opens one connection per call of the service.
#[derive(Clone)]
pub(crate) struct Dial<S> {
    dialling: Arc<Dialling>,
    inner: S,
}

impl<S, Target> Service<Target> for Dial<S>
where
    S: Service<Target, Error = BoxError> + Clone + Send + 'static,
    S::Response: Connection,
    S::Future: Send,
    Target: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        // The clone is not the service that `poll_ready` made ready.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let dialling = self.dialling.clone();
        Box::pin(while_waiting(async move {
            dialling.await_free_connection().await;
            let _turn = dialling.turn().await;
            let opened = match timeout(dialling.limit, inner.call(target)).await {
                Ok(opened) => opened,
                Err(_) => Err(TooSlow(dialling.limit).into()),
            };
            match &opened {
                Ok(stream) => dialling.opened(stream.connected().is_negotiated_h2()),
                Err(_) => dialling.resolver.forget(),
            }
            opened
        }))
    }
}

/// Ends `dialling` when its request no longer waits for it.
async fn while_waiting<T>(
    dialling: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let mut dialling = pin!(dialling);
    poll_fn(|context| match WAITING.try_with(|()| ()) {
        Ok(()) => dialling.as_mut().poll(context),
        Err(_) => Poll::Ready(Err(NotNeeded.into())),
    })
    .await
}

/// A connection that was not open within the limit.
#[derive(Debug, thiserror::Error)]
#[error("the connection was not open within {} ms", .0.as_millis())]
pub(crate) struct TooSlow(pub(crate) Duration);

/// No request sees this error: its request has a connection.
#[derive(Debug, thiserror::Error)]
#[error("another connection came free")]
struct NotNeeded;
