//! The inbox: a webhook receiver for tests that have none.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Outcome, WebhookFilter};

use crate::{
    control::control,
    plaid::{JSON, Plaid},
    wire,
};

const INBOX: &str = "/_sandbox/inbox";

#[tokio::test]
async fn the_inbox_accepts_an_items_webhooks() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some(&format!("{}{INBOX}", plaid.sandbox.url())));
    plaid.reset_login(&item).await;
    let filter = WebhookFilter::default();
    let waiting = plaid.sandbox.next_webhook(filter, Duration::from_secs(20));
    let webhook = waiting.await.unwrap();
    assert_eq!(webhook.webhook_code, "ERROR");
    assert_eq!(
        webhook.attempts[0].outcome,
        Outcome::Delivered { status: 200 }
    );
    assert_eq!(webhook.next_attempt_at(), None);
}

#[tokio::test]
async fn the_inbox_accepts_any_body() {
    let plaid = Plaid::start().await;
    for (content_type, body) in [
        (JSON, &b"{\"webhook_code\":\"ERROR\"}"[..]),
        (JSON, b"{"),
        (JSON, b""),
        ("application/json; charset=utf-8", b"[]"),
        ("text/plain", b"anything"),
        ("application/x-www-form-urlencoded", b"a=b"),
        ("", b"\x00\xff"),
    ] {
        let headers = [("content-type", content_type)];
        let reply = wire::send(&plaid.sandbox, "POST", INBOX, &headers, body).await;
        assert_eq!((reply.status, reply.json()), (200, json!({})));
    }
    let reply = wire::send(&plaid.sandbox, "POST", INBOX, &[], "anything").await;
    assert_eq!(reply.status, 200);
    let longest = "x".repeat(1 << 20);
    let reply = wire::send(&plaid.sandbox, "POST", INBOX, &[], longest).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn the_inbox_refuses_a_long_body_and_other_methods() {
    let plaid = Plaid::start().await;
    let long = "x".repeat((1 << 20) + 1);
    let reply = wire::send(&plaid.sandbox, "POST", INBOX, &[], long).await;
    assert_eq!(
        (reply.status, reply.error_code().as_str()),
        (400, "INVALID_BODY")
    );
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let reply = control(&plaid, method, "inbox", Value::Null).await;
        assert_eq!(
            (reply.status, reply.error_code().as_str()),
            (404, "NOT_FOUND")
        );
        assert!(reply.body.contains("inbox"), "{}", reply.body);
    }
}
