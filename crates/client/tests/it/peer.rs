//! A server that the test drives itself, one connection at a time.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::calls::within;

pub(crate) struct Peer {
    listener: TcpListener,
}

/// One accepted connection.
pub(crate) struct Visit {
    stream: TcpStream,
}

impl Peer {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self {
            listener: listener.expect("a free port"),
        }
    }

    pub(crate) fn url(&self) -> String {
        let address = self.listener.local_addr().expect("it is bound");
        format!("http://{address}")
    }

    pub(crate) async fn accept(&self) -> Visit {
        let (stream, _) = within(self.listener.accept()).await.expect("a connection");
        Visit { stream }
    }
}

impl Visit {
    /// Reads one request, head and body.
    pub(crate) async fn request(&mut self) -> String {
        within(async {
            let mut request = String::new();
            while !is_complete(&request) {
                let mut piece = [0; 4096];
                let length = self.stream.read(&mut piece).await.expect("a request");
                assert_ne!(length, 0, "the request broke off: {request}");
                request.push_str(std::str::from_utf8(&piece[..length]).expect("ASCII"));
            }
            request
        })
        .await
    }

    /// Answers 200, with `extra` among the headers: lines that end in CRLF.
    pub(crate) async fn reply(&mut self, extra: &str, body: &str) {
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{extra}content-length: {length}\r\n\r\n{body}"
        );
        let written = self.stream.write_all(reply.as_bytes()).await;
        written.expect("the client reads");
    }

    /// Says that nothing more will come, as a server does that closes an idle connection.
    pub(crate) async fn say_goodbye(&mut self) {
        self.stream.shutdown().await.expect("it was open");
    }

    /// Waits until the client has closed its side.
    pub(crate) async fn closed(&mut self) {
        let length = within(self.stream.read(&mut [0; 64])).await;
        // A client that closes with something unread resets the connection: closed all the same.
        assert_eq!(length.unwrap_or(0), 0, "more came instead of the end");
    }
}

fn is_complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length.parse().expect("a length"));
    body.len() >= length.unwrap_or(0)
}
