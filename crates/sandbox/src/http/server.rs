//! Accepts connections, routes requests, starts deliveries and runs timers, until shut down. Every
//! task it starts ends with it.

use std::{collections::VecDeque, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http_body_util::Either;
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{HOST, HeaderValue},
    http::request::Parts,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use utdk_plaid_page::{self as page, Page};

use crate::{
    api::{dispatch, origin::OverTls},
    control::tls::{Tls, TlsListener},
    deliver::delivery,
    http::{
        access::Access,
        body::{self, ReplyBody},
        connection::{self, IDLE_TIMEOUT},
        controls,
        event_stream::EventStream,
        hosted, link, reply,
        response::{Content, ControlResponse},
    },
    model::{delivery::DeliveryCommand, shared::Shared},
    plaid::hosts,
};

/// Deliveries under way at once. Each has a socket, and a process commonly may open 1024 files.
const MAX_DELIVERIES: usize = 256;

/// What the server needs.
pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tls: Arc<Tls>,
    pub(crate) access: Access,
    /// The hosts outside of this machine that may get webhooks.
    pub(crate) allowed_webhook_hosts: Vec<String>,
}

/// Serves `listener`, and the first of `tls_listeners` once it comes, and carries out `commands` until `shutdown` resolves. Before it returns, it
/// closes the port, every connection and every delivery.
pub(crate) async fn run(
    listener: TcpListener,
    mut tls_listeners: UnboundedReceiver<TlsListener>,
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
    let mut tls = None;
    let mut shutdown = pin!(shutdown);
    loop {
        // Without a timer, look again in a day.
        let next_timer = shared.state().clock().next_timer();
        let next_timer = next_timer.unwrap_or_else(|| Instant::now() + DAY);
        tokio::select! {
            () = &mut shutdown => break,
            (accepted, tls) = accept(&listener, &tls) => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, tls, peer, Arc::clone(&server)));
                }
                // Mostly out of file descriptors: wait until connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(opened) = tls_listeners.recv() => tls = Some(opened),
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
    // First, so that nothing is opened any more.
    drop(tls_listeners);
    drop((listener, tls));
    connections.shutdown().await;
    deliveries.shutdown().await;
    // Ends the waits for attempts that will not be made.
    drop((queued, commands));
    shared.state().close();
}

/// The next connection of the two listeners, with the settings of TLS if it came to that one.
async fn accept(
    plain: &TcpListener,
    tls: &Option<TlsListener>,
) -> (
    io::Result<(TcpStream, SocketAddr)>,
    Option<Arc<ServerConfig>>,
) {
    let Some(TlsListener { listener, config }) = tls else {
        return (plain.accept().await, None);
    };
    tokio::select! {
        accepted = plain.accept() => (accepted, None),
        accepted = listener.accept() => (accepted, Some(Arc::clone(config))),
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Serves a connection over TLS where `tls` has the settings for it.
async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    peer: SocketAddr,
    server: Arc<Server>,
) {
    let is_tls = tls.is_some();
    let answer = move |mut request: Request<Incoming>| {
        let server = Arc::clone(&server);
        async move {
            if is_tls {
                request.extensions_mut().insert(OverTls);
            }
            respond(&server, peer, request).await
        }
    };
    match tls {
        None => connection::serve(stream, answer).await,
        Some(tls) => connection::serve_tls(stream, tls, answer).await,
    }
}

/// The response, or `None` for a connection reset.
async fn respond(
    server: &Server,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Option<Response<Either<ReplyBody, EventStream>>> {
    let Server {
        shared,
        tls,
        access,
        ..
    } = server;
    let (mut head, body) = request.into_parts();
    name_host(&mut head);
    // A body that arrives too slowly ends the connection.
    let body = timeout(IDLE_TIMEOUT, body::read(body)).await.ok()?;
    let path = head.uri.path();
    if hosts::is_for_cdn(&head.headers) && !path.starts_with("/link/") {
        let message = "under cdn.plaid.com, the Sandbox serves only what is under /link/";
        let status = StatusCode::NOT_FOUND;
        return Some(ControlResponse::error(status, "NOT_FOUND", message, None).into_response());
    }
    if let Some(rest) = path.strip_prefix("/_sandbox/") {
        let answered = controls::respond(shared, tls, *access, peer, &head, rest, body.as_deref());
        return Some(answered.await.into_response());
    }
    if path == "/"
        && matches!(head.method, Method::GET | Method::HEAD)
        && !hosts::is_for_plaid(&head.headers)
    {
        let page = Page::respond_to(&head.headers, page::Server::Sandbox);
        let response = ControlResponse::new(page.status(), Content::Console(page));
        return Some(response.into_response());
    }
    if let Some(rest) = path.strip_prefix("/hl/") {
        return Some(hosted::respond(shared, &head, rest).into_response());
    }
    if let Some(rest) = path.strip_prefix("/link/")
        && let Some(response) = link::respond(shared, &head, rest, body.as_deref())
    {
        return Some(response.into_response());
    }
    let reply = dispatch::reply(shared, &head, body.as_deref()).await;
    let response = reply::response(reply, path).await;
    response.map(|response| response.map(Either::Left))
}

/// HTTP/2 names the host beside the headers. One that differs makes the request malformed.
fn name_host(head: &mut Parts) {
    let Some(authority) = head.uri.authority() else {
        return;
    };
    if head.version == Version::HTTP_2
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
        && head.headers.get(HOST) != Some(&host)
    {
        head.headers.append(HOST, host);
    }
}
