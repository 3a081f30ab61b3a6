//! Accepts connections and writes responses until it is stopped, then finishes what is in flight.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::TokioIo,
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tracing::dispatcher::with_default;

use crate::{
    body,
    connections::{Connection, Connections},
    reply::milliseconds,
    response,
    routes::{self, Content, GatewayState},
};

/// The limit on the head of a request, in bytes.
const HEAD_LIMIT: usize = 16 << 10;

/// How often the time limits of connections are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How often the rate limiter frees the memory of idle addresses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// While stopping, idle connections are closed after this long without a request.
const QUIET: Duration = Duration::from_millis(100);

/// Serves `listener` until `stopped` receives a message, then finishes what is in flight within
/// `grace`. If the sender is dropped instead, it ends at once.
pub(crate) async fn run(
    listener: TcpListener,
    state: Arc<GatewayState>,
    max_connections: usize,
    grace: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(max_connections);
    let mut tasks = JoinSet::new();
    let mut accepted = 0;
    let mut serve_next = |tasks: &mut JoinSet<()>, (socket, peer)| {
        accepted += 1;
        if let Some(connection) = connections.open(accepted) {
            let state = Arc::clone(&state);
            tasks.spawn(serve(socket, peer, state, connection, graceful.watcher()));
        }
    };
    let mut chores = JoinSet::new();
    chores.spawn(check_limits(Arc::clone(&connections), Arc::clone(&state)));
    let is_graceful = loop {
        tokio::select! {
            message = &mut stopped => break message.is_ok(),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => serve_next(&mut tasks, accepted),
                // Mostly out of file descriptors.
                Err(_) => {
                    connections.close_oldest_idle();
                    sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = tasks.join_next() => {}
        }
    };
    state.stopping.store(true, Ordering::Relaxed);
    for accepted in backlog(listener) {
        serve_next(&mut tasks, accepted);
    }
    if is_graceful {
        let finished = async {
            drain(&mut tasks, &state).await;
            graceful.shutdown().await;
        };
        let _ = timeout(grace, finished).await;
    }
    tasks.shutdown().await;
}

/// Closes connections that exceed a time limit, and frees memory of the rate limiter.
async fn check_limits(connections: Arc<Connections>, state: Arc<GatewayState>) {
    let mut checks = interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cleaned = Instant::now();
    loop {
        checks.tick().await;
        connections.close_expired();
        if cleaned.elapsed() >= CLEANUP_INTERVAL {
            cleaned = Instant::now();
            state.access.forget_callers();
        }
    }
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
        .filter_map(|(socket, peer)| {
            socket.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(socket).ok()?, peer))
        })
        .collect()
}

/// Waits until all connections have ended, or no request has arrived for [`QUIET`]. A request can be
/// in transit on an idle connection. Each connection ends with its next response, so this ends too.
async fn drain(tasks: &mut JoinSet<()>, state: &GatewayState) {
    let mut requests = state.requests.load(Ordering::Relaxed);
    loop {
        let ended = async { while tasks.join_next().await.is_some() {} };
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

async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    state: Arc<GatewayState>,
    connection: Connection,
    watcher: Watcher,
) {
    // Each response is a single small write, so delaying it gains nothing.
    let _ = socket.set_nodelay(true);
    let stream = connection.stream(socket);
    let service = service_fn(|request| async {
        Ok::<_, Infallible>(respond(&state, &connection, peer, request).await)
    });
    let http = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        // `Connections` has the time limits.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error means that the client closed the connection, or did not send HTTP.
        _ = watcher.watch(http) => {}
        () = connection.closed() => {}
    }
}

async fn respond(
    state: &GatewayState,
    connection: &Connection,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let start = Instant::now();
    connection.body();
    state.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:016x}", fastrand::u64(..));
    let (head, mut body) = request.into_parts();
    let response = routes::handle(state, connection, peer, &request_id, &head, &mut body).await;

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
    let mut response = response::write(status, &request_id, response);
    let is_unread = !body.is_end_stream() && !body::discard(status, &head.headers, body).await;
    // A proxy can disagree on where such a body ends, so what follows is not read as a request.
    let is_ambiguous = head.headers.contains_key(header::TRANSFER_ENCODING);
    // Read here, after the last wait, so that no response promises a connection that is closed.
    let is_stopping = state.stopping.load(Ordering::Relaxed);
    if is_stopping || is_ambiguous || is_unread {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    if is_unread || is_ambiguous {
        connection.linger();
    }
    connection.idle();
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
