//! The server that the benchmark's clients call, so that what is measured is the client.
//!
//! It answers `POST /sandbox/item/reset_login` as Plaid does, over plain HTTP and over TLS (HTTP/1.1
//! and HTTP/2), and refuses a call that leaves out what a real one must carry, so that no client
//! gains by sending less. Reading order: here the process (listeners, start line, end), then
//! [`reply`] (one request), then [`tls`] (the certificate).
//!
//! It shares no code with the package, and runs on one thread: a client keeps the other cores.

#![forbid(unsafe_code)]

mod reply;
mod tls;

use std::convert::Infallible;
use std::error::Error;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// Plaid's reply to reset_login, on two free loopback ports, until standard input closes.
#[derive(Parser)]
struct Arguments {
    /// How long to hold each reply back, in milliseconds.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Where to write the PEM of the authority that the https port's certificate comes from.
    #[arg(long)]
    ca_file: PathBuf,
}

/// More than the largest number of connections that a client opens at once.
const BACKLOG: u32 = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let delay = Duration::from_millis(arguments.delay_ms);
    let identity = tls::Identity::generate()?;
    std::fs::write(&arguments.ca_file, &identity.ca_pem)?;

    let http = listener()?;
    let https = listener()?;
    announce(&http, &https, &arguments.ca_file)?;

    tokio::spawn(accept_http(http, delay));
    tokio::spawn(accept_https(https, identity.acceptor, delay));
    standard_input_closed().await;
    Ok(())
}

fn listener() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(BACKLOG)
}

/// The one line on standard output, from which the benchmark learns where to call.
fn announce(http: &TcpListener, https: &TcpListener, ca_file: &Path) -> std::io::Result<()> {
    let line = serde_json::json!({
        "http": http.local_addr()?.port(),
        "https": https.local_addr()?.port(),
        "ca": ca_file,
    });
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

async fn accept_http(listener: TcpListener, delay: Duration) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if stream.set_nodelay(true).is_ok() {
                    serve_http1(stream, delay).await;
                }
            });
        }
    }
}

async fn accept_https(listener: TcpListener, acceptor: TlsAcceptor, delay: Duration) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_tls(stream, acceptor.clone(), delay));
        }
    }
}

async fn serve_tls(stream: TcpStream, acceptor: TlsAcceptor, delay: Duration) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // A client that refuses the handshake fails on its own side, where the benchmark sees it.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => serve_http2(stream, delay).await,
        _ => serve_http1(stream, delay).await,
    }
}

// A connection that a client drops is the client's business: both ignore how it ended.

async fn serve_http1<S>(stream: S, delay: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| async move {
        Ok::<_, Infallible>(reply::answer(request, delay).await)
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn serve_http2<S>(stream: S, delay: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| async move {
        Ok::<_, Infallible>(reply::answer(request, delay).await)
    });
    let _ = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(BACKLOG)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Ends with the process that started this one, even if that one is killed.
async fn standard_input_closed() {
    let (closed, wait) = oneshot::channel();
    std::thread::spawn(move || {
        let mut ignored = [0; 64];
        let mut input = std::io::stdin().lock();
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        let _ = closed.send(());
    });
    let _ = wait.await;
}
