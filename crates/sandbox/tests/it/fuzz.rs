//! A hundred thousand random requests, from a seed: the Sandbox answers each one that is HTTP, in the
//! shape of its kind, and never panics.

use std::{
    collections::HashSet,
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    fuzz_requests::{Kind, Sent, World},
    plaid::{Plaid, ROUTES},
    wire,
};

const SEED: u64 = 20_260_726;
const REQUESTS: usize = 100_000;

/// How many requests are sent before their replies are read.
const AT_ONCE: usize = 40;

/// Batches between resets, so that the Sandbox stays small.
const RESET_AFTER: usize = 25;

#[tokio::test]
async fn a_hundred_thousand_random_requests_are_all_answered() {
    let panics = count_panics();
    let plaid = Plaid::start().await;
    let mut random = Rng::with_seed(SEED);
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(connect(&plaid).await);
    }
    let mut world = World::new(&plaid).await;
    let mut succeeded = HashSet::new();
    for batch in 0..REQUESTS / AT_ONCE {
        if batch % RESET_AFTER == 0 {
            let requests = plaid.sandbox.requests().into_iter();
            let ok = requests.filter(|request| request.status == Some(200));
            succeeded.extend(ok.map(|request| request.path));
            plaid.sandbox.reset().await;
            world = World::new(&plaid).await;
        }
        let stream = &mut streams[batch % 4];
        let sent: Vec<Sent> = (0..AT_ONCE).map(|_| world.request(&mut random)).collect();
        let place = format!("seed {SEED}, batch {batch}");
        exchange(stream, &sent, &place).await;
        if random.u8(..) < 64 {
            let bytes = world.broken_request(&mut random);
            break_off(stream, &bytes, &place).await;
            *stream = connect(&plaid).await;
        }
        assert_eq!(panics.load(Ordering::Relaxed), 0, "{place}");
    }
    let never: Vec<_> = ROUTES
        .iter()
        .filter(|it| !succeeded.contains(**it))
        .collect();
    assert!(never.is_empty(), "no success: {never:?}");
    plaid.sandbox.clear_faults();
    let item = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &item).await.status, 200);
}

/// Counts the panics outside of the tests.
fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&panics);
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map_or("", |place| place.file());
        if !file.contains("tests/it") {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        report(panic);
    }));
    panics
}

async fn connect(plaid: &Plaid) -> TcpStream {
    let address = wire::address(&plaid.sandbox);
    TcpStream::connect(address).await.unwrap()
}

/// Sends requests and checks each reply.
async fn exchange(stream: &mut TcpStream, sent: &[Sent], place: &str) {
    let bytes: Vec<u8> = sent.iter().flat_map(|sent| &sent.bytes).copied().collect();
    let (mut read, mut write) = stream.split();
    let reading = async {
        let mut received = Vec::new();
        for sent in sent {
            let request = || String::from_utf8_lossy(&sent.bytes).into_owned();
            let (length, reply) = loop {
                if let Some(reply) = first_reply(&received, sent.is_head) {
                    break reply;
                }
                let more = timeout(wire::LONG, read.read_buf(&mut received)).await;
                let more = more.unwrap_or_else(|_| panic!("{place}: no reply to {}", request()));
                assert_ne!(more.ok(), Some(0), "{place}: hung up on {}", request());
            };
            received.drain(..length);
            if let Err(problem) = reply.check(sent.kind) {
                panic!("{place}: {problem}\n{reply:?}\nto {}", request());
            }
        }
        assert!(received.is_empty(), "{place}: a reply without a request");
    };
    let (written, ()) = tokio::join!(write.write_all(&bytes), reading);
    written.unwrap();
}

/// Sends bytes that may not be HTTP, and closes the connection. Checks that the Sandbox also closes
/// it, and that its reply, if any, is HTTP.
async fn break_off(stream: &mut TcpStream, bytes: &[u8], place: &str) {
    // The Sandbox may refuse the request and close the connection during the write.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut received = Vec::new();
    let end = timeout(wire::LONG, stream.read_to_end(&mut received)).await;
    assert!(
        end.is_ok(),
        "{place}: no end after {}",
        String::from_utf8_lossy(bytes)
    );
    assert!(
        received.is_empty() || received.starts_with(b"HTTP/1."),
        "{place}: {}",
        String::from_utf8_lossy(&received)
    );
}

/// A reply.
#[derive(Debug)]
struct Received {
    status: u16,
    head: String,
    body: Option<String>,
}

