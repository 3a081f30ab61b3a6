//! A webhook receiver that does as a test tells it.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// What a receiver does once it has read a webhook.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Answer(u16),
    Hang,
    Reset,
}

/// Receives on a loopback port, one connection after the other.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    received: mpsc::UnboundedReceiver<Received>,
}

/// A webhook as it came in.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The connection, when it hangs.
    pub(crate) stream: Option<TcpStream>,
}

impl Receiver {
    pub(crate) async fn start(manner: Manner) -> Receiver {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = sender.send(receive(stream, manner).await);
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

async fn receive(mut stream: TcpStream, manner: Manner) -> Received {
    let mut bytes = Vec::new();
    let end = loop {
        stream.read_buf(&mut bytes).await.unwrap();
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
        stream.read_buf(&mut received.body).await.unwrap();
    }
    match manner {
        Manner::Answer(status) => {
            let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Manner::Hang => received.stream = Some(stream),
        Manner::Reset => stream.set_zero_linger().unwrap(),
    }
    received
}
