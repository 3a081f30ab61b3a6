//! Connections in, replies out, until shut down. Everything it starts ends with it.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
};

use crate::{
    call::{self, Reply},
    delivery::{self, Parcel},
    state::Shared,
};

/// Above this a body is refused. Plaid publishes no limit (inferred).
const BODY_LIMIT: usize = 1 << 20;

/// How much of a refused body is still read, so that the client is done writing and reads the
/// reply, instead of finding its connection reset.
const DISCARD_LIMIT: usize = 16 << 20;

/// Webhooks under way at once. Each has a socket of its own, and a process commonly has 1024.
const DELIVERIES_AT_ONCE: usize = 256;

/// Headers of every reply (observed).
const COMMON_HEADERS: [(HeaderName, &str); 3] = [
    (header::SERVER, "nginx"),
    (header::CONTENT_TYPE, "application/json; charset=utf-8"),
    (header::VARY, "Accept-Encoding"),
];

/// Headers of a success alone (observed; of the recorded errors some carry `plaid-version`, the
/// later ones do not). Plaid's strict-transport-security is left out: over plain http it is
/// void.
const SUCCESS_HEADERS: [(HeaderName, &str); 4] = [
    (HeaderName::from_static("plaid-version"), "2020-09-14"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
];

/// Serves `listener` and delivers `parcels` until `shutdown` resolves; then the port, every
/// connection and every delivery are let go before it returns.
pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut parcels: UnboundedReceiver<Parcel>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut connections = JoinSet::new();
    let mut deliveries = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Out of file descriptors, mostly: time for other connections to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(parcel) = parcels.recv(), if deliveries.len() < DELIVERIES_AT_ONCE => {
                deliveries.spawn(delivery::deliver(parcel, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
            Some(_) = deliveries.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
    deliveries.shutdown().await;
    shared.state().mailbox.close();
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Replies are single small writes: nothing is gained by holding them back.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let shared = &shared;
        async move { Ok::<_, Infallible>(answer(shared, request).await) }
    });
    // An error here is the client's: it hung up, or it does not speak HTTP.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = read(body).await;
    let Reply { status, body } = call::answer(shared, &head, body.as_deref());

    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let success: &[_] = match status {
        StatusCode::OK => &SUCCESS_HEADERS,
        _ => &[],
    };
    for (name, value) in COMMON_HEADERS.iter().chain(success) {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
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
