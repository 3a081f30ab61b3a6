//! Accepts connections and writes responses until it is stopped, then finishes what is in flight.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::dispatcher::with_default;

use crate::{
    reply::milliseconds,
    routes::{self, Content, GatewayState, RouteResponse},
};

/// The time limit for the head of a request to arrive, and for a connection to stay idle.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(75);

/// The limit on the head of a request, in bytes.
const HEAD_LIMIT: usize = 16 << 10;

/// How often the rate limiter frees the memory of idle addresses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// While stopping, idle connections are closed after this long without a request.
const QUIET: Duration = Duration::from_millis(100);

/// Serves `listener` until `stopped` receives a message, then finishes what is in flight within
/// `grace`. If the sender is dropped instead, it ends at once.
pub(crate) async fn run(
    listener: TcpListener,
    state: Arc<GatewayState>,
    grace: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let connection = |(stream, peer)| serve(stream, peer, Arc::clone(&state), graceful.watcher());
    let mut cleanup = interval(CLEANUP_INTERVAL);
    cleanup.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_graceful = loop {
        tokio::select! {
            message = &mut stopped => break message.is_ok(),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => {
                    connections.spawn(connection(accepted));
                }
                // Mostly out of file descriptors. Wait for other connections to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            _ = cleanup.tick() => state.access.forget_callers(),
            Some(_) = connections.join_next() => {}
        }
    };
    state.stopping.store(true, Ordering::Relaxed);
    for accepted in backlog(listener) {
        connections.spawn(connection(accepted));
    }
    if is_graceful {
        let finished = async {
            drain(&mut connections, &state).await;
            graceful.shutdown().await;
        };
        let _ = timeout(grace, finished).await;
    }
    connections.shutdown().await;
}

/// Frees the port, and returns the connections that the kernel had accepted already. A load balancer
/// can have sent a request on one of them. Unlike after a refused connection, it does not resend that
/// request.
fn backlog(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    // The listener is non-blocking, so this ends when the backlog is empty.
    let accepted = std::iter::from_fn(|| listener.accept().ok());
    accepted
        .filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer))
        })
        .collect()
}

/// Waits until all connections have ended, or no request has arrived for [`QUIET`]. A request can be
/// in transit on an idle connection. Each connection ends with its next response, so this ends too.
async fn drain(connections: &mut JoinSet<()>, state: &GatewayState) {
    let mut requests = state.requests.load(Ordering::Relaxed);
    loop {
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(QUIET, ended).await.is_ok() {
            return;
        }
        let before = requests;
        requests = state.requests.load(Ordering::Relaxed);
        if requests == before {
            return;
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, state: Arc<GatewayState>, watcher: Watcher) {
    // Each response is a single small write, so delaying it gains nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(respond(&state, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_LIMIT)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    // An error means that the client closed the connection, or did not send HTTP.
    let _ = watcher.watch(connection).await;
}

async fn respond(
    state: &GatewayState,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let start = Instant::now();
    state.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:016x}", fastrand::u64(..));
    let (head, body) = request.into_parts();
    let response = routes::handle(state, peer, &request_id, &head, body).await;

    let (status, outcome) = match &response.content {
        Content::Json(reply) => (reply.status, reply.outcome),
        Content::Text(_) => (StatusCode::OK, "ok"),
        Content::Page(page) => (page.status(), "ok"),
        Content::Preflight | Content::Empty => (StatusCode::NO_CONTENT, "ok"),
    };
    state
        .metrics
        .count(response.route, outcome, status.as_u16());
    let (code, attempts) = match &response.content {
        Content::Json(reply) => (reply.code.as_deref(), reply.attempts),
        _ => (None, 0),
    };
    if let Some(log) = &state.log {
        // Log neither the path nor headers: a caller can put a secret into both.
        let event = || {
            tracing::info!(
                method = known_method(&head.method),
                route = response.route,
                status = status.as_u16(),
                outcome,
                code,
                attempts,
                duration_ms = milliseconds(start.elapsed()),
                caller = %peer.ip().to_canonical(),
                request_id,
                "request",
            );
        };
        with_default(log, event);
    }
    let mut response = write(status, &request_id, response);
    // Tell the client not to send another request on this connection.
    let is_last = state.stopping.load(Ordering::Relaxed);
    // A proxy can disagree on where such a body ends, so what follows is not read as a request.
    let is_ambiguous = head.headers.contains_key(header::TRANSFER_ENCODING);
    if is_last || is_ambiguous {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// A known method; any other text is not logged.
fn known_method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

fn write(status: StatusCode, request_id: &str, response: RouteResponse) -> Response<Full<Bytes>> {
    let text = HeaderValue::from_static;
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, text("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    headers.insert(header::VARY, text("Origin"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    if let Some(origin) = response.origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            text("retry-after, x-request-id"),
        );
    }
    let body = match response.content {
        Content::Json(reply) => {
            headers.insert(header::CONTENT_TYPE, text("application/json"));
            if let Some(seconds) = reply.retry_after {
                headers.insert(header::RETRY_AFTER, seconds.get().into());
            }
            if let Some(methods) = reply.allow {
                headers.insert(header::ALLOW, text(methods));
            }
            if status == StatusCode::UNAUTHORIZED {
                headers.insert(header::WWW_AUTHENTICATE, text("Bearer"));
            }
            reply.body.to_string().into()
        }
        Content::Text(body) => {
            let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            headers.insert(header::CONTENT_TYPE, text(open_metrics));
            body.into()
        }
        Content::Page(page) => page.write(&mut headers),
        Content::Preflight => {
            let methods = text("GET, POST, PUT, DELETE");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                text("authorization, content-type, traceparent, plaid-client-id, plaid-secret"),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, text("600"));
            Bytes::new()
        }
        Content::Empty => Bytes::new(),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
