//! HTTP/1.1 messages as far as they are needed here: a head, and a body of a length that the head
//! announces.

use std::io::{Error, ErrorKind};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A connection, and what has been read from it beyond the last message.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How long the last message was: it lies at the buffer's start until the next one is read.
    taken: usize,
}

/// A request or a response.
pub(crate) struct Message<'a> {
    /// The first line and the headers.
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
            taken: 0,
        })
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The next message; none if the peer has closed the connection instead.
    ///
    /// # Errors
    ///
    /// When the connection fails, ends within a message, or carries one without a length.
    pub(crate) async fn read(&mut self) -> std::io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let head = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if self.fill().await? => {}
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        };
        let length = content_length(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            if !self.fill().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        self.taken = head + length;
        Ok(Some(Message {
            head: str::from_utf8(&self.buffer[..head]).map_err(Error::other)?,
            body: &self.buffer[head..self.taken],
        }))
    }

    /// Whether there was anything more to read.
    async fn fill(&mut self) -> std::io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

impl Message<'_> {
    /// Of a response.
    pub(crate) fn is_ok(&self) -> bool {
        self.head.starts_with("HTTP/1.1 200 ")
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        header(self.head.as_bytes(), name).is_some()
    }
}

fn content_length(head: &[u8]) -> std::io::Result<usize> {
    header(head, "content-length")
        .and_then(|value| str::from_utf8(value).ok()?.trim().parse().ok())
        .ok_or_else(|| Error::other("a message without a content-length"))
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        start.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
