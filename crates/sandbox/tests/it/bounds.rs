//! What a Sandbox remembers is bounded in bytes: the oldest entries are dropped, and counted.

use hyper::Method;
use serde_json::{Value, json};

use crate::{
    link::fields as link_fields,
    plaid::{JSON, Plaid},
};

async fn dropped(plaid: &Plaid, kind: &str) -> u64 {
    let reply = plaid.send(Method::GET, "/_sandbox/health", &[], "").await;
    reply.json()["dropped"][kind].as_u64().unwrap()
}

#[tokio::test]
async fn long_fields_are_cut_in_the_log() {
    let plaid = Plaid::start().await;
    let products: Vec<String> = (0..1_000)
        .map(|number| format!("product-{number}"))
        .collect();
    let fields = json!({ "institution_id": "i".repeat(500_000), "initial_products": products });
    plaid.post("/sandbox/public_token/create", fields).await;
    let logged = plaid.sandbox.requests().pop().unwrap().fields.unwrap();
    assert_eq!(
        logged["institution_id"].as_str().unwrap().chars().count(),
        201
    );
    let shown = logged["initial_products"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[20]), (21, &json!("[980 more]")));
    assert!(logged.to_string().len() < 4_096);
}

#[tokio::test]
async fn many_large_fields_do_not_make_a_large_entry() {
    let plaid = Plaid::start().await;
    let subtypes = vec!["checking"; 20];
    let filter = json!({ "account_subtypes": subtypes, "x": "y".repeat(200) });
    let filters: Value = ["depository", "credit", "loan", "investment", "other"]
        .into_iter()
        .map(|kind| (kind, filter.clone()))
        .collect();
    let fields = json!({ "client_name": "c".repeat(200), "account_filters": filters });
    plaid.post("/link/token/create", link_fields(fields)).await;
    let logged = plaid.sandbox.requests().pop().unwrap().fields.unwrap();
    assert!(logged.to_string().len() < 4_096, "{logged}");
}

#[tokio::test]
async fn a_request_without_the_right_credentials_is_logged_without_fields() {
    let plaid = Plaid::start().await;
    let wrong = json!({ "client_id": "0".repeat(24), "secret": "wrong", "access_token": "x" });
    plaid.post_unsigned("/item/get", &wrong).await;
    let logged = plaid.sandbox.requests().pop().unwrap();
    assert_eq!(
        (logged.fields, logged.error_code),
        (None, Some("INVALID_API_KEYS"))
    );
}

#[tokio::test]
async fn the_log_forgets_the_oldest_requests_and_counts_them() {
    let plaid = Plaid::start().await;
    assert_eq!(dropped(&plaid, "requests").await, 0);
    for _ in 0..10_050 {
        plaid.send(Method::GET, "/item/get", &[], "").await;
    }
    assert_eq!(plaid.sandbox.requests().len(), 10_000);
    assert_eq!(dropped(&plaid, "requests").await, 50);
}

#[tokio::test]
async fn link_tokens_are_dropped_oldest_first_when_there_is_no_room() {
    let plaid = Plaid::start().await;
    let create = async |name: &str| {
        let fields = link_fields(json!({ "client_name": name, "products": ["auth"] }));
        plaid.post("/link/token/create", fields).await.json()["link_token"].clone()
    };
    let first = create("first").await;
    let large = "n".repeat(900_000);
    let mut last = Value::Null;
    for _ in 0..16 {
        last = create(&large).await;
    }
    let get = async |token: &Value| {
        let reply = plaid
            .post("/link/token/get", json!({ "link_token": token }))
            .await;
        reply.error_code()
    };
    assert_eq!(get(&first).await, "INVALID_LINK_TOKEN");
    assert_eq!(get(&last).await, "none");
    assert!(dropped(&plaid, "link_tokens").await > 0);
}

#[tokio::test]
async fn a_webhook_url_has_a_limit() {
    let plaid = Plaid::start().await;
    let url = format!("http://127.0.0.1:9/{}", "x".repeat(4_096));
    let body = json!({ "webhook": url }).to_string();
    let reply = plaid
        .send(
            Method::POST,
            "/_sandbox/items",
            &[("content-type", JSON)],
            body,
        )
        .await;
    assert_eq!(
        (reply.status, &reply.json()["field"]),
        (400, &json!("webhook"))
    );
}
