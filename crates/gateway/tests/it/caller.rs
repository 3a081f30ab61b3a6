//! A caller that writes the bytes of a test and parses the replies.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::values::SECRETS;

/// Fails the test if `happening` takes longer than 20 s, which no busy machine needs.
pub(crate) async fn within<T>(happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), happening)
        .await
        .expect("it took longer than 20 s")
}

/// A connection to a gateway.
pub(crate) struct Caller {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A reply, unparsed but for its status.
#[derive(Debug)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Caller {
    /// Connects to the `url` of a gateway.
    pub(crate) async fn connect(url: &str) -> Caller {
        let stream = within(TcpStream::connect(address(url))).await;
        Caller {
            stream: stream.expect("something listens there"),
            unread: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The gateway may close the connection before everything is written.
        let _ = within(self.stream.write_all(bytes.as_ref())).await;
    }

    /// Writes everything, as a client does that reads no reply before its request is sent.
    pub(crate) async fn write_all(&mut self, bytes: impl AsRef<[u8]>) {
        let written = within(self.stream.write_all(bytes.as_ref())).await;
        written.expect("the gateway reads everything");
    }

    /// Reads the next reply.
    pub(crate) async fn reply(&mut self) -> RawReply {
        within(self.next()).await.expect("a reply")
    }

    /// Reads the next reply to a `HEAD`.
    pub(crate) async fn head(&mut self) -> RawReply {
        within(self.next_head()).await.expect("a reply")
    }

    /// Reads the next reply, if one arrives before the connection ends.
    pub(crate) async fn next(&mut self) -> Option<RawReply> {
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

    pub(crate) async fn next_head(&mut self) -> Option<RawReply> {
        let end = loop {
            match position(&self.unread, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("an ASCII head");
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Some(RawReply {
            status: status.expect("a status"),
            head,
            body: String::new(),
        })
    }

    /// Waits until the gateway closes its side, and fails the test if more bytes arrive.
    pub(crate) async fn closed(&mut self) {
        let more = within(self.more()).await;
        assert!(
            more.is_none(),
            "{:?}",
            String::from_utf8_lossy(&self.unread)
        );
    }

    /// Writes one more byte. Returns whether the gateway still reads.
    pub(crate) async fn trickle(&mut self) -> bool {
        let is_open = self.stream.write_all(b"x").await.is_ok();
        let closed = self.stream.try_read(&mut [0; 1]);
        is_open && closed.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Reads more bytes. Returns `None` at the end.
    pub(crate) async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread).await;
        read.ok().filter(|&length| length > 0).map(|_| ())
    }
}

impl RawReply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The value of a header, which must not be repeated.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().filter_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is repeated");
        value
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error_code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Every reply of every test is searched for secrets.
    fn check_secrecy(&self) {
        for secret in SECRETS {
            assert!(
                !self.head.contains(secret) && !self.body.contains(secret),
                "{secret} shows in {self:?}"
            );
        }
    }
}

/// A complete request. `head` is the request line and the headers, joined by `\r\n`, without `Host` and
/// `Content-Length`.
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

/// A `POST` of JSON to `path`, with these extra headers.
pub(crate) fn post(path: &str, headers: &[&str], body: &str) -> String {
    let mut head = vec![format!("POST {path}")];
    head.push("content-type: application/json".to_owned());
    head.extend(headers.iter().map(|&header| header.to_owned()));
    request(&head.join("\r\n"), body)
}

/// The address in `url`.
pub(crate) fn address(url: &str) -> &str {
    url.strip_prefix("http://").expect("an http URL")
}

pub(crate) fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