/// The first complete reply in these bytes, and its length.
fn first_reply(bytes: &[u8], is_head: bool) -> Option<(usize, Received)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = (std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 4..]);
    let length = head.split("content-length: ").nth(1).unwrap_or("0");
    let length: usize = match is_head {
        true => 0,
        false => length.split("\r\n").next()?.parse().ok()?,
    };
    let body = String::from_utf8_lossy(rest.get(..length)?).into_owned();
    let received = Received {
        status: head.get(9..12)?.parse().ok()?,
        head: head.to_owned(),
        body: Some(body).filter(|_| !is_head),
    };
    Some((end + 4 + length, received))
}

impl Received {
    fn check(&self, kind: Kind) -> Result<(), &'static str> {
        match kind {
            Kind::Plaid => self.check_plaid(),
            Kind::Control => self.check_control(),
            Kind::Page => match self.head.contains("\r\ncontent-type: text/html") {
                true => Ok(()),
                false => Err("not the console"),
            },
            Kind::Hosted => match self.status {
                200 | 303 | 403 | 404 | 410 => Ok(()),
                _ => Err("not a status of a hosted page"),
            },
        }
    }

    fn check_plaid(&self) -> Result<(), &'static str> {
        if !self.head.contains("\r\ncontent-type: application/json") {
            return Err("not the content type of Plaid");
        }
        let Some(body) = &self.body else {
            return Ok(());
        };
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Err("not JSON");
        };
        match body["request_id"].as_str() {
            Some(id) if id.len() == 15 => {}
            _ => return Err("no request_id"),
        }
        match (self.status, body.get("error_code")) {
            (200, None) => Ok(()),
            (400..=599, Some(code)) if code.is_string() => {
                let texts = ["documentation_url", "error_message", "error_type"];
                match texts.iter().all(|name| body[name].is_string()) {
                    true => Ok(()),
                    false => Err("not an error of Plaid"),
                }
            }
            _ => Err("not a success and not an error of Plaid"),
        }
    }

    fn check_control(&self) -> Result<(), &'static str> {
        let Some(body) = &self.body else {
            return Ok(());
        };
        match (self.status, serde_json::from_str::<Value>(body)) {
            (200, Ok(Value::Object(_))) => Ok(()),
            (400 | 403 | 404 | 408, Ok(body)) if body["error_code"].is_string() => Ok(()),
            _ => Err("not a response of the controls"),
        }
    }
}

#[tokio::test]
async fn a_request_that_never_ends_is_closed() {
    tokio::time::pause();
    let plaid = Plaid::start().await;
    let head = "POST /item/get HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for start in [
        String::new(),
        "PO".to_owned(),
        head.to_owned(),
        format!("{head}content-length: 100\r\n\r\n{{"),
        format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"a"),
    ] {
        let mut stream = connect(&plaid).await;
        // Byte by byte, with idle time between the bytes.
        for byte in start.bytes() {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let start_time = tokio::time::Instant::now();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        assert!(
            reply.is_empty() || reply.starts_with(b"HTTP/1.1 408"),
            "{start}"
        );
        assert!(start_time.elapsed().as_secs() < 24 * 60 * 60, "{start}");
    }
    let item = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &item).await.status, 200);
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let plaid = Plaid::start().await;
    let head = "POST /item/get HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let limit = 64 << 20;
    let piece = vec![b' '; 1 << 16];
    for framing in ["transfer-encoding: chunked", "content-length: 99999999999"] {
        let (mut read, mut write) = connect(&plaid).await.into_split();
        let head = format!("{head}{framing}\r\n\r\n");
        let writing = async {
            write.write_all(head.as_bytes()).await.unwrap();
            let mut written = 0;
            while written < limit {
                let sent = match framing.starts_with("transfer") {
                    true => [b"10000\r\n", &piece[..], b"\r\n"].concat(),
                    false => piece.clone(),
                };
                if write.write_all(&sent).await.is_err() {
                    break;
                }
                written += piece.len();
            }
            written
        };
        let reading = async {
            let mut reply = Vec::new();
            let _ = read.read_to_end(&mut reply).await;
            reply
        };
        let both = async { tokio::join!(writing, reading) };
        let (written, reply) = timeout(wire::LONG, both).await.unwrap();
        assert!(
            written >= 16 << 20 && written < limit,
            "the Sandbox read {written} bytes"
        );
        // The reset that stops the writer may arrive before the reply.
        if !reply.is_empty() {
            let reply = wire::parse(&reply);
            assert_eq!(
                (reply.status, reply.error_code()),
                (400, "INVALID_BODY".into())
            );
        }
    }
    let item = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &item).await.status, 200);
    assert!(
        plaid.sandbox.requests().len() >= 3,
        "{}",
        json!(plaid.sandbox.requests())
    );
}
