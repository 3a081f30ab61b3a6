//! Twenty thousand requests that are almost valid.

use std::{
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fastrand::Rng;
use serde_json::Value;
use tokio::{runtime::Builder, task::JoinSet, time::timeout};

use crate::{
    caller::{Caller, post, request, within},
    test_gateway::TestGateway,
    values::{ACCESS_TOKEN, OWN_ID, OWN_SECRET, PLAID, SECRETS, TOOL, arguments},
};

const REQUESTS: u64 = 20_000;
const AT_ONCE: u64 = 40;

/// How long to wait for a reply: an incomplete request gets none.
const PATIENCE: Duration = Duration::from_millis(10);

/// The name of the gateway's threads, to count their panics.
const THREAD: &str = "fuzzed";

#[test]
fn twenty_thousand_mangled_requests_do_no_harm() {
    let panics = count_panics();
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).thread_name(THREAD).enable_all();
    let runtime = runtime.build().expect("a runtime");

    let (answered, calls) = runtime.block_on(async {
        let gate = TestGateway::start().await;
        let url = gate.gateway.url().to_owned();
        let mut callers = JoinSet::new();
        for first in 0..AT_ONCE {
            let url = url.clone();
            callers.spawn(async move {
                let mut answered = 0;
                for seed in (first..REQUESTS).step_by(AT_ONCE as usize) {
                    answered += usize::from(send(&url, seed).await);
                }
                answered
            });
        }
        let answered: usize = within_minutes(callers.join_all()).await.into_iter().sum();
        gate.check_serves().await;
        within(async { while !is_idle(&gate).await {} }).await;
        (answered, gate.upstream.calls())
    });

    assert_eq!(panics.load(Ordering::Relaxed), 0);
    // With fewer, the test would prove nothing.
    assert!(answered > 5_000, "{answered} were answered");
    assert!(calls.len() > 500, "{} went to Plaid", calls.len());
    for call in calls {
        call.check();
        let Value::Object(fields) = call.json() else {
            unreachable!("checked");
        };
        let token = fields["access_token"].as_str().expect("checked");
        assert!(token.starts_with("access-sandbox-"), "{token}");
        for value in fields.values().filter_map(Value::as_str) {
            assert!(
                !value.is_empty() && !value.contains(char::is_control),
                "{value:?}"
            );
        }
    }
}

async fn within_minutes<T>(happening: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(180);
    timeout(limit, happening)
        .await
        .expect("it took longer than 3 minutes")
}

async fn is_idle(gate: &TestGateway) -> bool {
    gate.get("/metrics").await.body.contains("in_flight 0\n")
}

/// Counts panics of threads named [`THREAD`].
fn count_panics() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        if thread::current().name() == Some(THREAD) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        usual(panicked);
    }));
    count
}

/// Sends the request of this seed. Returns whether it got a reply, which must be HTTP without secrets.
async fn send(url: &str, seed: u64) -> bool {
    let mut rng = Rng::with_seed(seed);
    let bytes = mangled(&mut rng);
    let mut caller = Caller::connect(url).await;
    // Sometimes in two packets.
    let at = rng.usize(..=bytes.len());
    caller.write(&bytes[..at]).await;
    if rng.u8(..8) == 0 {
        tokio::task::yield_now().await;
    }
    caller.write(&bytes[at..]).await;
    let head = timeout(PATIENCE, caller.next_head()).await.ok().flatten();
    head.is_some_and(|head| {
        assert!((100..600).contains(&head.status), "{head:?}");
        true
    })
}

fn mangled(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = whole(rng).into_bytes();
    for _ in 0..[0, 0, 1, 1, 2, 5][rng.usize(..6)] {
        mangle(rng, &mut bytes);
    }
    bytes
}

/// A request that is valid, or nearly.
fn whole(rng: &mut Rng) -> String {
    let own = format!("plaid-secret: {OWN_SECRET}");
    let headers: Vec<&str> = HEADERS
        .iter()
        .copied()
        .chain([&*own])
        .filter(|_| rng.u8(..16) == 0)
        .collect();
    let body = body(rng);
    match rng.u8(..12) {
        0..=4 => post(TOOL, &headers, &body),
        5..=8 => post(PLAID, &headers, &body),
        9 => post(PATHS[rng.usize(..PATHS.len())], &headers, &body),
        10 => request("PUT /credentials\r\ncontent-type: application/json", "{}"),
        _ => request(&format!("GET {}", PATHS[rng.usize(..PATHS.len())]), ""),
    }
}

fn body(rng: &mut Rng) -> String {
    let good = arguments();
    match rng.u8(..10) {
        0..=3 => good,
        4 => format!(r#"{{"args":{good}}}"#),
        5 => format!(
            r#"{{"args":{good},"credential":{{"client_id":"{OWN_ID}","secret":"{OWN_SECRET}"}}}}"#
        ),
        6 => format!(r#"{{"access_token":"{ACCESS_TOKEN}","client_id":"{OWN_ID}"}}"#),
        7 => format!(
            r#"{{"access_token":"{ACCESS_TOKEN}","__proto__":{{"secret":"{OWN_SECRET}"}}}}"#
        ),
        8 => r#"{"access_token":"access-production-1"}"#.to_owned(),
        _ => "[".repeat(rng.usize(..2_000)),
    }
}

const HEADERS: [&str; 14] = [
    "transfer-encoding: chunked",
    "content-length: 5",
    "connection: close",
    "connection: upgrade\r\nupgrade: h2c",
    "expect: 100-continue",
    "origin: http://127.0.0.1",
    "origin: null",
    "host: example.com",
    "sec-fetch-site: cross-site",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "cookie: a=b",
    "plaid-client-id:",
    "content-type: text/plain",
    "x-forwarded-for: 10.0.0.1",
];

const PATHS: [&str; 12] = [
    "/tools",
    "/tools/search?q=%ff%00+x",
    "/healthz",
    "/metrics",
    "/config",
    "/credentials",
    "//sandbox/item/reset_login",
    "/sandbox/item/%72eset_login",
    "http://127.0.0.1/sandbox/item/reset_login",
    "*",
    "/tools/plaid/SANDBOXITEMRESETLOGIN",
    "/item/get",
];

fn mangle(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..8) {
        0 => bytes[at] = rng.u8(..),
        1 => bytes[at] ^= 1 << rng.u8(..8),
        2 => bytes.insert(at, rng.u8(..)),
        3 => drop(bytes.remove(at)),
        4 => bytes.truncate(at),
        5 => {
            let words: [&[u8]; 6] = [
                b"\r\n",
                b"\r\n\r\n",
                b"\0",
                b"%00",
                b"\"",
                SECRETS[1].as_bytes(),
            ];
            let word = words[rng.usize(..words.len())];
            bytes.splice(at..at, word.iter().copied());
        }
        6 => {
            let end = (at + rng.usize(..40)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        _ => {
            let end = (at + rng.usize(..40)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
}
