//! The log of requests, and the events of the handle.

use std::time::{Duration, UNIX_EPOCH};

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast::Receiver as Listener,
    time::timeout,
};
use utdk_plaid_sandbox::{Config, Effect, Event, Fault, LoggedRequest, Outcome};

use crate::{
    plaid::{JSON, Plaid},
    receiver::{Behavior, Receiver},
    wire,
};

const GET: &str = "/item/get";

/// The last request, serialised.
fn last(plaid: &Plaid) -> Value {
    serde_json::to_value(plaid.sandbox.requests().pop()).unwrap()
}

#[tokio::test]
async fn a_request_is_logged_with_its_reply() {
    let config = Config {
        now: Some(UNIX_EPOCH + Duration::from_secs(1_798_761_600)),
        ..Config::default()
    };
    let plaid = Plaid::start_with(config).await;
    let item = plaid.item(None);
    let reply = plaid.with_token(GET, &item).await.json();
    let logged = last(&plaid);
    let expected = json!({
        "at": logged["at"],
        "error_code": null,
        "fault": null,
        "fields": {
            "access_token": logged["fields"]["access_token"],
            "client_id": "[redacted]",
            "secret": "[redacted]",
        },
        "item_id": item.item_id,
        "method": "POST",
        "not_emulated": false,
        "path": GET,
        "request_id": reply["request_id"],
        "status": 200,
        "took_ms": logged["took_ms"],
    });
    assert_eq!(logged, expected);
    assert!(logged["took_ms"].as_f64() > Some(0.0), "{logged}");
    assert!(
        logged["at"]
            .as_str()
            .unwrap()
            .starts_with("2027-01-01T00:00:")
    );
    let token = item.access_token.expose_secret();
    let shown = format!("access-sandbox-…{}", &token[token.len() - 4..]);
    assert_eq!(logged["fields"]["access_token"], shown);
}

#[tokio::test]
async fn a_request_that_fails_is_logged_with_its_error() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    plaid.with_token("/accounts/get", &item).await;
    let logged = last(&plaid);
    assert_eq!(logged["error_code"], "ITEM_LOGIN_REQUIRED");
    assert_eq!(
        (&logged["status"], &logged["item_id"]),
        (&json!(400), &json!(item.item_id))
    );
    // The log shows the fields that caused the error.
    let fields = json!({ "access_token": null, "nonsense": 1 });
    let reply = plaid.post(GET, fields).await.json();
    let logged = last(&plaid);
    let expected = json!({
        "access_token": null,
        "client_id": "[redacted]",
        "secret": "[redacted]",
    });
    assert_eq!(logged["fields"], expected);
    assert_eq!(logged["error_code"], "UNKNOWN_FIELDS");
    assert_eq!(logged["request_id"], reply["request_id"]);
    assert_eq!(logged["item_id"], Value::Null);
    let headers = [("content-type", JSON)];
    plaid.send(Method::POST, GET, &headers, "{").await;
    let logged = last(&plaid);
    assert_eq!(
        (&logged["fields"], &logged["error_code"]),
        (&Value::Null, &json!("INVALID_BODY"))
    );
}

#[tokio::test]
async fn unknown_routes_and_methods_are_logged() {
    let plaid = Plaid::start().await;
    plaid.send(Method::GET, "/item/get?a=b", &[], "").await;
    let logged = last(&plaid);
    assert_eq!(
        (&logged["method"], &logged["path"]),
        (&json!("GET"), &json!(GET))
    );
    assert_eq!(
        (&logged["status"], &logged["fields"]),
        (&json!(400), &Value::Null)
    );
    for (path, shown) in [
        ("/", "/"),
        ("/item/get/", "/item/get/"),
        ("/no/such/route?cursor=1", "/no/such/route"),
        ("/payment_initiation/v2/x-y", "/payment_initiation/v2/x-y"),
        ("/Nowhere/%41", "/[redacted]/[redacted]"),
    ] {
        plaid.post(path, json!({ "a": 1 })).await;
        let logged = last(&plaid);
        assert_eq!(
            (&logged["path"], &logged["status"]),
            (&json!(shown), &json!(404))
        );
        assert_eq!(
            (&logged["fields"], &logged["error_code"]),
            (&Value::Null, &json!("NOT_FOUND"))
        );
    }
    let path = format!("/{}", "a/".repeat(5_000));
    plaid.post(&path, json!({})).await;
    assert!(last(&plaid)["path"].as_str().unwrap().len() <= 200);
}

