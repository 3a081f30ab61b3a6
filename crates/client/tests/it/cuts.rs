//! Connections that end or stall at any byte: of the reply, of the request, of the TLS handshake.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use utdk_plaid_client::{Client, Config, Error, Outcome};

use crate::calls::{DONE, call, config, within};
use crate::raw::RawServer;
use crate::relay::{Ending, Relay};
use crate::server::{Server, reply};
use crate::tally::Tally;
use crate::trust::Authority;

/// Ends a connection as `ending` says, once the client has read what was written.
async fn end(mut socket: TcpStream, ending: Ending) -> Option<TcpStream> {
    match ending {
        Ending::Fin => {
            let _ = socket.shutdown().await;
            Some(socket)
        }
        Ending::Rst => {
            socket.set_zero_linger().expect("it is open");
            None
        }
        Ending::Silence => Some(socket),
    }
}

fn without_retries(config: Config) -> Client {
    let config = Config {
        max_retries: 0,
        ..config
    };
    Client::new(config).expect("the settings are good")
}

fn check_failed(outcome: &Outcome, codes: &[&str], at: usize) {
    let Err(error @ Error::Connection(_)) = &outcome.result else {
        panic!("cut at {at}: {outcome:?}");
    };
    assert!(codes.contains(&error.code()), "cut at {at}: {error:?}");
    assert_eq!((outcome.attempts, error.retryable()), (1, true));
}

fn whole_reply(chunked: bool) -> String {
    let length = DONE.len();
    match chunked {
        false => format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{DONE}"),
        true => format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{DONE}\r\n0\r\n\r\n"
        ),
    }
}

#[tokio::test]
async fn a_reply_cut_at_any_byte_is_econnreset_and_the_next_call_works() {
    let mut tally = Tally::of("the reply is cut at each byte, by FIN and by RST");
    for chunked in [false, true] {
        for ending in [Ending::Fin, Ending::Rst] {
            let reply = whole_reply(chunked);
            let length = reply.len();
            // Each second connection is answered in full.
            let server = RawServer::start(move |number, mut socket| {
                let reply = reply.clone();
                async move {
                    let is_cut = number % 2 == 1;
                    let end_at = if is_cut { number / 2 } else { reply.len() };
                    let _ = socket.write_all(&reply.as_bytes()[..end_at]).await;
                    end(socket, if is_cut { ending } else { Ending::Fin }).await
                }
            })
            .await;
            let client = without_retries(config(&server.url()));

            for at in 0..length {
                let outcome = within(client.reset_login(call())).await;
                check_failed(&outcome, &["ECONNRESET"], at);
                tally.add(&outcome);
                let next = within(client.reset_login(call())).await;
                tally.add_next(&next, at);
            }
            within(server.connections_ended(2 * length)).await;
        }
    }
}

#[tokio::test]
async fn a_request_cut_at_any_byte_is_a_connection_error() {
    let mut tally = Tally::of("the request is cut after 1 to 358 bytes, by FIN and by RST");
    for ending in [Ending::Fin, Ending::Rst] {
        for at in (1..360).step_by(17) {
            let server = RawServer::accepting(move |mut socket| async move {
                let _ = socket.read_exact(&mut vec![0; at]).await;
                end(socket, ending).await
            })
            .await;

            let client = without_retries(config(&server.url()));
            let outcome = within(client.reset_login(call())).await;

            check_failed(&outcome, &["ECONNRESET", "EPIPE"], at);
            tally.add(&outcome);
        }
    }
}

/// A server over one version of TLS, and the settings for a client of `relay` in front of it.
async fn tls_server(version: &'static SupportedProtocolVersion) -> (Server, Authority) {
    let authority = Authority::new();
    let certificate = authority.certificate_for("127.0.0.1");
    let acceptor = authority.acceptor_speaking(certificate, &["h2", "http/1.1"], &[version]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
    (server, authority)
}

fn through(relay: &Relay, authority: &Authority) -> Config {
    Config {
        ca: Some(authority.pem()),
        ..config(&relay.https_url())
    }
}

#[tokio::test]
async fn a_tls_handshake_cut_in_any_flight_is_a_connection_error() {
    let mut tally = Tally::of("the handshake of TLS 1.2 and 1.3 is cut in each flight");
    for version in [&TLS12, &TLS13] {
        let (server, authority) = tls_server(version).await;
        for ending in [Ending::Fin, Ending::Rst] {
            for at in (0..800).step_by(61) {
                let relay = Relay::cutting(server.address(), at, ending).await;
                let client = without_retries(through(&relay, &authority));

                let outcome = within(client.reset_login(call())).await;

                check_failed(&outcome, &["ECONNRESET", "TLS_FAILED"], at);
                tally.add(&outcome);
                assert_eq!(relay.connections(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_tls_handshake_that_stalls_in_any_flight_is_etimedout() {
    let mut tally = Tally::of("the handshake of TLS 1.2 and 1.3 stalls in each flight");
    for version in [&TLS12, &TLS13] {
        let (server, authority) = tls_server(version).await;
        for at in (0..800).step_by(127) {
            let relay = Relay::cutting(server.address(), at, Ending::Silence).await;
            let client = without_retries(Config {
                connect_timeout: Duration::from_millis(150),
                timeout: Duration::from_secs(2),
                ..through(&relay, &authority)
            });

            let outcome = within(client.reset_login(call())).await;

            tally.add(&outcome);
            // The last flight of TLS 1.3 is the server's first of HTTP.
            let error = outcome.result.expect_err("it stalls");
            assert!(
                matches!(error.code(), "ETIMEDOUT" | "TIMEOUT"),
                "stalled at {at}: {error:?}"
            );
        }
    }
}
