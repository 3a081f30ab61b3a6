//! A webhook receiver with configurable behavior.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// What a receiver does after it has read a webhook.
#[derive(Clone)]
pub(crate) enum Behavior {
    Answer(u16),
    /// With one more header.
    AnswerWith(u16, &'static str, String),
    Hang,
    Reset,
}

/// Receives webhooks, one connection at a time.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    received: mpsc::UnboundedReceiver<Received>,
}

/// A received webhook.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The connection, if the receiver hangs.
    pub(crate) stream: Option<TcpStream>,
}

impl Receiver {
    pub(crate) async fn start(behavior: Behavior) -> Receiver {
        Receiver::start_in_turn([behavior]).await
    }

    /// Uses one behavior for each webhook, and the last one for all further webhooks.
    pub(crate) async fn start_in_turn(behaviors: impl Into<Vec<Behavior>>) -> Receiver {
        let mut behaviors: Vec<Behavior> = behaviors.into();
        behaviors.reverse();
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let behavior = match behaviors.len() {
                    1 => behaviors[0].clone(),
                    _ => behaviors.pop().unwrap(),
                };
                let Some(webhook) = receive(stream, behavior).await else {
                    continue;
                };
                let _ = sender.send(webhook);
            }
        });
        Receiver { port, received }
    }

    /// Answers 200 over TLS.
    pub(crate) async fn start_tls(tls: TlsAcceptor) -> Receiver {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that refuses the certificate hangs up.
                let Ok(mut stream) = tls.accept(stream).await else {
                    continue;
                };
                let Some(webhook) = read(&mut stream).await else {
                    continue;
                };
                write(&mut stream, 200, "").await;
                let _ = stream.shutdown().await;
                let _ = sender.send(webhook);
            }
        });
        Receiver { port, received }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?a=b", self.port)
    }

    pub(crate) async fn next(&mut self) -> Received {
        let received = timeout(Duration::from_secs(20), self.received.recv()).await;
        received.expect("a webhook within 20 s").unwrap()
    }

    pub(crate) fn is_untouched(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let matches = |line: &&str| {
            line.split_once(':')
                .is_some_and(|(header, _)| header.eq_ignore_ascii_case(name))
        };
        let line = self.head.lines().find(matches).unwrap();
        line.split_once(':').unwrap().1.trim()
    }
}

async fn receive(mut stream: TcpStream, behavior: Behavior) -> Option<Received> {
    let mut received = read(&mut stream).await?;
    match behavior {
        Behavior::Answer(status) => write(&mut stream, status, "").await,
        Behavior::AnswerWith(status, name, value) => {
            write(&mut stream, status, &format!("{name}: {value}\r\n")).await;
        }
        Behavior::Hang => received.stream = Some(stream),
        Behavior::Reset => stream.set_zero_linger().unwrap(),
    }
    Some(received)
}

/// Nothing if the client hangs up before the end of the body.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        stream.read_buf(&mut bytes).await.ok().filter(|&n| n > 0)?;
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut received = Received {
        head,
        body: bytes.split_off(end),
        stream: None,
    };
    let length: usize = received.header("content-length").parse().unwrap();
    while received.body.len() < length {
        let read = stream.read_buf(&mut received.body).await;
        read.ok().filter(|&n| n > 0)?;
    }
    Some(received)
}

pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), status: u16, header: &str) {
    let answer = format!("HTTP/1.1 {status} -\r\n{header}content-length: 2\r\n\r\nok");
    stream.write_all(answer.as_bytes()).await.unwrap();
}
