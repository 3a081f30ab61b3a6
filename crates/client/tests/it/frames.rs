//! A server that speaks HTTP/2 frame by frame, as the test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::server::TlsStream;
use utdk_plaid_client::{Client, Config};

use crate::calls::{DONE, config};
use crate::server::Share;
use crate::trust::Authority;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

/// The flag END_STREAM of DATA and HEADERS, and ACK of SETTINGS and PING.
const END: u8 = 1;
const END_HEADERS: u8 = 4;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

pub(crate) struct Http2Server {
    address: SocketAddr,
    authority: Authority,
    connections: Arc<AtomicUsize>,
    running: JoinHandle<()>,
}

/// One connection, after its preface.
pub(crate) struct Frames(TlsStream<TcpStream>);

pub(crate) struct Frame {
    pub(crate) kind: u8,
    flags: u8,
    pub(crate) stream: u32,
}

impl Http2Server {
    /// Hands each connection to `serve`, with its number from 1. `settings` is the payload of the
    /// first SETTINGS frame.
    pub(crate) async fn start<F>(
        settings: &'static [u8],
        serve: impl Fn(usize, Frames) -> F + Share,
    ) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let authority = Authority::new();
        let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2"]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let running = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let number = accepted.fetch_add(1, Ordering::Relaxed) + 1;
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await.ok()?;
                    stream.read_exact(&mut [0; 24]).await.ok()?;
                    let mut frames = Frames(stream);
                    frames.write(SETTINGS, 0, 0, settings).await?;
                    serve(number, frames).await
                });
            }
        });
        Self {
            address,
            authority,
            connections,
            running,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The settings for a client of this server.
    pub(crate) fn config(&self) -> Config {
        Config {
            ca: Some(self.authority.pem()),
            ..config(&format!("https://{}", self.address))
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).expect("the settings are good")
    }
}

impl Drop for Http2Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// All of these are `None` once the client has closed the connection.
impl Frames {
    /// The next frame; SETTINGS and PING are acknowledged.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        let frame = Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
        };
        match (frame.kind, frame.flags & END) {
            (SETTINGS, 0) => self.write(SETTINGS, END, 0, &[]).await?,
            (PING, 0) => self.write(PING, END, 0, &payload).await?,
            _ => {}
        }
        Some(frame)
    }

    /// The stream of the next request that is complete.
    pub(crate) async fn request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next().await?;
            if frame.ends_a_request() {
                return Some(frame.stream);
            }
        }
    }

    pub(crate) async fn write(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> Option<()> {
        let length = u32::try_from(payload.len()).expect("a short frame");
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).await.ok()?;
        self.0.flush().await.ok()
    }

    /// Answers 200, as Plaid does when the login was reset.
    pub(crate) async fn done(&mut self, stream: u32) -> Option<()> {
        // `:status: 200` in HPACK's static table (RFC 7541, appendix A).
        self.write(HEADERS, END_HEADERS, stream, &[0x88]).await?;
        self.write(DATA, END, stream, DONE.as_bytes()).await
    }

    pub(crate) async fn refuse(&mut self, stream: u32) -> Option<()> {
        let code = REFUSED_STREAM.to_be_bytes();
        self.write(RST_STREAM, 0, stream, &code).await
    }

    pub(crate) async fn go_away(&mut self, last: u32, code: u32, debug: &str) -> Option<()> {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend(code.to_be_bytes());
        payload.extend(debug.as_bytes());
        self.write(GOAWAY, 0, 0, &payload).await
    }
}

impl Frame {
    pub(crate) fn ends_a_request(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END != 0
    }
}
