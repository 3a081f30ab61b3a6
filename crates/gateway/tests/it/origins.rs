//! The `Origin` header, and the CORS headers of the replies.

use utdk_plaid_gateway::{Config, Gateway};

use crate::{
    caller::{RawReply, post, request},
    input::check,
    test_gateway::{TestGateway, config},
    values::{PLAID, TOKEN, TOOL, arguments},
};

const ALLOWED: &str = "http://localhost:5173";
const OTHERS: &str = "https://app.example.com";

async fn gate() -> TestGateway {
    TestGateway::start_with(|config| {
        config.allow_origins = vec![ALLOWED.to_owned(), OTHERS.to_owned()];
    })
    .await
}

/// Checks a refusal, which must have no CORS header.
fn check_refused(reply: &RawReply, path: &str, shown: &str) {
    check(reply, path, (403, "FORBIDDEN_ORIGIN"), shown);
    assert!(!reply.head.contains("access-control"), "{shown}: {reply:?}");
}

#[tokio::test]
async fn pages_of_its_own_and_of_allowed_origins_may_call() {
    let gate = gate().await;
    for origin in ["http://127.0.0.1", "https://127.0.0.1", ALLOWED, OTHERS] {
        for path in [TOOL, PLAID] {
            let headers = [&*format!("origin: {origin}"), "sec-fetch-site: cross-site"];
            let reply = gate.send(post(path, &headers, &arguments())).await;
            assert_eq!(reply.status, 200, "{origin}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            let exposed = reply.header("access-control-expose-headers");
            assert_eq!(exposed, Some("retry-after, x-request-id"));
            assert_eq!(reply.header("access-control-allow-credentials"), None);
            assert_eq!(reply.header("vary"), Some("Origin"));
        }
    }
    // The origin equals the Host header.
    let own = "POST /tools/plaid/sandboxitemresetlogin HTTP/1.1\r\nhost: localhost:4000\r\n\
               origin: http://localhost:4000\r\ncontent-type: application/json\r\n";
    let body = arguments();
    let own = format!("{own}content-length: {}\r\n\r\n{body}", body.len());
    assert_eq!(gate.send(own).await.status, 200);
}

#[tokio::test]
async fn an_allowed_page_can_read_refusals() {
    let gate = TestGateway::start_with(|config| {
        config.allow_origins = vec![ALLOWED.to_owned()];
        config.token = Some(TOKEN.into());
    })
    .await;
    let origin = format!("origin: {ALLOWED}");
    for (bytes, status) in [
        (post(TOOL, &[&origin], &arguments()), 401),
        (post("/nowhere", &[&origin], "{}"), 404),
        (request(&format!("PATCH {TOOL}\r\n{origin}"), ""), 405),
    ] {
        let reply = gate.send(bytes).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(ALLOWED));
    }
}

