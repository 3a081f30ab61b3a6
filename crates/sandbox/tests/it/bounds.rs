//! What a Sandbox remembers is bounded in bytes: the oldest entries are dropped, and counted.

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::NewItem;

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
async fn texts_that_are_kept_have_a_limit() {
    let plaid = Plaid::start().await;
    let long = |length: usize| "x".repeat(length);
    let item = |user: &str, length| {
        json!({
            "institution_id": "ins_109508",
            "initial_products": ["auth"],
            user: long(length),
        })
    };
    let link = |more: Value| {
        let mut fields = link_fields(json!({ "products": ["auth"] }));
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        fields
    };
    let url = |length: usize| format!("app://{}", long(length - 6));
    let filters = |length| json!({ "other": { "account_subtypes": [long(length)] } });
    let (create, link_create) = ("/sandbox/public_token/create", "/link/token/create");
    for (path, good, bad, field) in [
        (
            create,
            item("user_id", 1_024),
            item("user_id", 1_025),
            "user_id",
        ),
        (
            create,
            item("user_token", 1_024),
            item("user_token", 1_025),
            "user_token",
        ),
        (
            link_create,
            link(json!({ "client_name": long(1_024) })),
            link(json!({ "client_name": long(1_025) })),
            "client_name",
        ),
        (
            link_create,
            link(json!({ "user_id": long(1_024) })),
            link(json!({ "user_id": long(1_025) })),
            "user_id",
        ),
        (
            link_create,
            link(json!({ "redirect_uri": url(4_096) })),
            link(json!({ "redirect_uri": url(4_097) })),
            "redirect_uri",
        ),
        (
            link_create,
            link(json!({ "hosted_link": { "completion_redirect_uri": url(4_096) } })),
            link(json!({ "hosted_link": { "completion_redirect_uri": url(4_097) } })),
            "hosted_link.completion_redirect_uri",
        ),
        (
            link_create,
            link(json!({ "account_filters": filters(16_000) })),
            link(json!({ "account_filters": filters(17_000) })),
            "account_filters",
        ),
        (
            link_create,
            link(json!({ "country_codes": vec!["US"; 20] })),
            link(json!({ "country_codes": vec!["US"; 21] })),
            "country_codes",
        ),
    ] {
        assert_eq!(plaid.post(path, good).await.status, 200, "{field}");
        let reply = plaid.post(path, bad).await;
        assert_eq!(reply.error_code(), "INVALID_FIELD");
        let message = reply.json()["error_message"].as_str().unwrap().to_owned();
        assert!(
            message.starts_with(&format!("{field} must be ")),
            "{message}"
        );
        assert!(message.len() < 200, "{message}");
    }
    let refused = plaid.sandbox.create_item(NewItem {
        user_id: Some(long(1_025)),
        ..NewItem::default()
    });
    let error = refused.unwrap_err();
    assert_eq!(
        (error.code(), error.field()),
        ("INVALID_FIELD", Some("user_id"))
    );
}

#[tokio::test]
async fn the_texts_of_an_asset_report_have_a_limit() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let token = item.access_token.expose_secret();
    for (options, field) in [
        (
            json!({ "client_report_id": "x".repeat(1_025) }),
            "options.client_report_id",
        ),
        (
            json!({ "user": { "first_name": "x".repeat(1_025) } }),
            "options.user.first_name",
        ),
        (json!({ "user": { "ssn": ["x"] } }), "options.user.ssn"),
    ] {
        let fields = json!({ "access_tokens": [token], "days_requested": 60, "options": options });
        let reply = plaid.post("/asset_report/create", fields).await.json();
        assert_eq!(reply["error_code"], "INVALID_FIELD");
        let message = reply["error_message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("{field} must be ")),
            "{message}"
        );
    }
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
    let create = async |subtype: &str| {
        let filters = json!({ "other": { "account_subtypes": [subtype] } });
        let fields = link_fields(json!({ "account_filters": filters, "products": ["auth"] }));
        plaid.post("/link/token/create", fields).await.json()["link_token"].clone()
    };
    let first = create("first").await;
    let large = "n".repeat(16_000);
    let mut last = Value::Null;
    for _ in 0..800 {
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
