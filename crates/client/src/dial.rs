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

/// How long a call waits for a connection to come free where each permit has one already: the call
/// before it has ended, and its connection is about to return to the pool.
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
    /// How many HTTP/1.1 connections are open or being opened. It can be too high: the pool and the
    /// server close idle connections without a word.
    open: AtomicUsize,
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
            open: AtomicUsize::new(0),
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

    /// All connections so far are being closed.
    pub(crate) fn all_closed(&self) {
        self.open.store(0, Ordering::Relaxed);
    }

    /// An HTTP/1.1 connection was closed.
    pub(crate) fn closed(&self) {
        let fewer = |open: usize| open.checked_sub(1);
        let _ = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Counts a connection that is about to be opened. Where each permit has one already, waits for
    /// one of them first: this keeps the connections below the ceiling.
    async fn count(&self) -> Counted<'_> {
        let limit = self.concurrency.limit_if_full();
        if limit.is_some_and(|limit| self.open.load(Ordering::Relaxed) >= limit) {
            sleep(UNTIL_ONE_IS_FREE).await;
            // None came: the count is too high by one.
            self.closed();
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Counted {
            dialling: self,
            is_open: false,
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

/// A connection in the count. Dropping it before it is open takes it off again.
struct Counted<'a> {
    dialling: &'a Dialling,
    is_open: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.is_open {
            self.dialling.closed();
        }
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
            let mut counted = dialling.count().await;
            let _turn = dialling.turn().await;
            let opened = match timeout(dialling.limit, inner.call(target)).await {
                Ok(opened) => opened,
                Err(_) => Err(TooSlow(dialling.limit).into()),
            };
            match &opened {
                Ok(stream) => {
                    let is_http2 = stream.connected().is_negotiated_h2();
                    counted.is_open = !is_http2;
                    dialling.opened(is_http2);
                }
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
