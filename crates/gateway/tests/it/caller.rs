//! A caller that writes what the test tells it to, byte for byte, and keeps what comes back.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::values::SECRETS;

/// Waits for what must happen, and fails the test where it does not. The limit is longer than any
/// pause that a busy machine makes.
pub(crate) async fn within<T>(happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), happening)
        .await
        .expect("it did not happen within 20 s")
}

/// A connection to a gateway.
pub(crate) struct Caller {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A reply as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Caller {
    /// `url` as a gateway tells it: `http://` and an address.
    pub(crate) async fn connect(url: &str) -> Caller {
        let stream = within(TcpStream::connect(address(url))).await;
        Caller {
            stream: stream.expect("something listens there"),
            unread: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // Who is refused early may find the connection closed while it still writes.
        let _ = within(self.stream.write_all(bytes.as_ref())).await;
    }

    /// The next reply.
    pub(crate) async fn reply(&mut self) -> Reply {
        within(self.next()).await.expect("a reply")
    }

    /// The next reply to a `HEAD`.
    pub(crate) async fn head(&mut self) -> Reply {
        within(self.next_head()).await.expect("a reply")
    }

    /// The next reply, if one comes before the connection ends.
    pub(crate) async fn next(&mut self) -> Option<Reply> {
        let mut reply = self.next_head().await?;
        let length = reply.header("content-length").unwrap_or("0");
        let length = length.parse().expect("a length");
        while self.unread.len() < length {
            self.more().await?;
        }
        let body = self.unread.drain(..length).collect();
        reply.body = String::from_utf8(body).expect("a UTF-8 body");
        reply.check_secrecy();
        Some(reply)
    }

    pub(crate) async fn next_head(&mut self) -> Option<Reply> {
        let end = loop {
            match position(&self.unread, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("an ASCII head");
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Some(Reply {
            status: status.expect("a status"),
            head,
            body: String::new(),
        })
    }

    /// Waits until the gateway has closed its side, with nothing more said.
    pub(crate) async fn closed(&mut self) {
        let more = within(self.more()).await;
        assert!(
            more.is_none(),
            "{:?}",
            String::from_utf8_lossy(&self.unread)
        );
    }

    /// Writes one byte more; whether the gateway still reads.
    pub(crate) async fn trickle(&mut self) -> bool {
        let is_open = self.stream.write_all(b"x").await.is_ok();
        let closed = self.stream.try_read(&mut [0; 1]);
        is_open && closed.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Nothing, at the end.
    pub(crate) async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread).await;
        read.ok().filter(|&length| length > 0).map(|_| ())
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The value of a header, if it is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().filter_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error_code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Whatever is asked of a gateway, it tells no secret.
    fn check_secrecy(&self) {
        for secret in SECRETS {
            assert!(
                !self.head.contains(secret) && !self.body.contains(secret),
                "{secret} shows in {self:?}"
            );
        }
    }
}

/// One request with its framing: `head` is the request line and headers but `Host` and
/// `Content-Length`, joined by `\r\n`.
pub(crate) fn request(head: &str, body: &str) -> String {
    let length = match body {
        "" => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let headers = match headers {
        "" => String::new(),
        _ => format!("{headers}\r\n"),
    };
    format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}{length}\r\n{body}")
}

/// A `POST` of JSON to `path`, with more headers or none.
pub(crate) fn post(path: &str, headers: &[&str], body: &str) -> String {
    let mut head = vec![format!("POST {path}")];
    head.push("content-type: application/json".to_owned());
    head.extend(headers.iter().map(|&header| header.to_owned()));
    request(&head.join("\r\n"), body)
}

/// Where `url` leads.
pub(crate) fn address(url: &str) -> &str {
    url.strip_prefix("http://").expect("an http URL")
}

pub(crate) fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
