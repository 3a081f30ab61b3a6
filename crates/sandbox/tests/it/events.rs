//! The stream of events over HTTP.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::{Instant, timeout},
};
use utdk_plaid_sandbox::{Config, NewItem, Sandbox};

use crate::{
    control::control,
    plaid::{JSON, Plaid},
    receiver::{Behavior, Receiver},
    wire::{self, LONG},
};

const EVENTS: &str = "/_sandbox/events";

/// How many events a reader may be behind.
const KEPT: usize = 1024;

/// A client of the stream.
struct Reader {
    stream: BufReader<TcpStream>,
    head: String,
}

/// One event.
#[derive(Debug, PartialEq)]
struct Sent {
    name: String,
    id: u64,
    data: Value,
}

impl Reader {
    async fn start(sandbox: &Sandbox) -> Self {
        Reader::start_with(sandbox, &[]).await
    }

    /// Returns once the head of the response has arrived. Uses HTTP/1.0, so that the body is not
    /// chunked.
    async fn start_with(sandbox: &Sandbox, headers: &[(&str, &str)]) -> Self {
        let address = wire::address(sandbox);
        let request = wire::request(address, "GET", EVENTS, headers, "");
        let request = String::from_utf8(request).unwrap();
        let request = request.replace("HTTP/1.1", "HTTP/1.0");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reader = Reader {
            stream: BufReader::new(stream),
            head: String::new(),
        };
        reader.head = reader.block("\r\n").await;
        reader
    }

    /// The lines up to an empty line.
    async fn block(&mut self, empty: &str) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = timeout(LONG, self.stream.read_line(&mut line)).await;
            read.expect("a line within 20 s").unwrap();
            if line == empty {
                return text;
            }
            assert!(!line.is_empty(), "the stream ended after {text:?}");
            text += &line;
        }
    }

    async fn next(&mut self) -> Sent {
        let block = self.block("\n").await;
        let lines: Vec<_> = block
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        let [("event", name), ("id", id), ("data", data)] = lines[..] else {
            panic!("{block:?} is not an event");
        };
        Sent {
            name: name.to_owned(),
            id: id.parse().unwrap(),
            data: serde_json::from_str(data).unwrap(),
        }
    }

    /// Checks that the stream ends.
    async fn end(mut self) {
        let mut rest = Vec::new();
        let end = timeout(Duration::from_secs(5), self.stream.read_to_end(&mut rest)).await;
        // A reset is also an end.
        let _ = end.expect("an end within 5 s");
    }
}

async fn list(plaid: &Plaid, name: &str) -> Vec<Value> {
    let reply = control(plaid, hyper::Method::GET, name, Value::Null).await;
    reply.json()[name].as_array().unwrap().clone()
}

#[tokio::test]
async fn events_are_numbered_and_equal_the_lists() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    let head = reader.head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.0 200 "), "{head}");
    assert!(head.contains("content-type: text/event-stream\r\n"));
    assert!(head.contains("cache-control: no-store\r\n"));

    let item = plaid.item(Some(&receiver.url()));
    let created = list(&plaid, "items").await.remove(0);
    let sent = |name: &str, id: u64, data: &Value| Sent {
        name: name.to_owned(),
        id,
        data: data.clone(),
    };
    assert_eq!(reader.next().await, sent("item", 1, &created));
    plaid.reset_login(&item).await;
    let broken = reader.next().await;
    let request = reader.next().await;
    let webhook = reader.next().await;

    assert_eq!(broken, sent("item", 2, &list(&plaid, "items").await[0]));
    assert_eq!(broken.data["state"], "login_required");
    let requests = list(&plaid, "requests").await;
    assert_eq!(request, sent("request", 3, &requests[0]));
    let webhooks = list(&plaid, "webhooks").await;
    assert_eq!(webhook, sent("webhook", 4, &webhooks[0]));
    assert_eq!(webhook.data["attempts"][0]["outcome"]["kind"], "delivered");
    for sent in [broken, request, webhook] {
        let data = sent.data.to_string();
        for secret in [item.access_token.expose_secret(), plaid.secret()] {
            assert!(!data.contains(secret), "{data}");
        }
    }
}

#[tokio::test]
async fn text_from_a_request_cannot_forge_an_event() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    let user_id = "u\r\n\r\nevent: item\rid: 7\n\ndata: {}\u{2028}\n\n";
    let item = NewItem {
        user_id: Some(user_id.to_owned()),
        ..NewItem::default()
    };
    plaid.sandbox.create_item(item).unwrap();
    plaid.item(None);
    let sent = reader.next().await;
    assert_eq!((sent.id, sent.data["user_id"].as_str()), (1, Some(user_id)));
    assert_eq!(reader.next().await.id, 2);
}

