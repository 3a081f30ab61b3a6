//! Connections that fail: each failure has a code, and the next call works.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use utdk_plaid_client::{Client, Config, Error, Outcome, ResetLogin};

use crate::calls::{DONE, call, client, config, within};
use crate::raw::RawServer;
use crate::server::{Server, reply};
use crate::trust::Authority;

const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"reset_login\":true,";
const HALF_CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n14\r\n{\"reset_login\":true,\r\n";

fn once() -> ResetLogin {
    ResetLogin {
        max_retries: Some(0),
        ..call()
    }
}

/// Ends a connection by FIN.
async fn close(mut socket: TcpStream) -> Option<TcpStream> {
    let _ = socket.shutdown().await;
    Some(socket)
}

/// Ends a connection by RST, once the client has read what was written.
async fn reset(socket: TcpStream) -> Option<TcpStream> {
    socket.set_zero_linger().expect("it is open");
    None
}

async fn good(mut socket: TcpStream) -> Option<TcpStream> {
    let length = DONE.len();
    let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{DONE}");
    let _ = socket.write_all(reply.as_bytes()).await;
    Some(socket)
}

fn check_connection_error(outcome: &Outcome, code: &str) {
    let Err(error @ Error::Connection(_)) = &outcome.result else {
        panic!("a connection error was expected: {outcome:?}");
    };
    assert_eq!((error.code(), error.retryable()), (code, true));
    assert_eq!(outcome.attempts, 1);
}

/// The first connection ends after `written`, each later one answers well.
async fn breaking_off(written: &'static str, by_reset: bool) -> RawServer {
    RawServer::start(move |number, mut socket| async move {
        if number > 1 {
            return good(socket).await;
        }
        let _ = socket.write_all(written.as_bytes()).await;
        match by_reset {
            true => reset(socket).await,
            false => close(socket).await,
        }
    })
    .await
}

#[tokio::test]
async fn a_connection_that_ends_before_its_reply_does_is_econnreset() {
    for written in ["", HALF, HALF_CHUNKED] {
        for by_reset in [true, false] {
            let server = breaking_off(written, by_reset).await;
            let client = client(&server.url());

            let outcome = within(client.reset_login(once())).await;

            check_connection_error(&outcome, "ECONNRESET");
            let next = within(client.reset_login(once())).await;
            assert!(next.result.is_ok(), "{next:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_retried() {
    let server = breaking_off(HALF, true).await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(outcome.attempts, 2);
}

#[tokio::test]
async fn what_is_not_http_is_eproto() {
    let server = RawServer::start(|_, mut socket| async move {
        let _ = socket.write_all(b"220 mail.example ESMTP\r\n").await;
        close(socket).await
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(once())).await;

    check_connection_error(&outcome, "EPROTO");
}

#[tokio::test]
async fn chunks_that_cannot_be_read_are_eproto() {
    for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}ab\r\n"] {
        let server = RawServer::start(move |_, mut socket| async move {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let reply = format!("{head}{chunks}");
            let _ = socket.write_all(reply.as_bytes()).await;
            close(socket).await
        })
        .await;

        let outcome = within(client(&server.url()).reset_login(once())).await;

        check_connection_error(&outcome, "EPROTO");
    }
}

#[tokio::test]
async fn more_than_100_headers_are_eproto_and_named() {
    let server = RawServer::start(|_, mut socket| async move {
        let headers = (0..101).map(|number| format!("x-{number}: 1\r\n"));
        let headers = headers.collect::<String>();
        let length = DONE.len();
        let reply = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{DONE}");
        let _ = socket.write_all(reply.as_bytes()).await;
        Some(socket)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(once())).await;

    check_connection_error(&outcome, "EPROTO");
    let error = outcome.result.expect_err("too many");
    assert!(error.to_string().contains("100 headers"), "{error}");
}

#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    let server = RawServer::start(|_, mut socket| async move {
        let head = format!("HTTP/1.1 200 OK\r\nx-one: {}", "a".repeat(2_000_000));
        let _ = socket.write_all(head.as_bytes()).await;
        Some(socket)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(once())).await;

    assert!(
        matches!(outcome.result, Err(Error::Connection(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_enotfound() {
    let client = client("https://plaid-sandbox.invalid");

    let outcome = within(client.reset_login(once())).await;

    check_connection_error(&outcome, "ENOTFOUND");
    let error = outcome.result.expect_err("it was not found");
    assert!(error.to_string().contains("plaid-sandbox.invalid"));
}

#[tokio::test]
async fn a_body_that_stops_is_a_timeout_that_closes_the_connection() {
    let server = RawServer::start(|_, mut socket| async move {
        let _ = socket.write_all(HALF.as_bytes()).await;
        Some(socket)
    })
    .await;

    check_timeout(&server, &client(&server.url())).await;
}

#[tokio::test]
async fn a_tls_handshake_that_stops_is_a_timeout_that_closes_the_connection() {
    let server = RawServer::accepting(|socket| async { Some(socket) }).await;

    check_timeout(&server, &client(&server.https_url())).await;
}

async fn check_timeout(server: &RawServer, client: &Client) {
    let outcome = within(client.reset_login(ResetLogin {
        timeout: Some(Duration::from_millis(300)),
        ..call()
    }))
    .await;

    assert!(
        matches!(outcome.result, Err(Error::Timeout { .. })),
        "{outcome:?}"
    );
    within(server.connections_ended(1)).await;
}

#[tokio::test]
async fn a_server_without_tls_is_tls_failed() {
    let server = Server::replying(vec![reply(200, DONE)]).await;

    let outcome = within(client(&server.https_url()).reset_login(once())).await;

    check_connection_error(&outcome, "TLS_FAILED");
}

#[tokio::test]
async fn a_server_that_closes_the_connection_in_the_handshake_is_econnreset() {
    let server = RawServer::accepting(|mut socket| async move {
        let _ = socket.read(&mut [0; 1024]).await;
        reset(socket).await
    })
    .await;

    let outcome = within(client(&server.https_url()).reset_login(once())).await;

    check_connection_error(&outcome, "ECONNRESET");
}

#[tokio::test]
async fn plain_http_to_a_tls_server_is_a_connection_error() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;

    let outcome = within(client(&server.url()).reset_login(once())).await;

    assert!(
        matches!(outcome.result, Err(Error::Connection(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_root_with_a_trusted_name_and_another_key_is_not_trusted() {
    let (trusted, other) = (Authority::new(), Authority::new());
    let acceptor = other.acceptor(other.certificate_for("127.0.0.1"), &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
    let client = Client::new(Config {
        ca: Some(trusted.pem()),
        ..config(&server.https_url())
    });

    let outcome = within(client.expect("the settings are good").reset_login(call())).await;

    let error = outcome.result.expect_err("it is not trusted");
    assert!(error.code().starts_with("CERT_"), "{error:?}");
    assert_eq!((outcome.attempts, error.retryable()), (1, false));
}
