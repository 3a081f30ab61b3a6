//! Calls through a gateway: its envelope, its errors, and what it does not receive.

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use serde_json::{Value, json};
use utdk_plaid_client::{Client, Config, Error, Gateway, Outcome};

use crate::calls::{ACCESS_TOKEN, CLIENT_ID, SECRET, call, config, within};
use crate::server::{Server, reply};

fn client(url: String) -> Client {
    let client = Client::new(Config {
        gateway: Some(Gateway {
            url,
            token: Some("token-of-the-gateway".into()),
        }),
        ..config("https://sandbox.plaid.com")
    });
    client.expect("the settings are good")
}

async fn outcome(status: u16, body: Value) -> Outcome {
    let server = Server::replying(vec![reply(status, &body.to_string())]).await;
    within(client(server.url()).reset_login(call())).await
}

#[tokio::test]
async fn the_reply_is_taken_out_of_the_gateways_envelope() {
    let data = json!({ "reset_login": true, "request_id": "m8MDnv9okwxFNBV", "more": [1] });
    let meta = json!({ "requestId": "g-1", "durationMs": 12 });

    let enveloped = outcome(200, json!({ "data": data, "meta": meta })).await;

    let reply = enveloped.result.expect("a reply");
    assert_eq!(serde_json::to_value(&reply).expect("JSON"), data);
}

#[tokio::test]
async fn a_gateway_may_answer_with_the_bare_reply() {
    let data = json!({ "reset_login": true, "request_id": "m8MDnv9okwxFNBV", "data": 1 });

    let bare = outcome(200, data.clone()).await;

    let reply = bare.result.expect("a reply");
    assert_eq!(serde_json::to_value(&reply).expect("JSON"), data);
}

#[tokio::test]
async fn a_gateways_error_is_an_api_error_without_tokens() {
    let outcome = outcome(
        403,
        json!({ "error": format!("token-of-the-gateway may not use {ACCESS_TOKEN}") }),
    )
    .await;

    let Err(Error::Api(error)) = outcome.result else {
        panic!("an api error was expected: {outcome:?}");
    };
    assert_eq!((error.status, &*error.error_code), (403, "GATEWAY_ERROR"));
    assert_eq!(error.error_message, "[redacted] may not use [redacted]");
}

#[tokio::test]
async fn a_gateway_receives_its_token_and_no_plaid_credentials() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let witness = seen.clone();
    let server = Server::start(move |_, request| {
        let witness = witness.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            witness.lock().expect("unpoisoned").push((head, body));
            reply(200, crate::calls::DONE)
        }
    })
    .await;

    let outcome = within(client(format!("{}/base/", server.url())).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    let seen = seen.lock().expect("unpoisoned");
    let [(head, body)] = &seen[..] else {
        panic!("{} requests", seen.len());
    };
    assert_eq!(head.uri, "/base/tools/plaid/sandboxitemresetlogin");
    assert_eq!(head.headers["authorization"], "Bearer token-of-the-gateway");
    let body: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(body, json!({ "args": { "access_token": ACCESS_TOKEN } }));
    for value in head.headers.values() {
        assert!(value != CLIENT_ID && value != SECRET, "{:?}", head.headers);
    }
}