#[tokio::test]
async fn a_slow_reader_gets_the_number_of_events_it_missed() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    // The test has one thread: nothing is read or written during this loop.
    for _ in 0..KEPT + 500 {
        plaid.item(None);
    }
    let missed = reader.next().await;
    assert_eq!((missed.name.as_str(), missed.id), ("missed", 500));
    assert_eq!(missed.data, json!({ "events": 500 }));
    for id in 501..=KEPT as u64 + 500 {
        let sent = reader.next().await;
        assert_eq!((sent.name.as_str(), sent.id), ("item", id));
    }
}

#[tokio::test]
async fn a_reader_that_reconnects_gets_the_number_of_events_it_missed() {
    for (last_event_id, missed) in [
        ("1", Some(2)),
        ("0", Some(3)),
        ("3", None),
        // From another Sandbox, which had this address before.
        ("4", Some(3)),
        ("18446744073709551615", Some(3)),
        ("", None),
        ("-1", None),
        ("x", None),
    ] {
        let plaid = Plaid::start().await;
        for _ in 0..3 {
            plaid.item(None);
        }
        let headers = [("last-event-id", last_event_id)];
        let mut reader = Reader::start_with(&plaid.sandbox, &headers).await;
        plaid.item(None);
        if let Some(missed) = missed {
            let sent = reader.next().await;
            assert_eq!((sent.name.as_str(), sent.id), ("missed", 3));
            assert_eq!(sent.data, json!({ "events": missed }));
        }
        let sent = reader.next().await;
        assert_eq!(
            (sent.name.as_str(), sent.id),
            ("item", 4),
            "{last_event_id}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_sends_a_comment_every_15_seconds() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    for _ in 0..3 {
        let before = Instant::now();
        assert_eq!(reader.block("\n").await, ":\n");
        let waited = before.elapsed();
        assert!((14..=16).contains(&waited.as_secs()), "{waited:?}");
    }
    plaid.item(None);
    assert_eq!(reader.next().await.id, 1);
}

#[tokio::test]
async fn closing_the_sandbox_ends_every_stream_at_once() {
    let plaid = Plaid::start().await;
    let reader = Reader::start(&plaid.sandbox).await;
    let stalled = Reader::start(&plaid.sandbox).await;
    let webhook = Some(format!("http://127.0.0.1:9/{}", "w".repeat(4_000)));
    for _ in 0..5_000 {
        let item = NewItem {
            webhook: webhook.clone(),
            ..NewItem::default()
        };
        plaid.sandbox.create_item(item).unwrap();
        tokio::task::yield_now().await;
    }
    let before = Instant::now();
    timeout(LONG, plaid.sandbox.close()).await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(5));
    reader.end().await;
    stalled.end().await;
}

#[tokio::test]
async fn dropping_the_sandbox_ends_the_stream() {
    let plaid = Plaid::start().await;
    let reader = Reader::start(&plaid.sandbox).await;
    drop(plaid);
    reader.end().await;
}

#[tokio::test]
async fn a_reader_that_leaves_is_disconnected_even_if_nothing_happens() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    reader.stream.shutdown().await.unwrap();
    reader.end().await;
}

#[tokio::test]
async fn it_takes_no_options() {
    let plaid = Plaid::start().await;
    let headers = [("content-type", JSON)];
    for (body, code) in [
        ("{\"since\":1}", "UNKNOWN_OPTION"),
        ("[]", "INVALID_OPTION"),
        ("{", "INVALID_BODY"),
    ] {
        let reply = wire::send(&plaid.sandbox, "GET", EVENTS, &headers, body).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, code));
    }
}

#[tokio::test]
async fn a_page_of_this_machine_may_read_events_if_allowed() {
    let origin = [("origin", "http://localhost:4000")];
    let plaid = Plaid::start_with(Config {
        allow_local_pages: true,
        ..Config::default()
    })
    .await;
    let mut reader = Reader::start_with(&plaid.sandbox, &origin).await;
    let allowed = "access-control-allow-origin: http://localhost:4000\r\n";
    assert!(reader.head.contains(allowed), "{}", reader.head);
    plaid.item(None);
    assert_eq!(reader.next().await.name, "item");
    let plaid = Plaid::start().await;
    let refused = wire::send(&plaid.sandbox, "GET", EVENTS, &origin, "").await;
    assert_eq!(refused.status, 403);
}
