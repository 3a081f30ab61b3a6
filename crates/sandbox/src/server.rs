//! Connections in, replies out, deliveries off, timers rung, until shut down. Everything it starts
//! ends with it.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http_body_util::{BodyExt, Either};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    call::{self, Reply},
    delivery::{self, Errand},
    doors,
    event_stream::EventStream,
    state::Shared,
};

/// Above this a body is refused. Plaid publishes no limit (inferred).
const BODY_LIMIT: usize = 1 << 20;

/// How much of a refused body is still read, so that the client is done writing and reads the
/// reply, instead of finding its connection reset.
const DISCARD_LIMIT: usize = 16 << 20;

/// A connection that brings no request, or half a one, for so long is closed. nginx keeps idle
/// connections for as long.
const IDLE_LIMIT: Duration = Duration::from_secs(75);

/// Webhooks under way at once. Each has a socket of its own, and a process commonly has 1024.
const DELIVERIES_AT_ONCE: usize = 256;

/// Headers of every reply (observed).
const COMMON_HEADERS: [(HeaderName, &str); 3] = [
    (header::SERVER, "nginx"),
    (header::CONTENT_TYPE, "application/json; charset=utf-8"),
    (header::VARY, "Accept-Encoding"),
];

/// Headers of a success alone (observed). Plaid's strict-transport-security is left out: over plain
/// http it is void.
const SUCCESS_HEADERS: [(HeaderName, &str); 3] = [
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
];

/// Of a success, but not on these routes (observed; of the recorded errors some carry it, the later
/// ones do not).
const VERSION: (&str, &str) = ("plaid-version", "2020-09-14");
const UNVERSIONED: [&str; 2] = ["/link/token/get", "/webhook_verification_key/get"];

/// Serves `listener` and does `errands` until `shutdown` resolves; then the port, every connection
/// and every delivery are let go before it returns.
pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut errands: UnboundedReceiver<Errand>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut connections = JoinSet::new();
    let mut deliveries = JoinSet::new();
    let mut waiting = VecDeque::new();
    let mut moved = shared.state().clock.watch();
    let mut shutdown = pin!(shutdown);
    loop {
        let next_timer = next_timer(&shared);
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, Arc::clone(&shared)));
                }
                // Out of file descriptors, mostly: time for other connections to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(errand) = errands.recv() => match errand {
                Errand::Deliver(parcel) => waiting.push_back(parcel),
                Errand::CancelAll => {
                    waiting.clear();
                    deliveries.abort_all();
                }
            },
            () = sleep_until(next_timer) => shared.state().ring_timers(),
            _ = moved.changed() => {}
            Some(_) = connections.join_next() => {}
            Some(_) = deliveries.join_next() => {}
        }
        while deliveries.len() < DELIVERIES_AT_ONCE
            && let Some(parcel) = waiting.pop_front()
        {
            deliveries.spawn(delivery::deliver(parcel, Arc::clone(&shared)));
        }
    }
    drop(listener);
    connections.shutdown().await;
    deliveries.shutdown().await;
    // What still waits for an attempt that was asked for learns that there will be none.
    drop((waiting, errands));
    shared.state().webhooks.close();
}

fn next_timer(shared: &Shared) -> Instant {
    let clock = &shared.state().clock;
    match clock.next_due() {
        Some(due) => clock.instant_of(due),
        // Nothing is due: a day is as good as never, for it is looked at again then.
        None => Instant::now() + Duration::from_secs(24 * 60 * 60),
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    // Replies are single small writes: nothing is gained by holding them back.
    let _ = stream.set_nodelay(true);
    let is_to_be_reset = AtomicBool::new(false);
    let service = service_fn(|request| {
        let (shared, is_to_be_reset) = (&shared, &is_to_be_reset);
        async move {
            let response = answer(shared, peer, request).await;
            is_to_be_reset.store(response.is_none(), Ordering::Relaxed);
            response.ok_or_else(reset)
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is the client's, which hung up or does not speak HTTP; or it is on purpose.
    let _ = (&mut connection).await;
    if is_to_be_reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        // Closed with a reset instead of an orderly end.
        let _ = stream.set_zero_linger();
    }
}

/// The response, or none for a connection that is to be reset.
async fn answer(
    shared: &Arc<Shared>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Option<Response<Either<ReplyBody, EventStream>>> {
    let (head, body) = request.into_parts();
    // Who sends too slowly is hung up on.
    let body = timeout(IDLE_LIMIT, read(body)).await.ok()?;
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/_sandbox/") {
        let answer = doors::control(shared, peer, &head, rest, body.as_deref());
        return Some(answer.await.into_response());
    }
    if let Some(rest) = path.strip_prefix("/hl/") {
        return Some(doors::hosted(shared, &head, rest).into_response());
    }
    match call::answer(shared, &head, body.as_deref()).await {
        Reply::Json {
            status,
            body,
            retry_after,
            is_cut_short,
        } => {
            let mut response = Response::new(ReplyBody::new(body.into(), is_cut_short));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            set(headers, &COMMON_HEADERS);
            if status == StatusCode::OK {
                set(headers, &SUCCESS_HEADERS);
                if !UNVERSIONED.contains(&path) {
                    let (name, value) = VERSION;
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            if let Some(seconds) = retry_after {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
            Some(response.map(Either::Left))
        }
        Reply::Html(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            Some(proxy_page(status).map(Either::Left))
        }
        Reply::Reset => None,
        Reply::Silence => std::future::pending().await,
    }
}

fn set(headers: &mut HeaderMap, values: &[(HeaderName, &'static str)]) {
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// As nginx makes them.
fn proxy_page(status: StatusCode) -> Response<ReplyBody> {
    let title = format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
         </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(ReplyBody::new(page.into(), false));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("nginx"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// The whole body, or `None` when it is too long or ended early.
async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if length <= DISCARD_LIMIT {
            kept = Vec::new();
        } else {
            return None;
        }
    }
    (length <= BODY_LIMIT).then_some(kept)
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// A response's body. One that is cut short announces more than it has.
pub(crate) struct ReplyBody {
    left: Option<Bytes>,
    announced: u64,
    is_cut_short: bool,
    /// Whether hyper was given a turn to write out what the body has.
    is_written: bool,
}

impl ReplyBody {
    pub(crate) fn new(mut bytes: Bytes, is_cut_short: bool) -> Self {
        let announced = bytes.len() as u64;
        if is_cut_short {
            bytes.truncate(bytes.len() / 2);
        }
        ReplyBody {
            left: Some(bytes).filter(|bytes| !bytes.is_empty()),
            announced,
            is_cut_short,
            is_written: false,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.left.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // On an error hyper drops what it has not written yet.
            None if self.is_cut_short && !self.is_written => {
                self.is_written = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.is_cut_short => Poll::Ready(Some(Err(reset()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && !self.is_cut_short
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
