//! The console's page, at the root.

use hyper::Method;
use serde_json::json;

use crate::plaid::Plaid;

#[tokio::test]
async fn a_browser_gets_the_console_at_the_root() {
    let plaid = Plaid::start().await;

    let reply = plaid.send(Method::GET, "/", &[], "").await;

    assert_eq!(reply.status, 200);
    let content_type = reply.headers.get("content-type");
    assert_eq!(content_type.unwrap(), "text/html; charset=utf-8");
    assert!(reply.body.contains("<html data-server=\"itself\" "));
    let policy = reply
        .headers
        .get("content-security-policy")
        .expect("a policy");
    let policy = policy.to_str().expect("ASCII");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(plaid.sandbox.requests().is_empty());
}

#[tokio::test]
async fn other_methods_and_paths_have_no_page() {
    let plaid = Plaid::start().await;
    assert_eq!(plaid.post("/", json!({})).await.status, 404);
    let under_plaid = [("host", "sandbox.plaid.com")];
    let reply = plaid.send(Method::GET, "/", &under_plaid, "").await;
    assert_ne!(reply.status, 200);
    for path in ["//", "/index.html"] {
        assert_eq!(plaid.send(Method::GET, path, &[], "").await.status, 404);
    }
}