#[tokio::test]
async fn a_page_of_any_other_origin_is_refused() {
    let gate = gate().await;
    for origin in [
        "null",
        "",
        "https://evil.example",
        "http://localhost:5174",
        "http://localhost",
        "http://localhost:51730",
        "https://localhost:5173",
        "http://LOCALHOST:5173",
        "http://localhost:5173/",
        "http://localhost:5173.evil.example",
        "http://evil.example/http://localhost:5173",
        "http://evil.example:5173",
        "https://app.example.com.evil.example",
        "https://app.example.com:443",
        "http://app.example.com",
        "https://sub.app.example.com",
        "http://localhost:5173, https://evil.example",
        "http://localhost:5173 https://evil.example",
        "http://127.0.0.1:80",
        "http://127.0.0.1:1",
        "ftp://127.0.0.1",
        "127.0.0.1",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "\u{e9}",
        "*",
    ] {
        for path in [TOOL, PLAID] {
            let origin = format!("origin: {origin}");
            let reply = gate.send(post(path, &[&origin], &arguments())).await;
            check_refused(&reply, path, &origin);
        }
    }
    for origins in [
        [ALLOWED, ALLOWED],
        [ALLOWED, "https://evil.example"],
        ["null", ALLOWED],
    ] {
        let origins = origins.map(|origin| format!("origin: {origin}"));
        let reply = gate
            .send(post(TOOL, &[&origins[0], &origins[1]], &arguments()))
            .await;
        check_refused(&reply, TOOL, &origins.join(", "));
    }
    for (path, method) in [
        ("/credentials", "PUT"),
        ("/credentials", "DELETE"),
        ("/config", "GET"),
        ("/metrics", "GET"),
        ("/tools", "GET"),
        ("/healthz", "GET"),
        ("/nowhere", "GET"),
    ] {
        let head = format!("{method} {path}\r\norigin: https://evil.example");
        check_refused(&gate.send(request(&head, "")).await, path, path);
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_cross_site_request_without_an_origin_is_refused() {
    let gate = gate().await;
    for site in ["cross-site", "same-site"] {
        let site = format!("sec-fetch-site: {site}");
        for headers in [&[&*site][..], &[&site, "sec-fetch-mode: no-cors"]] {
            let reply = gate.call_with(headers).await;
            check_refused(&reply, TOOL, &headers.join(", "));
        }
    }
    gate.check_nothing_sent().await;
    for headers in [
        &["sec-fetch-site: same-origin"][..],
        &["sec-fetch-site: none"],
        // A link to the gateway is not a call.
        &["sec-fetch-site: cross-site", "sec-fetch-mode: navigate"],
    ] {
        assert_eq!(gate.call_with(headers).await.status, 200, "{headers:?}");
    }
}

async fn preflight(gate: &TestGateway, path: &str, origin: &str) -> RawReply {
    let head = format!(
        "OPTIONS {path}\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: content-type, authorization"
    );
    gate.send(request(&head, "")).await
}

#[tokio::test]
async fn a_preflight_of_an_allowed_page_succeeds() {
    let gate = TestGateway::start_with(|config| {
        config.allow_origins = vec![ALLOWED.to_owned()];
        // Browsers send no token with a preflight request.
        config.token = Some(TOKEN.into());
    })
    .await;
    for path in [TOOL, PLAID, "/credentials", "/config", "/tools", "/healthz"] {
        for origin in [ALLOWED, "http://127.0.0.1"] {
            let reply = preflight(&gate, path, origin).await;
            assert_eq!((reply.status, &*reply.body), (204, ""), "{reply:?}");
            let header = |name: &str| reply.header(&format!("access-control-{name}"));
            assert_eq!(header("allow-origin"), Some(origin));
            let methods = header("allow-methods").unwrap();
            assert!(
                ["POST", "PUT", "DELETE"]
                    .iter()
                    .all(|it| methods.contains(it))
            );
            let headers = header("allow-headers").unwrap();
            let needed = [
                "authorization",
                "content-type",
                "plaid-client-id",
                "plaid-secret",
            ];
            assert!(needed.iter().all(|it| headers.contains(it)), "{headers}");
            assert_eq!(header("max-age"), Some("600"));
            assert_eq!(header("allow-credentials"), None);
        }
    }
    assert!(gate.upstream.calls().is_empty());
}

#[tokio::test]
async fn a_preflight_of_any_other_page_is_refused() {
    let gate = gate().await;
    for path in [TOOL, PLAID, "/credentials", "/nowhere"] {
        for origin in ["https://evil.example", "null", "http://localhost:1"] {
            check_refused(&preflight(&gate, path, origin).await, path, origin);
        }
    }
    // Browsers always send an Origin with a preflight request.
    let reply = gate.send(request(&format!("OPTIONS {TOOL}"), "")).await;
    assert_eq!(reply.status, 405);
    assert!(!reply.head.contains("access-control"), "{reply:?}");
    let reply = preflight(&gate, "/nowhere", ALLOWED).await;
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("access-control-allow-methods"), None);
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn an_invalid_allowed_origin_is_refused() {
    for origin in [
        "",
        "*",
        "null",
        "localhost:5173",
        "http://",
        "http://localhost:5173/",
        "http://localhost:5173/app",
        "http://localhost:5173?a",
        "http://LOCALHOST:5173",
        "http://localhost:80",
        "https://app.example.com:443",
        "http://user@localhost:5173",
        "ftp://localhost",
        "file:///",
        "http://*.example.com",
        " http://localhost:5173",
        "http://local\u{e9}",
    ] {
        let error = Gateway::start(Config {
            allow_origins: vec![ALLOWED.to_owned(), origin.to_owned()],
            ..config("http://127.0.0.1:1")
        })
        .await
        .expect_err(origin);
        assert_eq!(error.code(), "INVALID_OPTION", "{origin}");
        assert_eq!(error.field(), Some("allowOrigins"), "{origin}");
    }
}
