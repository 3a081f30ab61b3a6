//! Replies that are not HTTP, or not quite: each is refused or read, none does harm.

use tokio::io::AsyncWriteExt;
use utdk_plaid_client::{Client, Config, Error};

use crate::calls::{DONE, call, config, within};
use crate::raw::RawServer;
use crate::tally::Tally;

/// What a server writes after the request, and then closes.
const MALFORMED: [&str; 64] = [
    "\r\n",
    "\r\n\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    "HTTP",
    "HTTP/1.1",
    "HTTP/1.1 ",
    "HTTP/1.1 200",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 000 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 -20 OK\r\n\r\n",
    "HTTP/1.1\t200 OK\r\n\r\n",
    "HTTP/0.9 200 OK\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/9.9 200 OK\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTPS/1.1 200 OK\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "RTSP/1.0 200 OK\r\n\r\n",
    "SIP/2.0 200 OK\r\n\r\n",
    "SSH-2.0-OpenSSH_9.9\r\n",
    "220 mail.example ESMTP\r\n",
    "-ERR unknown command\r\n",
    "<html>no HTTP</html>",
    "{\"reset_login\":true,\"request_id\":\"no HTTP\"}",
    "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx : 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\n x: folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: 1\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: \0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: \x01\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: \x7f\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\x7f: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx\0: 1\r\n\r\n",
    "HTTP/1.1 200 O\0K\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 {}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nbad trailer\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n{}",
    "HTTP/1.1 304 Not Modified\r\n\r\n{}",
    "HTTP/1.1 599 ?\r\n\r\n",
];

#[tokio::test]
async fn a_malformed_reply_is_refused_by_one_request_and_the_next_call_works() {
    let server = RawServer::start(|number, mut socket| async move {
        let written = match number % 2 {
            1 => MALFORMED[number / 2].to_owned(),
            _ => {
                let length = DONE.len();
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{DONE}")
            }
        };
        let _ = socket.write_all(written.as_bytes()).await;
        let _ = socket.shutdown().await;
        Some(socket)
    })
    .await;
    let client = Client::new(Config {
        max_retries: 0,
        ..config(&server.url())
    })
    .expect("the settings are good");

    let mut tally = Tally::of("the reply is one of 64 malformed ones");
    for malformed in MALFORMED {
        let outcome = within(client.reset_login(call())).await;

        assert_eq!(outcome.attempts, 1);
        match &outcome.result {
            Err(error @ Error::Connection(_)) => assert!(
                matches!(error.code(), "EPROTO" | "ECONNRESET"),
                "{malformed:?}: {error:?}"
            ),
            Err(Error::Response { .. }) => {}
            _ => panic!("{malformed:?}: {outcome:?}"),
        }
        tally.add(&outcome);
        let next = within(client.reset_login(call())).await;
        tally.add_next(&next, malformed);
    }
    within(server.connections_ended(2 * MALFORMED.len())).await;
}
