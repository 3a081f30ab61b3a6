//! The stream of what happens, as somebody has it who reads along over HTTP.

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
    receiver::{Manner, Receiver},
    wire::{self, LONG},
};

const EVENTS: &str = "/_sandbox/events";

/// How many events a reader may be behind.
const KEPT: usize = 1024;

/// Somebody who reads along.
struct Reader {
    stream: BufReader<TcpStream>,
    head: String,
}

/// One event.
#[derive(Debug, PartialEq)]
struct Told {
    name: String,
    id: u64,
    data: Value,
}

impl Reader {
    async fn start(sandbox: &Sandbox) -> Self {
        Reader::start_with(sandbox, &[]).await
    }

    /// Returns once the head of the answer is in. It is one of HTTP/1.0, whose body comes as it is,
    /// and not in chunks.
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

    /// Lines up to an empty one.
    async fn block(&mut self, empty: &str) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = timeout(LONG, self.stream.read_line(&mut line)).await;
            read.expect("something within 20 s").unwrap();
            if line == empty {
                return text;
            }
            assert!(!line.is_empty(), "it ended after {text:?}");
            text += &line;
        }
    }

    async fn next(&mut self) -> Told {
        let block = self.block("\n").await;
        let lines: Vec<_> = block
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        let [("event", name), ("id", id), ("data", data)] = lines[..] else {
            panic!("{block:?} is no event");
        };
        Told {
            name: name.to_owned(),
            id: id.parse().unwrap(),
            data: serde_json::from_str(data).unwrap(),
        }
    }

    /// Checks that the stream has ended, or does so soon.
    async fn end(mut self) {
        let mut rest = Vec::new();
        let end = timeout(Duration::from_secs(5), self.stream.read_to_end(&mut rest)).await;
        // A reset is an end, too.
        let _ = end.expect("an end at once");
    }
}

async fn list(plaid: &Plaid, name: &str) -> Vec<Value> {
    let reply = control(plaid, hyper::Method::GET, name, Value::Null).await;
    reply.json()[name].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_happens_is_told_as_the_lists_tell_it_and_counted() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    let head = reader.head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.0 200 "), "{head}");
    assert!(head.contains("content-type: text/event-stream\r\n"));
    assert!(head.contains("cache-control: no-store\r\n"));

    let item = plaid.item(Some(&receiver.url()));
    let created = list(&plaid, "items").await.remove(0);
    let told = |name: &str, id: u64, data: &Value| Told {
        name: name.to_owned(),
        id,
        data: data.clone(),
    };
    assert_eq!(reader.next().await, told("item", 1, &created));
    plaid.reset_login(&item).await;
    let broken = reader.next().await;
    let request = reader.next().await;
    let webhook = reader.next().await;

    assert_eq!(broken, told("item", 2, &list(&plaid, "items").await[0]));
    assert_eq!(broken.data["state"], "login_required");
    let requests = list(&plaid, "requests").await;
    assert_eq!(request, told("request", 3, &requests[0]));
    let webhooks = list(&plaid, "webhooks").await;
    assert_eq!(webhook, told("webhook", 4, &webhooks[0]));
    assert_eq!(webhook.data["attempts"][0]["outcome"]["kind"], "delivered");
    for told in [broken, request, webhook] {
        let data = told.data.to_string();
        for secret in [item.access_token.expose_secret(), plaid.secret()] {
            assert!(!data.contains(secret), "{data}");
        }
    }
}

#[tokio::test]
async fn what_a_user_wrote_cannot_pass_for_an_event() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    let user_id = "u\r\n\r\nevent: item\rid: 7\n\ndata: {}\u{2028}\n\n";
    let item = NewItem {
        user_id: Some(user_id.to_owned()),
        ..NewItem::default()
    };
    plaid.sandbox.create_item(item).unwrap();
    plaid.item(None);
    let told = reader.next().await;
    assert_eq!((told.id, told.data["user_id"].as_str()), (1, Some(user_id)));
    assert_eq!(reader.next().await.id, 2);
}

#[tokio::test]
async fn a_reader_that_lags_is_told_how_much_it_missed() {
    let plaid = Plaid::start().await;
    let mut reader = Reader::start(&plaid.sandbox).await;
    // Nothing is read or written while this goes on: there is one thread.
    for _ in 0..KEPT + 500 {
        plaid.item(None);
    }
    let missed = reader.next().await;
    assert_eq!((missed.name.as_str(), missed.id), ("missed", 500));
    assert_eq!(missed.data, json!({ "events": 500 }));
    for id in 501..=KEPT as u64 + 500 {
        let told = reader.next().await;
        assert_eq!((told.name.as_str(), told.id), ("item", id));
    }
}

#[tokio::test]
async fn a_reader_that_comes_back_is_told_how_much_it_missed() {
    for (last_event_id, missed) in [
        ("1", Some(2)),
        ("0", Some(3)),
        ("3", None),
        // Of a Sandbox that was here before.
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
            let told = reader.next().await;
            assert_eq!((told.name.as_str(), told.id), ("missed", 3));
            assert_eq!(told.data, json!({ "events": missed }));
        }
        let told = reader.next().await;
        assert_eq!(
            (told.name.as_str(), told.id),
            ("item", 4),
            "{last_event_id}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_happens_a_comment_comes_every_15_seconds() {
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
async fn closing_the_sandbox_ends_it_at_once_whoever_reads_or_does_not() {
    let plaid = Plaid::start().await;
    let reader = Reader::start(&plaid.sandbox).await;
    let stalled = Reader::start(&plaid.sandbox).await;
    let user_id = Some("u".repeat(100_000));
    for _ in 0..200 {
        let item = NewItem {
            user_id: user_id.clone(),
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
async fn dropping_the_sandbox_ends_it_too() {
    let plaid = Plaid::start().await;
    let reader = Reader::start(&plaid.sandbox).await;
    drop(plaid);
    reader.end().await;
}

#[tokio::test]
async fn a_reader_that_leaves_is_let_go_though_nothing_happens() {
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
async fn a_page_of_this_machine_reads_along_where_it_may() {
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
