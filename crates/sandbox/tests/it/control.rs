//! The control routes. Their errors are in `control_errors`, access to them in `control_access`.

use std::time::{Duration, UNIX_EPOCH};

use hyper::Method;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, Effect, Fault};

use crate::{
    link,
    plaid::{JSON, Plaid, Reply},
    receiver::{Behavior, Receiver},
};

/// A request to a control route. Null means no body.
pub(crate) async fn control(plaid: &Plaid, method: Method, path: &str, options: Value) -> Reply {
    let path = format!("/_sandbox/{path}");
    match options {
        Value::Null => plaid.send(method, &path, &[], "").await,
        options => {
            let headers = [("content-type", JSON)];
            plaid
                .send(method, &path, &headers, options.to_string())
                .await
        }
    }
}

/// The response of a control route, which must succeed.
async fn get(plaid: &Plaid, path: &str) -> Value {
    succeed(control(plaid, Method::GET, path, Value::Null).await)
}

async fn post(plaid: &Plaid, path: &str, options: Value) -> Value {
    succeed(control(plaid, Method::POST, path, options).await)
}

fn succeed(reply: Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

#[tokio::test]
async fn health_returns_the_url() {
    let plaid = Plaid::start().await;
    let reply = control(&plaid, Method::GET, "health", Value::Null).await;
    let dropped = json!({ "link_tokens": 0, "public_tokens": 0, "requests": 0, "webhooks": 0 });
    let expected = json!({ "dropped": dropped, "status": "ok", "url": plaid.sandbox.url() });
    assert_eq!(reply.json(), expected);
    let header = |name: &str| reply.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/json; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn an_item_is_broken_without_its_token_and_sends_the_webhook() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = post(&plaid, "items", json!({ "webhook": receiver.url() })).await;
    let id = item["item_id"].as_str().unwrap();
    assert_eq!(
        post(&plaid, &format!("items/{id}/break"), Value::Null).await,
        json!({})
    );
    let webhook: Value = serde_json::from_slice(&receiver.next().await.body).unwrap();
    assert_eq!(
        (&webhook["item_id"], &webhook["webhook_code"]),
        (&item["item_id"], &json!("ERROR"))
    );
    let items = get(&plaid, "items").await;
    assert_eq!(items["items"][0]["state"], "login_required");
    let unknown = control(&plaid, Method::POST, "items/unknown/break", Value::Null).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn items_are_created_listed_and_repaired() {
    let plaid = Plaid::start().await;
    let plain = post(&plaid, "items", Value::Null).await;
    let options = json!({
        "institution_id": "ins_109512",
        "products": ["transactions", "auth"],
        "user_id": "usr_1",
        "webhook": "http://127.0.0.1:9/hook",
    });
    let full = post(&plaid, "items", options).await;
    let fields = json!({ "access_token": full["access_token"] });
    plaid.post("/sandbox/item/reset_login", fields).await;
    let expected = json!({ "items": [
        {
            "institution_id": "ins_109508",
            "item_id": plain["item_id"],
            "products": ["transactions"],
            "state": "healthy",
            "user_id": null,
            "webhook": null,
        },
        {
            "institution_id": "ins_109512",
            "item_id": full["item_id"],
            "products": ["auth", "transactions"],
            "state": "login_required",
            "user_id": "usr_1",
            "webhook": "http://127.0.0.1:9/hook",
        },
    ] });
    assert_eq!(get(&plaid, "items").await, expected);
    let repair = format!("items/{}/repair", full["item_id"].as_str().unwrap());
    assert_eq!(post(&plaid, &repair, json!({})).await, json!({}));
    let items = get(&plaid, "items").await;
    assert_eq!(items["items"][1]["state"], "healthy");
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks[1].webhook_code, "LOGIN_REPAIRED");
}

#[tokio::test]
async fn a_null_option_counts_as_absent() {
    let plaid = Plaid::start().await;
    let options = json!({ "institution_id": null, "products": null, "webhook": null });
    post(&plaid, "items", options).await;
    post(&plaid, "items", json!({})).await;
    assert_eq!(plaid.sandbox.items()[0].products, ["transactions"]);
}

#[tokio::test]
async fn webhooks_can_be_awaited_listed_and_redelivered() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let filter = json!({
        "item_id": item.item_id,
        "timeoutMs": 20_000,
        "webhook_code": "ERROR",
    });
    let webhook = post(&plaid, "webhooks/next", filter).await;
    assert_eq!(webhook["id"], 1);
    assert_eq!(webhook["item_id"], item.item_id.as_str());
    assert_eq!(
        webhook["attempts"][0]["outcome"],
        json!({ "kind": "delivered", "status": 200 })
    );
    let received = receiver.next().await;
    assert_eq!(webhook["body"].as_str().unwrap().as_bytes(), received.body);
    let again = post(&plaid, "webhooks/1/redeliver", Value::Null).await;
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(receiver.next().await.body, received.body);
    assert_eq!(
        get(&plaid, "webhooks").await,
        json!({ "webhooks": [again] })
    );
}

