//! The console's page.

use crate::{
    caller::{RawReply, request},
    test_gateway::TestGateway,
    values::TOKEN,
};

/// The head of the reply to a `HEAD` of the page.
async fn head(gate: &TestGateway, headers: &str) -> RawReply {
    let mut caller = gate.connect().await;
    caller.write(request(&format!("HEAD /{headers}"), "")).await;
    caller.head().await
}

#[tokio::test]
async fn the_root_is_the_console() {
    let gate = TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await;

    let reply = gate.get("/").await;

    assert_eq!(reply.status, 200);
    let content_type = reply.header("content-type");
    assert_eq!(content_type, Some("text/html; charset=utf-8"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("content-encoding"), None);
    assert!(reply.body.starts_with("<!doctype html>"));
    assert!(reply.body.ends_with("</html>\n"));
}

#[tokio::test]
async fn the_console_can_be_linked_to_but_not_framed() {
    let gate = TestGateway::start().await;

    let headers = "\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate";
    let reply = head(&gate, headers).await;

    assert_eq!(reply.status, 200, "{reply:?}");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_page_may_run_only_its_own_script_and_style() {
    let gate = TestGateway::start().await;
    let reply = head(&gate, "").await;
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for directive in ["script-src", "style-src"] {
        let sources: Vec<&str> = policy
            .split("; ")
            .filter_map(|part| part.strip_prefix(directive))
            .collect();
        let is_hash = |source: &str| source.starts_with(" 'sha256-") && !source[1..].contains(' ');
        assert!(matches!(sources[..], [one] if is_hash(one)), "{policy}");
    }
}

#[tokio::test]
async fn the_page_is_compressed_for_clients_that_accept_gzip() {
    let gate = TestGateway::start().await;
    for accepted in ["gzip", "br, GZIP", "deflate;q=1,gzip;q=0.1", "gzip ; q=1.0"] {
        let reply = head(&gate, &format!("\r\naccept-encoding: {accepted}")).await;
        assert_eq!(reply.header("content-encoding"), Some("gzip"), "{accepted}");
        assert_eq!(reply.header("vary"), Some("Accept-Encoding, Origin"));
    }
    for accepted in ["", "br", "identity", "gzip;q=0", "gzip;q=0.000", "gzip;q=x"] {
        let reply = head(&gate, &format!("\r\naccept-encoding: {accepted}")).await;
        assert_eq!(reply.header("content-encoding"), None, "{accepted}");
        assert_eq!(reply.header("vary"), Some("Accept-Encoding, Origin"));
    }
}

#[tokio::test]
async fn a_current_copy_of_the_page_is_not_sent_again() {
    let gate = TestGateway::start().await;
    let first = head(&gate, "").await;
    let tag = first.header("etag").expect("a tag");
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    for has in [tag.to_owned(), format!("\"other\", {tag}"), "*".to_owned()] {
        let reply = gate
            .send(request(&format!("GET /\r\nif-none-match: {has}"), ""))
            .await;
        assert_eq!((reply.status, &*reply.body), (304, ""), "{has}");
        assert_eq!(reply.header("etag"), Some(tag));
    }
    let reply = gate.send(request("GET /\r\nif-none-match: W/\"other\"", ""));
    assert_eq!(reply.await.status, 200);
}

#[tokio::test]
async fn the_page_for_a_sandbox_has_its_own_mark_and_etag() {
    let gate = TestGateway::start().await;
    let url = "http://127.0.0.1:1".to_owned();
    let of_sandbox = TestGateway::start_with(|config| config.sandbox_url = Some(url)).await;

    let page = gate.get("/").await;
    let other = of_sandbox.get("/").await;

    let [to_plaid, to_sandbox] = ["plaid", "sandbox"].map(|it| format!("data-server=\"{it}\""));
    assert!(page.body.contains(&to_plaid));
    assert_eq!(other.body.replacen(&to_sandbox, &to_plaid, 1), page.body);
    let policy = "content-security-policy";
    assert_eq!(other.header(policy), page.header(policy));
    let tag = page.header("etag").expect("a tag");
    let request = request(&format!("GET /\r\nif-none-match: {tag}"), "");
    assert_eq!(gate.send(&request).await.status, 304);
    assert_eq!(of_sandbox.send(&request).await.status, 200);
}
