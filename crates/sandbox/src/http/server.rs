//! Accepts connections, routes requests, starts deliveries and runs timers, until shut down. Every
//! task it starts ends with it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Either;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    api::dispatch,
    deliver::delivery,
    http::{
        access::Access,
        body::{self, ReplyBody},
        controls,
        event_stream::EventStream,
        hosted, reply,
    },
    model::{delivery::DeliveryCommand, shared::Shared},
};

/// A connection without a complete request is closed after this time, as nginx does.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Deliveries under way at once. Each has a socket, and a process commonly may open 1024 files.
const MAX_DELIVERIES: usize = 256;

/// What the server needs.
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) access: Access,
    /// The hosts outside of this machine that may get webhooks.
    pub(crate) allowed_webhook_hosts: Vec<String>,
}

/// Serves `listener` and carries out `commands` until `shutdown` resolves. Before it returns, it
/// closes the port, every connection and every delivery.
pub(crate) async fn run(
    listener: TcpListener,
    server: Server,
    mut commands: UnboundedReceiver<DeliveryCommand>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let server = Arc::new(server);
    let shared = &server.shared;
    let mut connections = JoinSet::new();
    let mut deliveries = JoinSet::new();
    let mut queued = VecDeque::new();
    let mut moved = shared.state().clock().watch();
    let mut shutdown = pin!(shutdown);
    loop {
        // Without a timer, look again in a day.
        let next_timer = shared.state().clock().next_timer();
        let next_timer = next_timer.unwrap_or_else(|| Instant::now() + DAY);
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, Arc::clone(&server)));
                }
                // Mostly out of file descriptors: wait until connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(command) = commands.recv() => match command {
                DeliveryCommand::Attempt(pending) => queued.push_back(pending),
                DeliveryCommand::CancelAll => {
                    queued.clear();
                    deliveries.abort_all();
                }
            },
            () = sleep_until(next_timer) => shared.state().run_due_timers(),
            _ = moved.changed() => {}
            Some(_) = connections.join_next() => {}
            Some(_) = deliveries.join_next() => {}
        }
        while deliveries.len() < MAX_DELIVERIES
            && let Some(pending) = queued.pop_front()
        {
            let server = Arc::clone(&server);
            deliveries.spawn(async move {
                delivery::deliver(pending, &server.shared, &server.allowed_webhook_hosts).await;
            });
        }
    }
    drop(listener);
    connections.shutdown().await;
    deliveries.shutdown().await;
    // Ends the waits for attempts that will not be made.
    drop((queued, commands));
    shared.state().close();
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn serve(stream: TcpStream, peer: SocketAddr, server: Arc<Server>) {
    // Each response is one small write: waiting to combine writes only adds latency.
    let _ = stream.set_nodelay(true);
    let must_reset = AtomicBool::new(false);
    let service = service_fn(|request| {
        let (server, must_reset) = (&server, &must_reset);
        async move {
            let response = respond(server, peer, request).await;
            must_reset.store(response.is_none(), Ordering::Relaxed);
            response.ok_or_else(body::reset)
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // An error means that the client hung up or does not speak HTTP, or it is intended.
    let _ = (&mut connection).await;
    if must_reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        // Makes closing send a reset.
        let _ = stream.set_zero_linger();
    }
}

/// The response, or `None` for a connection reset.
async fn respond(
    server: &Server,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Option<Response<Either<ReplyBody, EventStream>>> {
    let Server { shared, access, .. } = server;
    let (head, body) = request.into_parts();
    // A body that arrives too slowly ends the connection.
    let body = timeout(IDLE_TIMEOUT, body::read(body)).await.ok()?;
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/_sandbox/") {
        let answered = controls::respond(shared, *access, peer, &head, rest, body.as_deref());
        return Some(answered.await.into_response());
    }
    if let Some(rest) = path.strip_prefix("/hl/") {
        return Some(hosted::respond(shared, &head, rest).into_response());
    }
    let reply = dispatch::reply(shared, &head, body.as_deref()).await;
    let response = reply::response(reply, path).await;
    response.map(|response| response.map(Either::Left))
}
