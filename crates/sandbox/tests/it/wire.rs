//! Requests byte by byte: an HTTP client would not send some of them, or would hide the result.

use std::{io, time::Duration};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use utdk_plaid_sandbox::Sandbox;

use crate::plaid::Reply;

/// Longer than any reply takes.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// `127.0.0.1:PORT`
pub(crate) fn address(sandbox: &Sandbox) -> &str {
    sandbox.url().strip_prefix("http://").unwrap()
}

/// A request that closes its connection. Adds `host` and `content-length` if `headers` lack them.
pub(crate) fn request(
    host: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
    let length = body.len().to_string();
    let given = |name: &str| headers.iter().any(|header| header.0 == name);
    let added = [("host", host), ("content-length", &length)];
    let added = added.iter().filter(|(name, _)| !given(name));
    for (name, value) in headers.iter().chain(added) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// The bytes received until the connection ends, and how it ends.
pub(crate) async fn exchange(address: &str, bytes: &[u8]) -> (Vec<u8>, io::Result<()>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

/// The remaining bytes of this connection, and how it ends.
pub(crate) async fn rest(stream: &mut TcpStream) -> (Vec<u8>, io::Result<()>) {
    let mut reply = Vec::new();
    let end = timeout(LONG, stream.read_to_end(&mut reply)).await;
    (reply, end.expect("an end within 20 s").map(drop))
}

/// The reply to a request on a connection of its own.
pub(crate) async fn send(
    sandbox: &Sandbox,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Reply {
    let address = address(sandbox);
    let request = request(address, method, target, headers, body);
    let (bytes, end) = exchange(address, &request).await;
    end.unwrap();
    parse(&bytes)
}

/// Parses one complete reply with a content length.
pub(crate) fn parse(bytes: &[u8]) -> Reply {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: HeaderMap = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            let name = HeaderName::try_from(name).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect();
    assert_eq!(headers["content-length"], body.len().to_string());
    Reply {
        status: status.parse().unwrap(),
        headers,
        body: body.to_owned(),
    }
}
