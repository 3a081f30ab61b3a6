//! Access to hosted pages: anyone with the URL, but no page of another site.

use serde_json::json;
use utdk_plaid_sandbox::ItemState;

use crate::{
    hosted::{Broken, heading, location},
    wire,
};

#[tokio::test]
async fn an_unknown_page_is_not_found() {
    let broken = Broken::start(json!({})).await;
    for (method, path) in [
        ("GET", "/hl/"),
        ("GET", "/hl/lsnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"),
        ("POST", "/hl/lsnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn/complete"),
    ] {
        let reply = wire::send(&broken.plaid.sandbox, method, path, &[], "").await;
        assert_eq!(
            (reply.status, heading(&reply)),
            (404, "This link is unknown")
        );
    }
    for (method, below) in [
        ("POST", ""),
        ("GET", "/complete"),
        ("GET", "/exit"),
        ("GET", "/"),
        ("PUT", "/complete"),
        ("POST", "/complete/"),
        ("POST", "/Complete"),
        ("POST", "/exited"),
        ("OPTIONS", "/complete"),
    ] {
        assert_eq!(
            broken.send(method, below, &[]).await.status,
            404,
            "{method} {below}"
        );
    }
    assert_eq!(broken.state(), ItemState::LoginRequired);
    assert_eq!(broken.sessions().await, 0);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_press_the_buttons() {
    let broken = Broken::start(json!({})).await;
    let own = broken.plaid.sandbox.url().to_owned();
    for headers in [
        [("origin", "https://evil.example"), ("accept", "*/*")],
        [("origin", "null"), ("accept", "*/*")],
        [("origin", ""), ("accept", "*/*")],
        [("origin", "http://127.0.0.1:1"), ("accept", "*/*")],
        [("origin", "http://localhost"), ("accept", "*/*")],
        [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
        [("sec-fetch-site", "same-site"), ("accept", "*/*")],
        [("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
    ] {
        for button in ["/complete", "/exit"] {
            let reply = broken.send("POST", button, &headers).await;
            assert_eq!(reply.status, 403, "{headers:?}");
            assert!(!reply.headers.contains_key("location"));
        }
    }
    assert_eq!(broken.state(), ItemState::LoginRequired);
    assert_eq!(broken.sessions().await, 0);
    // The page itself may press them.
    let headers = [("origin", own.as_str()), ("sec-fetch-site", "same-origin")];
    let reply = broken.send("POST", "/complete", &headers).await;
    assert_eq!(location(&reply), broken.path);
    assert_eq!(broken.state(), ItemState::Healthy);
}

#[tokio::test]
async fn a_link_from_another_site_opens_the_page() {
    let broken = Broken::start(json!({})).await;
    let headers = [("sec-fetch-site", "cross-site")];
    assert_eq!(broken.send("GET", "", &headers).await.status, 200);
    assert_eq!(broken.sessions().await, 1);
}

#[tokio::test]
async fn a_page_reached_under_another_host_accepts_its_own_origin() {
    let broken = Broken::start(json!({})).await;
    let headers = [
        ("host", "plaid.test:8080"),
        ("origin", "http://plaid.test:8080"),
    ];
    let reply = broken.send("POST", "/complete", &headers).await;
    assert_eq!(location(&reply), broken.path);
}

#[tokio::test]
async fn the_page_of_a_removed_item_repairs_nothing() {
    let broken = Broken::start(json!({})).await;
    broken.plaid.with_token("/item/remove", &broken.item).await;
    let reply = broken.press("/complete").await;
    assert!(!reply.headers.contains_key("location"));
    assert_eq!(broken.state(), ItemState::Removed);
}