#[tokio::test]
async fn waiting_for_a_webhook_times_out() {
    let plaid = Plaid::start().await;
    let options = json!({ "timeoutMs": 1 });
    let reply = control(&plaid, Method::POST, "webhooks/next", options).await;
    assert_eq!(reply.status, 408);
    let expected = json!({
        "error_code": "WEBHOOK_TIMEOUT",
        "error_message": "no webhook within 1ms; webhooks fired for all Items so far: 0",
        "field": null,
    });
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn a_rotated_key_is_served() {
    let plaid = Plaid::start().await;
    let rotated = post(&plaid, "keys/rotate", Value::Null).await;
    let fields = json!({ "key_id": rotated["kid"] });
    let key = plaid.post("/webhook_verification_key/get", fields).await;
    assert_eq!(key.json()["key"]["kid"], rotated["kid"]);
}

#[tokio::test]
async fn only_requests_to_plaids_routes_are_listed() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    get(&plaid, "health").await;
    plaid.with_token("/item/get", &item).await;
    let requests = get(&plaid, "requests").await;
    let expected = serde_json::to_value(plaid.sandbox.requests()).unwrap();
    assert_eq!(requests, json!({ "requests": expected }));
    assert_eq!(requests["requests"].as_array().unwrap().len(), 1);
    assert_eq!(requests["requests"][0]["path"], "/item/get");
}

#[tokio::test]
async fn the_clock_can_be_read_and_moved() {
    let config = Config {
        now: Some(UNIX_EPOCH + Duration::from_secs(1_798_761_600)),
        ..Config::default()
    };
    let plaid = Plaid::start_with(config).await;
    let shown = |clock: &Value| clock["now"].as_str().unwrap().to_owned();
    let clock = get(&plaid, "clock").await;
    assert!(shown(&clock).starts_with("2027-01-01T00:00:"));
    assert_eq!(shown(&clock).len(), "2027-01-01T00:00:00.000Z".len());
    let moved = post(&plaid, "clock/advance", json!({ "ms": 86_400_000 })).await;
    assert!(shown(&moved).starts_with("2027-01-02T00:00:"));
    let still = post(&plaid, "clock/advance", json!({ "ms": 0.5 })).await;
    assert!(shown(&still) >= shown(&moved));
}

#[tokio::test]
async fn faults_can_be_injected_listed_and_cleared() {
    let plaid = Plaid::start().await;
    let faults = [
        json!({ "error_code": "ITEM_LOCKED", "path": "/item/get", "times": 2 }),
        json!({ "kind": "error", "retryAfter": 3, "status": 429 }),
        json!({ "kind": "delay", "ms": 0, "probability": 0.5 }),
        json!({ "kind": "html", "status": 503 }),
        json!({ "kind": "reset", "times": 1 }),
        json!({ "kind": "cut_short" }),
        json!({ "kind": "hang" }),
    ];
    for fault in faults {
        assert_eq!(post(&plaid, "faults", fault).await, json!({}));
    }
    let shown = get(&plaid, "faults").await;
    let shown = shown["faults"].as_array().unwrap();
    let locked = json!({
        "error_code": "ITEM_LOCKED",
        "kind": "error",
        "path": "/item/get",
        "probability": null,
        "retryAfter": null,
        "status": null,
        "times": 2,
    });
    assert_eq!(shown[0], locked);
    let kinds: Vec<&str> = shown
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "error",
        "error",
        "delay",
        "html",
        "reset",
        "cut_short",
        "hang",
    ];
    assert_eq!(kinds, expected);
    let limited = Fault {
        path: None,
        times: None,
        probability: None,
        effect: Effect::Error {
            status: Some(429),
            error_code: None,
            retry_after: Some(3),
        },
    };
    assert_eq!(plaid.sandbox.faults()[1], limited);
    let failed = plaid.post("/item/get", json!({})).await;
    assert_eq!(failed.error_code(), "ITEM_LOCKED");
    let reply = control(&plaid, Method::DELETE, "faults", Value::Null).await;
    assert_eq!(succeed(reply), json!({}));
    assert_eq!(get(&plaid, "faults").await, json!({ "faults": [] }));
    let item = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &item).await.status, 200);
}

