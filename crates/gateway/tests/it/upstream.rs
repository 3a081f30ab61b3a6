//! The test's own Plaid, which controls every byte and when a connection closes.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

use crate::{
    caller::{position, within},
    values::{DONE, PLAID},
};

/// How to answer each request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Write these bytes, and read the next request.
    Write(String),
    /// Write these bytes, and close the connection.
    WriteAndClose(String),
    /// Reset the connection.
    Reset,
    /// Write an endless reply.
    Flood,
    /// Wait for the test: see [`Upstream::held`].
    Hold,
}

pub(crate) struct Upstream {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    held: mpsc::UnboundedReceiver<Held>,
    serving: JoinHandle<()>,
}

/// A request that Plaid got.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A request that waits for its reply.
pub(crate) struct Held {
    pub(crate) call: Call,
    stream: TcpStream,
}

impl Upstream {
    pub(crate) async fn start(behaviour: Behaviour) -> Upstream {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let calls = Arc::new(Mutex::default());
        let (sender, held) = mpsc::unbounded_channel();
        let seen = Arc::clone(&calls);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serve(stream, behaviour.clone(), Arc::clone(&seen), sender.clone());
                tokio::spawn(serving);
            }
        });
        Upstream {
            url: format!("http://{address}"),
            calls,
            held,
            serving,
        }
    }

    /// Starts a Plaid where every call succeeds.
    pub(crate) async fn answering() -> Upstream {
        Upstream::start(Behaviour::Write(reply(200, DONE))).await
    }

    /// The requests so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("unpoisoned").clone()
    }

    /// The only request so far.
    pub(crate) fn call(&self) -> Call {
        match &self.calls()[..] {
            [call] => call.clone(),
            calls => panic!("{} requests", calls.len()),
        }
    }

    /// Waits for the next held request.
    pub(crate) async fn held(&mut self) -> Held {
        within(self.held.recv()).await.expect("a request")
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Call {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The headers in alphabetical order.
    pub(crate) fn headers(&self) -> Vec<(String, &str)> {
        let lines = self.head.trim_end().lines().skip(1);
        let mut headers: Vec<_> = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        headers.sort_unstable();
        headers
    }

    pub(crate) fn header_names(&self) -> Vec<String> {
        self.headers().into_iter().map(|(name, _)| name).collect()
    }

    /// Fails the test if the request has more than the operation needs.
    pub(crate) fn check(&self) {
        let line = format!("POST {PLAID} HTTP/1.1\r\n");
        assert!(self.head.starts_with(&line), "{}", self.head);
        let mut names = self.header_names();
        names.retain(|name| name != "traceparent");
        let expected = [
            "accept",
            "accept-encoding",
            "content-length",
            "content-type",
            "host",
            "plaid-version",
            "user-agent",
        ];
        assert_eq!(names, expected);
        let Value::Object(fields) = self.json() else {
            panic!("no object: {}", self.body);
        };
        assert_eq!(
            fields.keys().collect::<Vec<_>>(),
            ["access_token", "client_id", "secret"]
        );
        assert!(fields.values().all(Value::is_string));
    }
}

impl Held {
    /// Replies that the login was reset, and closes the connection.
    pub(crate) async fn succeed(&mut self) {
        let bytes = reply_with(200, &["connection: close"], DONE);
        let written = within(self.stream.write_all(bytes.as_bytes())).await;
        written.expect("the gateway reads");
    }

    /// Waits until the gateway closes its side.
    pub(crate) async fn closed(&mut self) {
        let read = within(self.stream.read(&mut [0; 64])).await;
        // A reset also counts as closed.
        assert_eq!(read.unwrap_or(0), 0, "more came instead of the end");
    }
}

/// An address that refuses connections. The port stays reserved.
pub(crate) struct ClosedPort {
    pub(crate) url: String,
    _bound: TcpSocket,
}

impl ClosedPort {
    pub(crate) fn new() -> ClosedPort {
        let bound = TcpSocket::new_v4().expect("a socket");
        bound
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .expect("a free port");
        ClosedPort {
            url: format!("http://{}", bound.local_addr().expect("it is bound")),
            _bound: bound,
        }
    }
}

/// The bytes of a JSON reply.
pub(crate) fn reply(status: u16, body: &str) -> String {
    reply_with(status, &["content-type: application/json"], body)
}

pub(crate) fn reply_with(status: u16, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

async fn serve(
    mut stream: TcpStream,
    behaviour: Behaviour,
    calls: Arc<Mutex<Vec<Call>>>,
    held: mpsc::UnboundedSender<Held>,
) {
    while let Some(call) = read(&mut stream).await {
        calls.lock().expect("unpoisoned").push(call.clone());
        match &behaviour {
            Behaviour::Write(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
            }
            Behaviour::WriteAndClose(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                return;
            }
            Behaviour::Reset => return stream.set_zero_linger().expect("it is open"),
            Behaviour::Flood => {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":\"";
                let mut written = stream.write_all(head.as_bytes()).await;
                while written.is_ok() {
                    written = stream.write_all(&[b'x'; 16 << 10]).await;
                }
                return;
            }
            Behaviour::Hold => {
                let _ = held.send(Held { call, stream });
                return;
            }
        }
    }
}

/// Reads a request. Returns `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    let end = loop {
        match position(&bytes, b"\r\n\r\n") {
            Some(at) => break at + 4,
            None => more(stream, &mut bytes).await?,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("an ASCII head");
    let length = head.lines().find_map(|line| {
        let (name, length) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| length.parse::<usize>().expect("a length"))
    });
    let length = length.expect("a content-length");
    while bytes.len() < end + length {
        more(stream, &mut bytes).await?;
    }
    assert_eq!(bytes.len(), end + length, "more than one request at once");
    let body = String::from_utf8(bytes.split_off(end)).expect("a UTF-8 body");
    Some(Call { head, body })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await;
    read.ok().filter(|&length| length > 0).map(|_| ())
}
