//! The control that creates a hosted page for an Item from its id.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, ItemState};

use crate::{
    control::control,
    hosted::{heading, location},
    link,
    plaid::Plaid,
    wire,
};

/// The path of a URL under `origin`.
fn path<'a>(url: &'a str, origin: &str) -> &'a str {
    url.strip_prefix(origin).unwrap()
}

#[tokio::test]
async fn an_update_page_repairs_the_item_and_fires_nothing() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/hook"));
    plaid.reset_login(&item).await;
    let route = format!("items/{}/update", item.item_id);

    let created = control(&plaid, Method::POST, &route, Value::Null).await;

    assert_eq!(created.status, 200, "{}", created.body);
    let created = created.json();
    let url = created["hosted_link_url"].as_str().unwrap();
    let page = path(url, plaid.sandbox.url());
    let shown = wire::send(&plaid.sandbox, "GET", page, &[], "").await;
    assert_eq!(heading(&shown), "Log in again");
    assert!(shown.body.contains("This Application"));
    assert!(!shown.body.contains(link::token(&created)));
    let button = format!("{page}/complete");
    let pressed = wire::send(&plaid.sandbox, "POST", &button, &[], "").await;
    assert_eq!(location(&pressed), page);
    assert_eq!(plaid.sandbox.items()[0].state, ItemState::Healthy);
    assert_eq!(plaid.sandbox.webhooks().len(), 1);
}

#[tokio::test]
async fn the_token_of_an_update_page_is_for_update_mode() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let route = format!("items/{}/update", item.item_id);
    let created = control(&plaid, Method::POST, &route, json!({}))
        .await
        .json();
    let keys: Vec<_> = created.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["expiration", "hosted_link_url", "link_token"]);
    let fields = json!({ "link_token": created["link_token"] });
    let shown = plaid.post(link::GET, fields.clone()).await.json();
    assert_eq!(shown["expiration"], created["expiration"]);
    assert_eq!(shown["metadata"]["initial_products"], json!([]));
    let fields_of = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let by_plaid = link::create(&plaid, link::update(&item, json!({}))).await;
    let by_plaid = json!({ "link_token": by_plaid["link_token"] });
    let by_plaid = plaid.post(link::GET, by_plaid).await.json();
    assert_eq!(fields_of(&shown), fields_of(&by_plaid));
    assert_eq!(
        fields_of(&shown["metadata"]),
        fields_of(&by_plaid["metadata"])
    );
    let completed = control(&plaid, Method::POST, "link/complete", fields).await;
    assert_eq!(completed.json()["public_token"], Value::Null);
}

#[tokio::test]
async fn the_url_of_an_update_page_has_the_requests_host() {
    let plaid = Plaid::start_with(Config {
        allow_remote_control: true,
        ..Config::default()
    })
    .await;
    let item = plaid.item(None);
    let route = format!("/_sandbox/items/{}/update", item.item_id);
    for host in ["localhost:1", "plaid.test:8080"] {
        let created = wire::send(&plaid.sandbox, "POST", &route, &[("host", host)], "").await;
        let created = created.json();
        let url = created["hosted_link_url"].as_str().unwrap();
        let page = path(url, &format!("http://{host}"));
        assert_eq!(
            wire::send(&plaid.sandbox, "GET", page, &[], "")
                .await
                .status,
            200
        );
    }
    let created = plaid.sandbox.create_update_link(&item.item_id).unwrap();
    path(&created.hosted_link_url, plaid.sandbox.url());
}

#[tokio::test]
async fn an_update_page_expires_after_half_an_hour() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let created = plaid.sandbox.create_update_link(&item.item_id).unwrap();
    let half_an_hour = Duration::from_secs(30 * 60);
    let lifetime = created.expiration.duration_since(plaid.sandbox.now());
    assert!(lifetime.unwrap() <= half_an_hour);
    plaid.sandbox.advance_clock(half_an_hour).await.unwrap();
    let page = path(&created.hosted_link_url, plaid.sandbox.url());
    let shown = wire::send(&plaid.sandbox, "GET", page, &[], "").await;
    assert_eq!(
        (shown.status, heading(&shown)),
        (410, "This link has expired")
    );
    assert_eq!(plaid.sandbox.items()[0].state, ItemState::LoginRequired);
}
