//! Replies that Plaid never sends: each is refused by its status, and no content of it is shown.

use tokio::io::AsyncWriteExt;
use utdk_plaid_client::{Error, Outcome};

use crate::calls::{DONE, call, client, within};
use crate::raw::RawServer;
use crate::server::{Answer, Server, reply, reply_with};

const MIB: usize = 1024 * 1024;

async fn outcome(reply: Answer) -> Outcome {
    let server = Server::replying(vec![reply]).await;
    within(client(&server.url()).reset_login(call())).await
}

fn check_refused(outcome: &Outcome, status: u16) {
    let Err(error @ Error::Response { status: named, .. }) = &outcome.result else {
        panic!("an unexpected response was expected: {outcome:?}");
    };
    assert_eq!((*named, error.code()), (status, "UNEXPECTED_RESPONSE"));
    assert!(!format!("{error} {error:?}").contains("content-of-it"));
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_at_the_first_attempt() {
    let deep_list = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        " \n ",
        "null",
        r#""content-of-it""#,
        r#"{"request_id":"content-of-it"}"#,
        r#"{"reset_login":true}"#,
        r#"{"reset_login":true,"content-of-it":1}"#,
        r#"{"reset_login":null,"request_id":"content-of-it"}"#,
        r#"{"reset_login":true,"request_id":7}"#,
        r#"{"error_code":"ITEM_NOT_FOUND","error_message":"content-of-it"}"#,
        &deep_list,
        &r#"{"a":"#.repeat(100_000),
    ] {
        let outcome = outcome(reply(200, body)).await;
        check_refused(&outcome, 200);
        assert_eq!(outcome.attempts, 1);
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_refused() {
    let server = RawServer::start(|_, mut socket| async move {
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"reset_login\":\"\xff\"}";
        let _ = socket.write_all(reply).await;
        Some(socket)
    })
    .await;

    check_refused(
        &within(client(&server.url()).reset_login(call())).await,
        200,
    );
}

#[tokio::test]
async fn a_compressed_body_is_refused_as_such() {
    for (status, encoding) in [(200, "gzip"), (200, "br"), (400, "gzip"), (502, "zstd")] {
        let compressed = reply_with(status, &[("content-encoding", encoding)], "\x1f\u{8b}");

        let outcome = outcome(compressed).await;

        check_refused(&outcome, status);
        let error = outcome.result.expect_err("it is refused");
        assert!(
            error
                .to_string()
                .contains(&format!("content-encoding: {encoding}")),
            "{error}"
        );
        assert_eq!(error.retryable(), status == 502);
    }
}

/// Some proxies say so of what they did not compress.
#[tokio::test]
async fn a_body_that_only_claims_to_be_compressed_is_read() {
    let claims = [("content-encoding", "gzip")];

    let success = outcome(reply_with(200, &claims, DONE)).await;
    assert!(success.result.is_ok(), "{success:?}");

    let error = outcome(reply_with(400, &claims, r#"{"error_code":"NO"}"#)).await;
    assert_eq!(error.result.expect_err("an error").code(), "NO");
}

#[tokio::test]
async fn no_compression_is_asked_for() {
    let server = Server::start(|_, request| async move {
        assert_eq!(request.headers()["accept-encoding"], "identity");
        reply(200, DONE)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn only_status_200_is_a_success() {
    for status in [201, 202, 204, 206, 226] {
        check_refused(&outcome(reply(status, DONE)).await, status);
    }
}

#[tokio::test]
async fn an_error_status_without_a_plaid_error_is_refused() {
    for (status, body) in [
        (403, "<p>content-of-it"),
        (404, ""),
        (400, r#"{"error_code":7}"#),
    ] {
        check_refused(&outcome(reply(status, body)).await, status);
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let target = Server::replying(vec![reply(200, DONE)]).await;
    let location = format!("{}/sandbox/item/reset_login", target.url());
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let redirect = reply_with(status, &[("location", &location)], "");
        check_refused(&outcome(redirect).await, status);
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_reply_of_1_mib_is_read_and_a_longer_one_is_refused() {
    let padded = |json: &str, length: usize| format!("{json}{}", " ".repeat(length - json.len()));

    let longest = outcome(reply(200, &padded(DONE, MIB))).await;
    assert!(longest.result.is_ok(), "{longest:?}");

    check_refused(&outcome(reply(200, &padded(DONE, MIB + 1))).await, 200);
    let error = padded(r#"{"error_code":"A"}"#, MIB + 1);
    check_refused(&outcome(reply(400, &error)).await, 400);
}

#[tokio::test]
async fn a_reply_without_an_end_is_cut_off_at_1_mib() {
    let server = RawServer::start(|_, mut socket| async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = socket.write_all(head).await;
        // The write fails once the client has closed the connection.
        while socket
            .write_all("4\r\n    \r\n".repeat(4096).as_bytes())
            .await
            .is_ok()
        {}
        Some(socket)
    })
    .await;

    check_refused(
        &within(client(&server.url()).reset_login(call())).await,
        200,
    );
    within(server.connections_ended(1)).await;
}

#[tokio::test]
async fn an_interim_response_is_skipped() {
    let server = RawServer::start(|_, mut socket| async move {
        let length = DONE.len();
        let replies = format!(
            "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{DONE}"
        );
        let _ = socket.write_all(replies.as_bytes()).await;
        Some(socket)
    })
    .await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}
