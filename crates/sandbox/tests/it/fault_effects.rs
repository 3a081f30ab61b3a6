//! The effect of each fault on the connection and on the Item.

use std::{io::ErrorKind, time::Duration};

use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use utdk_plaid_sandbox::{CreatedItem, Effect, ItemState, LoggedRequest, Sandbox};

use crate::{
    faults::{always, error, once, status},
    plaid::{JSON, Plaid},
    wire,
};

const RESET: &str = "/sandbox/item/reset_login";
const GET: &str = "/item/get";

fn state(sandbox: &Sandbox, item: &CreatedItem) -> ItemState {
    let items = sandbox.items();
    let found = items.iter().find(|it| it.item_id == item.item_id);
    found.unwrap().state
}

/// A request that resets the login of this Item, in bytes.
fn reset_request(plaid: &Plaid, item: &CreatedItem) -> Vec<u8> {
    let token = item.access_token.expose_secret();
    let body = plaid.signed(json!({ "access_token": token })).to_string();
    let address = wire::address(&plaid.sandbox);
    wire::request(address, "POST", RESET, &[("content-type", JSON)], body)
}

#[tokio::test]
async fn an_injected_error_prevents_the_effect_of_the_request() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for effect in [
        error("INTERNAL_SERVER_ERROR"),
        Effect::Html { status: None },
    ] {
        plaid.sandbox.inject(once(effect)).unwrap();
        assert!(plaid.reset_login(&item).await.status >= 500);
        assert_eq!(state(&plaid.sandbox, &item), ItemState::Healthy);
    }
    assert_eq!(plaid.reset_login(&item).await.status, 200);
}

#[tokio::test]
async fn an_html_fault_answers_the_page_of_a_proxy() {
    let plaid = Plaid::start().await;
    for (given, status, title) in [
        (None, 502, "502 Bad Gateway"),
        (Some(504), 504, "504 Gateway Timeout"),
        (Some(413), 413, "413 Payload Too Large"),
    ] {
        let effect = Effect::Html { status: given };
        plaid.sandbox.inject(once(effect)).unwrap();
        let reply = plaid.post(GET, json!({})).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers["content-type"], "text/html");
        assert!(reply.body.starts_with("<html>"));
        assert!(reply.body.contains(&format!("<h1>{title}</h1>")));
    }
}

#[tokio::test]
async fn a_reset_fault_resets_the_connection_before_the_first_byte() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.sandbox.inject(once(Effect::Reset)).unwrap();
    let request = reset_request(&plaid, &item);
    let (reply, end) = wire::exchange(wire::address(&plaid.sandbox), &request).await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(reply.is_empty());
    assert_eq!(state(&plaid.sandbox, &item), ItemState::Healthy);
}

#[tokio::test]
async fn a_reply_cut_short_ends_in_the_middle_after_the_effect() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.sandbox.inject(once(Effect::CutShort)).unwrap();
    let request = reset_request(&plaid, &item);
    let (reply, _) = wire::exchange(wire::address(&plaid.sandbox), &request).await;
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "));
    let complete = plaid.reset_login(&item).await.body;
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    assert_eq!(length, Some(complete.len().to_string().as_str()));
    assert!(!body.is_empty() && body.len() < complete.len());
    assert!(body.starts_with('{') && serde_json::from_str::<Value>(body).is_err());
    assert_eq!(state(&plaid.sandbox, &item), ItemState::LoginRequired);
}

#[tokio::test]
async fn a_client_sees_an_error_for_a_reset_and_for_a_cut() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for effect in [Effect::Reset, Effect::CutShort] {
        plaid.sandbox.inject(once(effect)).unwrap();
        let request = reset_request(&plaid, &item);
        let mut stream = TcpStream::connect(wire::address(&plaid.sandbox))
            .await
            .unwrap();
        let io = TokioIo::new(&mut stream);
        let (mut sender, connection) = http1::handshake::<_, String>(io).await.unwrap();
        let body = String::from_utf8(request).unwrap();
        let body = body.split_once("\r\n\r\n").unwrap().1.to_owned();
        let request = hyper::Request::post(RESET)
            .header("host", wire::address(&plaid.sandbox))
            .header("content-type", JSON)
            .body(body)
            .unwrap();
        let reply = async {
            let response = sender.send_request(request).await?;
            response.into_body().collect().await
        };
        let (reply, _) = tokio::join!(reply, connection);
        assert!(reply.is_err());
    }
}

/// The first logged request. Only the log shows that a request that hangs has arrived.
async fn first_request(plaid: &Plaid) -> LoggedRequest {
    let logged = async {
        loop {
            match plaid.sandbox.requests().pop() {
                Some(request) => return request,
                None => tokio::task::yield_now().await,
            }
        }
    };
    timeout(wire::LONG, logged).await.unwrap()
}

#[tokio::test]
async fn a_hang_sends_nothing_and_ends_when_the_client_leaves() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.sandbox.inject(always(Effect::Hang)).unwrap();
    let address = wire::address(&plaid.sandbox);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(&reset_request(&plaid, &item))
        .await
        .unwrap();
    assert_eq!(first_request(&plaid).await.fault, Some("hang"));
    let mut buffer = [0];
    let read = timeout(Duration::from_millis(100), stream.read(&mut buffer)).await;
    assert!(read.is_err(), "no byte and no end");
    assert_eq!(state(&plaid.sandbox, &item), ItemState::Healthy);
    stream.shutdown().await.unwrap();
    let (reply, _) = wire::rest(&mut stream).await;
    assert!(reply.is_empty());
}

#[tokio::test]
async fn a_hang_ends_when_the_sandbox_closes() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.sandbox.inject(always(Effect::Hang)).unwrap();
    let address = wire::address(&plaid.sandbox);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(&reset_request(&plaid, &item))
        .await
        .unwrap();
    first_request(&plaid).await;
    timeout(wire::LONG, plaid.sandbox.close()).await.unwrap();
    let (reply, _) = wire::rest(&mut stream).await;
    assert!(reply.is_empty());
}

#[tokio::test]
async fn delays_add_up_and_the_request_has_its_effect() {
    tokio::time::pause();
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let hour = 60 * 60 * 1000;
    for ms in [hour, 0, hour / 2] {
        plaid.sandbox.inject(once(Effect::Delay { ms })).unwrap();
    }
    let start = Instant::now();
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(hour + hour / 2));
    assert_eq!(state(&plaid.sandbox, &item), ItemState::LoginRequired);
    assert!(plaid.sandbox.faults().is_empty());
}

#[tokio::test]
async fn a_delay_also_delays_an_injected_error() {
    tokio::time::pause();
    let plaid = Plaid::start().await;
    plaid.sandbox.inject(once(status(500))).unwrap();
    let ms = 60 * 60 * 1000;
    plaid.sandbox.inject(once(Effect::Delay { ms })).unwrap();
    let start = Instant::now();
    assert_eq!(plaid.post(GET, json!({})).await.status, 500);
    assert!(start.elapsed() >= Duration::from_millis(ms));
}
