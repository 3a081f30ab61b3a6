//! One connection: HTTP/1.1, over TLS also HTTP/2. Its service answers a request with a response, or
//! with `None` for a connection reset.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Either;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::http::{
    body::{self, ReplyBody},
    event_stream::EventStream,
    response::ControlResponse,
};

/// A connection without a complete request is closed after this time, as nginx does.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The first byte of a client that speaks TLS (RFC 8446 §5.1: a handshake).
const HANDSHAKE: u8 = 22;

type Answer = Option<Response<Either<ReplyBody, EventStream>>>;

/// Serves a connection without TLS.
pub(super) async fn serve<F: Future<Output = Answer>>(
    stream: TcpStream,
    answer: impl Fn(Request<Incoming>) -> F,
) {
    // Each response is one small write: waiting to combine writes only adds latency.
    let _ = stream.set_nodelay(true);
    if let Some(stream) = serve_http1(stream, answer).await {
        reset(&stream);
    }
}

/// Serves a connection with TLS. A client without it gets one answer that says so.
pub(super) async fn serve_tls<F>(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    answer: impl Fn(Request<Incoming>) -> F + Send + 'static,
) where
    F: Future<Output = Answer> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match timeout(IDLE_TIMEOUT, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == HANDSHAKE => {}
        Ok(Ok(1)) => {
            serve_http1(stream, async |_| Some(without_tls())).await;
            return;
        }
        _ => return,
    }
    // An error has been answered with an alert, such as for another name than the certificate's.
    let handshake = timeout(IDLE_TIMEOUT, TlsAcceptor::from(tls).accept(stream));
    let Ok(Ok(stream)) = handshake.await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(stream, answer).await;
    } else if let Some(stream) = serve_http1(stream, answer).await {
        reset(stream.get_ref().0);
    }
}

/// Returns the stream if the connection must be reset.
async fn serve_http1<S, F: Future<Output = Answer>>(
    stream: S,
    answer: impl Fn(Request<Incoming>) -> F,
) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let must_reset = AtomicBool::new(false);
    let service = service_fn(|request| {
        let (answer, must_reset) = (answer(request), &must_reset);
        async move {
            let response = answer.await;
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
    let stream = connection.into_parts().io.into_inner();
    must_reset.into_inner().then_some(stream)
}

/// Makes closing send a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// A reset resets the stream of the request, not the connection.
async fn serve_http2<S, F>(stream: S, answer: impl Fn(Request<Incoming>) -> F + Send + 'static)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { answer.await.ok_or_else(body::reset) }
    });
    let connection = http2::Builder::new(Tasks::default())
        .timer(TokioTimer::new())
        .keep_alive_interval(IDLE_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

fn without_tls() -> Response<Either<ReplyBody, EventStream>> {
    let message = "this port speaks only TLS: use https, or the Sandbox's http URL";
    let status = StatusCode::BAD_REQUEST;
    ControlResponse::error(status, "TLS_REQUIRED", message, None).into_response()
}

/// The tasks of one connection. They end with it.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}
