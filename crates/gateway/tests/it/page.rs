//! The console's page, as the gateway serves it.

use crate::{
    caller::{Reply, request},
    gate::Gate,
    values::TOKEN,
};

/// The head of the reply to a `HEAD` of the page.
async fn head(gate: &Gate, headers: &str) -> Reply {
    let mut caller = gate.connect().await;
    caller.write(request(&format!("HEAD /{headers}"), "")).await;
    caller.head().await
}

#[tokio::test]
async fn whoever_opens_the_gateway_gets_the_console() {
    let gate = Gate::start_with(|config| config.token = Some(TOKEN.into())).await;

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
async fn a_link_from_another_site_leads_to_the_console_and_a_frame_shows_none() {
    let gate = Gate::start().await;

    let headers = "\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate";
    let reply = head(&gate, headers).await;

    assert_eq!(reply.status, 200, "{reply:?}");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_page_runs_no_script_but_its_own_and_evaluates_nothing() {
    let gate = Gate::start().await;
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
async fn it_comes_compressed_to_whom_it_may() {
    let gate = Gate::start().await;
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
async fn who_has_it_already_is_told_so() {
    let gate = Gate::start().await;
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
async fn the_page_says_whether_its_gateway_is_to_a_sandbox_and_who_has_the_one_has_not_the_other() {
    let gate = Gate::start().await;
    let url = "http://127.0.0.1:1".to_owned();
    let of_sandbox = Gate::start_with(|config| config.sandbox_url = Some(url)).await;

    let page = gate.get("/").await;
    let other = of_sandbox.get("/").await;

    let [to_plaid, to_sandbox] = ["plaid", "sandbox"].map(|it| format!("data-gateway=\"{it}\""));
    assert!(page.body.contains(&to_plaid));
    assert_eq!(other.body.replacen(&to_sandbox, &to_plaid, 1), page.body);
    let policy = "content-security-policy";
    assert_eq!(other.header(policy), page.header(policy));
    let tag = page.header("etag").expect("a tag");
    let request = request(&format!("GET /\r\nif-none-match: {tag}"), "");
    assert_eq!(gate.send(&request).await.status, 304);
    assert_eq!(of_sandbox.send(&request).await.status, 200);
}