#[tokio::test]
async fn a_fault_is_logged_by_its_name() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let error = Effect::Error {
        status: Some(429),
        error_code: None,
        retry_after: None,
    };
    let address = wire::address(&plaid.sandbox);
    let body = plaid.signed(json!({
        "access_token": item.access_token.expose_secret(),
    }));
    let headers = [("content-type", JSON)];
    let request = wire::request(address, "POST", GET, &headers, body.to_string());
    for (effect, name, status, code) in [
        (error, "error", json!(429), json!("RATE_LIMIT")),
        (
            Effect::Html { status: None },
            "html",
            json!(502),
            Value::Null,
        ),
        (Effect::Reset, "reset", Value::Null, Value::Null),
        (Effect::CutShort, "cut_short", json!(200), Value::Null),
    ] {
        let fault = Fault {
            path: None,
            times: Some(1),
            probability: None,
            effect,
        };
        plaid.sandbox.inject(fault).unwrap();
        let _ = wire::exchange(address, &request).await;
        let logged = last(&plaid);
        assert_eq!(logged["fault"], name);
        assert_eq!((&logged["status"], &logged["error_code"]), (&status, &code));
        // Only a request that was performed has fields.
        assert_eq!(logged["fields"].is_object(), name == "cut_short");
    }
}

#[tokio::test]
async fn the_last_ten_thousand_requests_are_kept_oldest_first() {
    let plaid = Plaid::start().await;
    let address = wire::address(&plaid.sandbox);
    let request = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    let close = "connection: close\r\n";
    let bytes = request("/early", "").repeat(3)
        + &request("/middle", "").repeat(9_999)
        + &request("/last", close);
    // Writes and reads at once: the buffers do not hold all of it.
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let mut replies = Vec::new();
    let reading = read.read_to_end(&mut replies);
    let writing = write.write_all(bytes.as_bytes());
    let both = async { tokio::join!(reading, writing) };
    let (read, written) = timeout(wire::LONG, both).await.unwrap();
    read.unwrap();
    written.unwrap();
    let paths: Vec<String> = plaid
        .sandbox
        .requests()
        .into_iter()
        .map(|it| it.path)
        .collect();
    assert_eq!(paths.len(), 10_000);
    assert_eq!(
        (paths[0].as_str(), paths[9_999].as_str()),
        ("/middle", "/last")
    );
}

/// The next event.
async fn next(events: &mut Listener<Event>) -> Event {
    timeout(wire::LONG, events.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn events_report_items_requests_and_deliveries_in_order() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let mut events = plaid.sandbox.events();
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let mut received = Vec::new();
    for _ in 0..4 {
        received.push(next(&mut events).await);
    }
    // The delivery may end before or after the request that fired it is logged.
    received.sort_by_key(|event| matches!(event, Event::Delivery(_)));
    let kinds: Vec<Value> = received
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["item", "item", "request", "delivery"]);
    let states = received[..2]
        .iter()
        .map(|event| serde_json::to_value(event).unwrap());
    let states: Vec<Value> = states.map(|event| event["state"].clone()).collect();
    assert_eq!(states, ["healthy", "login_required"]);
    let Event::Request(request) = &received[2] else {
        panic!("a request");
    };
    assert_eq!(plaid.sandbox.requests(), std::slice::from_ref(request));
    let Event::Delivery(webhook) = &received[3] else {
        panic!("a delivery");
    };
    assert_eq!(plaid.sandbox.webhooks(), std::slice::from_ref(webhook));
    let outcome = &webhook.attempts[0].outcome;
    assert_eq!(outcome, &Outcome::Delivered { status: 200 });

    plaid.sandbox.repair_item(&item.item_id).unwrap();
    let healthy = serde_json::to_value(next(&mut events).await).unwrap();
    assert_eq!(
        (&healthy["kind"], &healthy["state"]),
        (&json!("item"), &json!("healthy"))
    );
    let repaired = serde_json::to_value(next(&mut events).await).unwrap();
    assert_eq!(repaired["webhook_code"], "LOGIN_REPAIRED");
    plaid.with_token("/item/remove", &item).await;
    let removed = serde_json::to_value(next(&mut events).await).unwrap();
    assert_eq!(
        (&removed["kind"], &removed["state"]),
        (&json!("item"), &json!("removed"))
    );
    assert!(matches!(
        next(&mut events).await,
        Event::Request(LoggedRequest {
            status: Some(200),
            ..
        })
    ));
}
