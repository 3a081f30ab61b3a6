//! The server that the benchmarks call.
//!
//! It answers `POST /sandbox/item/reset_login` as Plaid does, over plain HTTP and over TLS (HTTP/1.1
//! and HTTP/2). It refuses a call without a field that Plaid requires, so that no client gains by
//! sending less. It also receives and counts webhooks. Reading order: here the process (listeners,
//! start line, end), then [`reply`] (one request), then [`tls`] (the certificate).
//!
//! It shares no code with the package, and runs on one thread, to leave the other cores to the
//! client.

#![forbid(unsafe_code)]

mod reply;
mod tls;

use std::convert::Infallible;
use std::error::Error;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use clap::Parser;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::reply::Server;

/// Answers reset_login as Plaid does, on two free loopback ports, until standard input closes.
#[derive(Parser)]
struct Arguments {
    /// Delay of each reply to reset_login, in milliseconds.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// File to write the certificate authority of the https port to (PEM).
    #[arg(long)]
    ca_file: PathBuf,
}

/// More connections than any client opens at once.
const BACKLOG: u32 = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let server = Arc::new(Server {
        delay: Duration::from_millis(arguments.delay_ms),
        webhooks: AtomicU64::new(0),
    });
    let identity = tls::Identity::generate()?;
    std::fs::write(&arguments.ca_file, &identity.ca_pem)?;

    let http = listener()?;
    let https = listener()?;
    announce(&http, &https, &arguments.ca_file)?;

    tokio::spawn(accept_http(http, Arc::clone(&server)));
    tokio::spawn(accept_https(https, identity.acceptor, server));
    standard_input_closed().await;
    Ok(())
}

fn listener() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(BACKLOG)
}

/// Prints the ports: the only line on standard output.
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

async fn accept_http(listener: TcpListener, server: Arc<Server>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                if stream.set_nodelay(true).is_ok() {
                    serve(stream, server).await;
                }
            });
        }
    }
}

async fn accept_https(listener: TcpListener, acceptor: TlsAcceptor, server: Arc<Server>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), Arc::clone(&server));
            tokio::spawn(async move {
                if stream.set_nodelay(true).is_err() {
                    return;
                }
                // If the handshake fails, the client reports the error.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, server).await;
                }
            });
        }
    }
}

/// Ignores how the connection ends: the client reports its errors.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, server: Arc<Server>) {
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http2().max_concurrent_streams(BACKLOG);
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Resolves when the parent process ends, even if it is killed.
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
