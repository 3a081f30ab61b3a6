//! The probe: one request without credentials, whatever the response.

use std::time::Duration;

use http_body_util::BodyExt;
use tokio::sync::mpsc;
use utdk_plaid_client::{Client, Config, Error, Gateway};

use crate::calls::{CLIENT_ID, SECRET, client, config, within};
use crate::server::{Server, reply};

const TIME_LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn plaid_is_sent_the_operation_without_credentials_once() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let server = Server::start(move |_, request| {
        let seen = seen.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            seen.send((head, body)).expect("the test listens");
            reply(500, r#"{"error_code":"INTERNAL_SERVER_ERROR"}"#)
        }
    })
    .await;
    let client = Client::new(Config {
        headers: vec![("x-mine".into(), "a-secret-of-the-caller".into())],
        ..config(&server.url())
    })
    .expect("the settings are good");

    let probed = within(client.probe(TIME_LIMIT)).await.expect("a reply");

    assert_eq!(probed.status, 500);
    assert_eq!(probed.body, r#"{"error_code":"INTERNAL_SERVER_ERROR"}"#);
    let (head, body) = requests.recv().await.expect("a request");
    assert_eq!((head.method, &*body), (http::Method::POST, &b"{}"[..]));
    assert_eq!(head.uri, "/sandbox/item/reset_login");
    for value in head.headers.values() {
        assert!(value != CLIENT_ID && value != SECRET && value != "a-secret-of-the-caller");
    }
    assert!(requests.try_recv().is_err(), "a probe is not retried");
}

#[tokio::test]
async fn a_gateway_is_asked_for_its_health_without_its_token() {
    let server = Server::start(|_, request| async move {
        let has_token = request.headers().contains_key("authorization");
        reply(
            200,
            &format!(
                r#"{{"asked":"{} {}","has_token":{has_token}}}"#,
                request.method(),
                request.uri()
            ),
        )
    })
    .await;
    let client = Client::new(Config {
        gateway: Some(Gateway {
            url: format!("{}/base", server.url()),
            token: Some("token-of-the-gateway".into()),
        }),
        ..Config::default()
    })
    .expect("the settings are good");

    let probed = within(client.probe(TIME_LIMIT)).await.expect("a reply");

    assert_eq!(
        probed.body,
        r#"{"asked":"GET /base/healthz","has_token":false}"#
    );
    assert_eq!(client.origin(), server.url());
    assert_eq!(client.proxy(), None);
}

#[tokio::test]
async fn a_reply_too_long_for_either_is_a_status_without_a_body() {
    let server = Server::replying(vec![reply(200, &"long ".repeat(20_000))]).await;

    let probed = within(client(&server.url()).probe(TIME_LIMIT)).await;

    let probed = probed.expect("a reply");
    assert_eq!((probed.status, probed.body.len()), (200, 0));
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let server = Server::start(|_, _| std::future::pending()).await;

    let probed = within(client(&server.url()).probe(Duration::from_millis(200))).await;

    let Err(Error::Timeout { timeout_ms, .. }) = probed else {
        panic!("a timeout was expected: {probed:?}");
    };
    assert_eq!(timeout_ms, 200);
}

#[tokio::test]
async fn a_refused_connection_is_a_connection_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.expect("a free port").local_addr();
    let url = format!("http://{}", address.expect("it is bound"));

    let probed = within(client(&url).probe(TIME_LIMIT)).await;

    assert_eq!(probed.expect_err("nothing listens").code(), "ECONNREFUSED");
}

#[test]
fn the_proxy_is_named_without_its_credentials() {
    let client = Client::new(Config {
        https_proxy: Some("http://user:password@proxy.invalid:8080".into()),
        ..Config::default()
    })
    .expect("the settings are good");

    assert_eq!(client.proxy(), Some("proxy.invalid:8080"));
    assert_eq!(client.origin(), "https://sandbox.plaid.com");
}
