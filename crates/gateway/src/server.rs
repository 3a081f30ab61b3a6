//! Connections in, replies out, until shut down; then what is in flight is finished.

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
    routes::{self, Answer, Content, Shared},
};

/// How long a request's head may take to arrive, or a connection stay idle.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(75);

/// How much of a request's head is read at most.
const HEAD_LIMIT: usize = 16 << 10;

/// How often callers that have not called for a while are forgotten.
const FORGETTING: Duration = Duration::from_secs(60);

/// Idle connections are closed, once it stops, when no request has come for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Serves `listener` until `stopped` says so, then finishes what is in flight within `grace`. If
/// `stopped` is dropped instead, it ends at once.
pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    grace: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let connection = |(stream, peer)| serve(stream, peer, Arc::clone(&shared), graceful.watcher());
    let mut forgetting = interval(FORGETTING);
    forgetting.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_asked = loop {
        tokio::select! {
            asked = &mut stopped => break asked.is_ok(),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => {
                    connections.spawn(connection(accepted));
                }
                // Out of file descriptors, mostly: time for other connections to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            _ = forgetting.tick() => shared.access.forget_callers(),
            Some(_) = connections.join_next() => {}
        }
    };
    shared.stopping.store(true, Ordering::Relaxed);
    for accepted in waiting(listener) {
        connections.spawn(connection(accepted));
    }
    if is_asked {
        let finished = async {
            run_dry(&mut connections, &shared).await;
            graceful.shutdown().await;
        };
        let _ = timeout(grace, finished).await;
    }
    connections.shutdown().await;
}

/// Frees the port, and returns the connections that stood already. A load balancer may have sent its
/// request over one, and does not send it again, as it does when a connection is refused.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    // What tokio has not been told of yet is here, too; it ends where accepting would block.
    let accepted = std::iter::from_fn(|| listener.accept().ok());
    accepted
        .filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer))
        })
        .collect()
}

/// Leaves idle connections open for what may be on its way over them, until there are none or
/// nothing more comes. Each ends with its next reply, so that this does.
async fn run_dry(connections: &mut JoinSet<()>, shared: &Shared) {
    let mut requests = shared.requests.load(Ordering::Relaxed);
    loop {
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(QUIET, ended).await.is_ok() {
            return;
        }
        let before = requests;
        requests = shared.requests.load(Ordering::Relaxed);
        if requests == before {
            return;
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, watcher: Watcher) {
    // Replies are single small writes: nothing is gained by holding them back.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_LIMIT)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is the client's: it hung up, or it does not speak HTTP.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    shared: &Shared,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let began = Instant::now();
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:016x}", fastrand::u64(..));
    let (head, body) = request.into_parts();
    let answer = routes::answer(shared, peer, &request_id, &head, body).await;

    let (status, outcome) = match &answer.content {
        Content::Reply(reply) => (reply.status, reply.outcome),
        Content::Text(_) => (StatusCode::OK, "ok"),
        Content::Page(page) => (page.status(), "ok"),
        Content::Preflight | Content::Nothing => (StatusCode::NO_CONTENT, "ok"),
    };
    shared.metrics.count(answer.route, outcome, status.as_u16());
    let (code, attempts) = match &answer.content {
        Content::Reply(reply) => (reply.code.as_deref(), reply.attempts),
        _ => (None, 0),
    };
    if let Some(log) = &shared.log {
        // Neither the path nor a header: either may hold what must not be kept.
        let tell = || {
            tracing::info!(
                method = shown(&head.method),
                route = answer.route,
                status = status.as_u16(),
                outcome,
                code,
                attempts,
                duration_ms = milliseconds(began.elapsed()),
                caller = %peer.ip().to_canonical(),
                request_id,
                "request",
            );
        };
        with_default(log, tell);
    }
    let mut response = respond(status, &request_id, answer);
    // Whoever keeps the connection for its next request knows in time that it ends.
    let is_last = shared.stopping.load(Ordering::Relaxed);
    // Those between may have seen the end of such a body elsewhere: what follows is no request.
    let is_in_doubt = head.headers.contains_key(header::TRANSFER_ENCODING);
    if is_last || is_in_doubt {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// The methods that there are; another may be anything.
fn shown(method: &Method) -> &str {
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

fn respond(status: StatusCode, request_id: &str, answer: Answer) -> Response<Full<Bytes>> {
    let text = HeaderValue::from_static;
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, text("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    headers.insert(header::VARY, text("Origin"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    if let Some(origin) = answer.origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            text("retry-after, x-request-id"),
        );
    }
    let body = match answer.content {
        Content::Reply(reply) => {
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
        Content::Nothing => Bytes::new(),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