#[tokio::test]
async fn a_listed_fault_can_be_injected_again() {
    let plaid = Plaid::start().await;
    let fault = json!({ "error_code": "ITEM_LOCKED", "probability": 1, "times": 1 });
    post(&plaid, "faults", fault).await;
    let shown = get(&plaid, "faults").await["faults"][0].clone();
    control(&plaid, Method::DELETE, "faults", Value::Null).await;
    post(&plaid, "faults", shown.clone()).await;
    assert_eq!(get(&plaid, "faults").await["faults"], json!([shown]));
}

#[tokio::test]
async fn link_can_be_completed_and_exited() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let created = link::create(&plaid, link::update(&item, json!({}))).await;
    let options = json!({ "link_token": created["link_token"] });
    assert_eq!(post(&plaid, "link/exit", options.clone()).await, json!({}));
    let completed = post(&plaid, "link/complete", options).await;
    let metadata = &completed["metadata"];
    let events = completed["events"].as_array().unwrap();
    assert_eq!(
        completed,
        json!({ "events": events, "metadata": metadata, "public_token": null })
    );
    let names: Vec<&Value> = events.iter().map(|event| &event["eventName"]).collect();
    assert_eq!(names, ["OPEN", "HANDOFF"]);
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    let shown = |account: &Value, id: &str| {
        json!({
            "class_type": null,
            "id": account[id],
            "mask": account["mask"],
            "name": account["name"],
            "subtype": account["subtype"],
            "type": account["type"],
            "verification_status": null,
        })
    };
    let accounts = accounts["accounts"].as_array().unwrap().iter();
    let accounts: Vec<_> = accounts.map(|it| shown(it, "account_id")).collect();
    let expected = json!({
        "accounts": accounts,
        "institution": { "institution_id": "ins_109508", "name": "First Platypus Bank" },
        "link_session_id": metadata["link_session_id"],
        "transfer_status": null,
    });
    assert_eq!(*metadata, expected);
    let fields = json!({ "link_token": created["link_token"] });
    let shown = plaid.post(link::GET, fields).await.json();
    let session = &shown["link_sessions"][0];
    assert_eq!(session["link_session_id"], metadata["link_session_id"]);
    assert_eq!(get(&plaid, "items").await["items"][0]["state"], "healthy");
    let created = link::create(&plaid, link::fields(json!({ "products": ["auth"] }))).await;
    let options = json!({ "link_token": created["link_token"] });
    let completed = post(&plaid, "link/complete", options).await;
    let fields = json!({ "public_token": completed["public_token"] });
    let reply = plaid.post("/item/public_token/exchange", fields).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_reset_clears_everything_except_the_url_and_the_credentials() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/hook"));
    plaid.reset_login(&item).await;
    let fault = json!({ "kind": "html", "path": "/item/remove" });
    post(&plaid, "faults", fault).await;
    let before = (plaid.sandbox.url().to_owned(), plaid.secret().to_owned());
    assert_eq!(post(&plaid, "reset", Value::Null).await, json!({}));
    for list in ["items", "webhooks", "requests", "faults"] {
        assert_eq!(get(&plaid, list).await, json!({ list: [] }));
    }
    let after = (plaid.sandbox.url().to_owned(), plaid.secret().to_owned());
    assert_eq!(after, before);
    let reply = plaid.with_token("/item/get", &item).await;
    assert_eq!(reply.error_code(), "INVALID_ACCESS_TOKEN");
    let new = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &new).await.status, 200);
}
