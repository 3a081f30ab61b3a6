//! Random changes to the requests of `fuzz`.

use fastrand::Rng;
use serde_json::{Map, Value};

use crate::fuzz_requests::Kind;

const TEXTS: [&str; 12] = [
    "",
    " ",
    "x",
    "é\u{2028}\u{1F600}",
    "<script>&amp;",
    "\u{0}\u{7f}",
    "access-sandbox-",
    "access-production-1",
    "http://127.0.0.1:9/hook",
    "http://[::1",
    "ins_109508",
    "../../etc",
];

/// Random JSON with at most `depth` levels.
pub(crate) fn value(random: &mut Rng, depth: usize) -> Value {
    match random.u8(..if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i64(..).into(),
        3 => random.choice(TEXTS).unwrap().into(),
        4 => (0..random.usize(..4))
            .map(|_| value(random, depth - 1))
            .collect(),
        _ => {
            let mut fields = Map::new();
            for _ in 0..random.usize(..4) {
                let name = random.choice(["webhook", "account_ids", "client_user_id", "é.x"]);
                fields.insert(name.unwrap().to_owned(), value(random, depth - 1));
            }
            Value::Object(fields)
        }
    }
}

/// Changes a path. Its kind stays the same.
pub(crate) fn mutate_path(random: &mut Rng, path: &mut String, kind: Kind) {
    match random.u8(..6) {
        0 => path.push('/'),
        1 => path.push_str("?access_token=x&%zz"),
        2 => path.push_str("/%2e%2e/%00"),
        3 => path.push_str(&"/long".repeat(random.usize(..400))),
        4 => path.push_str("//;a=b@[]"),
        _ if matches!(kind, Kind::Plaid) => *path = path.to_uppercase(),
        _ => {}
    }
}

/// Changes one byte, or repeats a range of bytes.
pub(crate) fn mutate(random: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(..bytes.len());
    match random.u8(..4) {
        0 => bytes[at] = random.u8(..),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, random.u8(..)),
        _ => bytes.extend_from_within(at..),
    }
}

/// A request that is HTTP, with random headers.
pub(crate) fn framed(random: &mut Rng, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let host = match random.u8(..) {
        0..4 => "evil.example",
        4..8 => "a b/c",
        _ => "127.0.0.1",
    };
    let content_type = match random.u8(..) {
        0..6 => "text/plain",
        6..12 => "application/json; charset=\u{e9}",
        _ => "application/json",
    };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    if random.u8(..) < 250 {
        head.push_str(&format!("content-type: {content_type}\r\n"));
    }
    match random.u8(..) {
        0..4 => head.push_str("origin: null\r\n"),
        4..8 => head.push_str("plaid-client-id: \u{ff}\r\nplaid-secret:\r\n"),
        8..12 => head.push_str("accept-encoding: gzip\r\ncookie: a=b\r\n"),
        12..16 => head.push_str("sec-fetch-site: cross-site\r\n"),
        _ => {}
    }
    let mut bytes = head.into_bytes();
    if random.u8(..) >= 32 {
        bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
        bytes.extend(body);
        return bytes;
    }
    bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
    for chunk in body.chunks(random.usize(1..64)) {
        bytes.extend(format!("{:x};x=y\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}
