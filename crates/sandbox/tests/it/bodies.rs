//! Request bodies: not JSON, too long, chunked or broken. Each gets INVALID_BODY or the right reply,
//! and the server keeps running.

use hyper::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::plaid::{JSON, Plaid, Reply};

const RESET: &str = "/sandbox/item/reset_login";

fn check(reply: &Reply) {
    assert_eq!(reply.error_code(), "INVALID_BODY");
    let message = &reply.json()["error_message"];
    assert_eq!(message, "body could not be parsed as JSON");
    assert_eq!(reply.status, 400);
}

/// The reply to these bytes, until the server closes the connection.
async fn exchange(plaid: &Plaid, request: impl AsRef<[u8]>) -> String {
    let address = plaid.sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_an_invalid_body() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let deep = "[".repeat(100_000);
    let deep_field = format!(
        "{{\"a\":{}{}}}",
        "{\"a\":".repeat(500),
        "1".to_owned() + &"}".repeat(500)
    );
    for body in [
        "",
        " ",
        "[]",
        "null",
        "1",
        "\"a\"",
        "{",
        "{}{}",
        "{'a':1}",
        "{\"a\":1,}",
        &deep,
        &deep_field,
    ] {
        check(
            &plaid
                .send(
                    Method::POST,
                    RESET,
                    &[("content-type", JSON)],
                    body.to_owned(),
                )
                .await,
        );
    }
    let not_utf8 = b"{\"access_token\":\"\xff\xfe\"}".as_slice();
    check(
        &plaid
            .send(Method::POST, RESET, &[("content-type", JSON)], not_utf8)
            .await,
    );
    assert_eq!(plaid.reset_login(&item).await.status, 200);
}

#[tokio::test]
async fn a_body_is_read_only_if_its_content_type_is_json() {
    let plaid = Plaid::start().await;
    let body = plaid.signed(json!({})).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        let headers = [("content-type", content_type)];
        check(
            &plaid
                .send(Method::POST, RESET, &headers, body.clone())
                .await,
        );
    }
    check(&plaid.send(Method::POST, RESET, &[], body.clone()).await);
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        let headers = [("content-type", content_type)];
        let reply = plaid
            .send(Method::POST, RESET, &headers, body.clone())
            .await;
        assert_eq!(reply.error_code(), "MISSING_FIELDS");
    }
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_an_invalid_body() {
    let plaid = Plaid::start().await;
    let headers = [("content-type", JSON)];
    let mut body = plaid.signed(json!({})).to_string();
    body.push_str(&" ".repeat((1 << 20) - body.len()));
    let reply = plaid
        .send(Method::POST, RESET, &headers, body.clone())
        .await;
    assert_eq!(reply.error_code(), "MISSING_FIELDS");
    body.push(' ');
    check(
        &plaid
            .send(Method::POST, RESET, &headers, body.clone())
            .await,
    );

    // A client that writes the whole body before it reads still gets the reply.
    let request = format!(
        "POST {RESET} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        8 << 20
    );
    let reply = exchange(&plaid, request + &" ".repeat(8 << 20)).await;
    assert!(reply.contains("\"INVALID_BODY\""), "{reply}");
}

#[tokio::test]
async fn the_last_of_two_equal_keys_counts() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let mut body = plaid.signed(json!({})).to_string();
    body.pop();
    body.push_str(",\"access_token\":null,\"access_token\":\"access-sandbox-1\"}");
    let reply = plaid
        .send(Method::POST, RESET, &[("content-type", JSON)], body)
        .await;
    assert_eq!(reply.error_code(), "INVALID_ACCESS_TOKEN");
    assert_eq!(plaid.reset_login(&item).await.status, 200);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let plaid = Plaid::start().await;
    let body = "{}";
    let request = |path: &str, connection: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let requests = request("/nowhere", "keep-alive") + &request(RESET, "close");
    let replies = exchange(&plaid, requests).await;
    let not_found = replies.find("HTTP/1.1 404 Not Found").unwrap();
    let missing = replies.find("HTTP/1.1 400 Bad Request").unwrap();
    assert!(not_found < missing, "{replies}");
    assert_eq!(replies.matches("\"request_id\"").count(), 2);
}

#[tokio::test]
async fn a_chunked_body_is_read_whole() {
    let plaid = Plaid::start().await;
    let body = plaid.signed(json!({})).to_string();
    let (one, two) = body.split_at(10);
    let request = format!(
        "POST {RESET} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    let reply = exchange(&plaid, request).await;
    assert!(
        reply.contains("required fields are missing: access_token"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_client_that_does_not_speak_http_or_hangs_up_does_no_harm() {
    let plaid = Plaid::start().await;
    exchange(&plaid, b"\x16\x03\x01\x00\xff\x01\r\n\r\n").await;
    let address = plaid.sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let half = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(half.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(plaid.reset_login(&plaid.item(None)).await.status, 200);
}
