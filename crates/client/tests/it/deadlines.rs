//! The deadline of a call holds in each of its stages.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use utdk_plaid_client::{Client, Config, Error, ResetLogin};

use crate::calls::{call, config, within};
use crate::raw::RawServer;
use crate::tally::Tally;

/// How much later than its deadline a call may end.
const TOLERANCE: Duration = Duration::from_millis(50);

/// A busy machine can be late once; a deadline that does not hold is late each time.
const TRIES: usize = 3;

async fn check_holds(config: impl Fn() -> Config, stage: &'static str) {
    let client = Client::new(config()).expect("the settings are good");
    let mut tally = Tally::of(stage);
    for deadline in [50, 200, 1000].map(Duration::from_millis) {
        let mut late = Vec::new();
        for _ in 0..TRIES {
            let started = Instant::now();
            let outcome = within(client.reset_login(ResetLogin {
                timeout: Some(deadline),
                ..call()
            }))
            .await;
            let took = started.elapsed();

            tally.add(&outcome);
            let Err(Error::Timeout { .. }) = outcome.result else {
                panic!("{stage}: a timeout was expected: {outcome:?}");
            };
            assert!(took >= deadline, "{stage}: {took:?} of {deadline:?}");
            late.push(took - deadline);
            if late.last() <= Some(&TOLERANCE) {
                break;
            }
        }
        assert!(late.iter().min() <= Some(&TOLERANCE), "{stage}: {late:?}");
    }
}

fn through(proxy: &str) -> Config {
    Config {
        https_proxy: Some(proxy.into()),
        ..config("https://plaid-sandbox.invalid")
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn while_the_connection_is_opened() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = port.local_addr().expect("it is bound");
    drop(port);
    let _silent = crate::silent::listener(address).expect("a listener");

    check_holds(
        || config(&format!("http://{address}")),
        "the deadline passes while TCP connects",
    )
    .await;
    check_holds(
        || config(&format!("https://{address}")),
        "the deadline passes while TCP connects",
    )
    .await;
}

#[tokio::test]
async fn while_tls_or_a_proxy_is_negotiated() {
    let server = RawServer::accepting(|socket| async { Some(socket) }).await;

    check_holds(
        || config(&server.https_url()),
        "the deadline passes in the TLS handshake",
    )
    .await;
    check_holds(
        || through(&server.url()),
        "the deadline passes while a proxy connects",
    )
    .await;
    let socks = server.url().replace("http", "socks5");
    check_holds(
        || through(&socks),
        "the deadline passes while a SOCKS proxy connects",
    )
    .await;
}

#[tokio::test]
async fn while_the_head_of_the_reply_is_awaited() {
    let server = RawServer::start(|_, socket| async { Some(socket) }).await;

    check_holds(
        || config(&server.url()),
        "the deadline passes before the head of the reply",
    )
    .await;
}

#[tokio::test]
async fn while_the_body_of_the_reply_is_awaited() {
    let server = RawServer::start(|_, mut socket| async {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"reset_login\"";
        let _ = socket.write_all(half).await;
        Some(socket)
    })
    .await;

    check_holds(
        || config(&server.url()),
        "the deadline passes in the body of the reply",
    )
    .await;
}
