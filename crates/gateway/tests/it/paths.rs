//! Unknown paths and methods. Nothing is sent to Plaid.

use crate::{
    caller::{RawReply, request},
    test_gateway::TestGateway,
    values::{PLAID, TOOL, arguments},
};

/// Sends a good call to `target`, with `method`.
async fn sent(gate: &TestGateway, method: &str, target: &str) -> RawReply {
    let head = format!("{method} {target}\r\ncontent-type: application/json");
    gate.send(request(&head, &arguments())).await
}

fn check(reply: &RawReply, target: &str) {
    assert_eq!(reply.status, 404, "{target}: {reply:?}");
    let json = reply.json();
    assert_eq!(json["error_code"], "NOT_FOUND", "{target}");
    assert_eq!(json["error_type"], "GATEWAY_ERROR", "{target}");
    assert!(json["error"].as_str().unwrap().contains("GET /tools"));
    assert_eq!(json["request_id"], reply.header("x-request-id").unwrap());
}

#[tokio::test]
async fn every_other_spelling_of_a_route_is_not_found() {
    let gate = TestGateway::start().await;
    for target in [
        "//sandbox/item/reset_login",
        "/sandbox//item/reset_login",
        "/sandbox/item//reset_login",
        "/sandbox/item/reset_login/",
        "/sandbox/item/reset_login//",
        "/sandbox/item/./reset_login",
        "/sandbox/item/x/../reset_login",
        "/./sandbox/item/reset_login",
        "/../sandbox/item/reset_login",
        "/%2e%2e/sandbox/item/reset_login",
        "/x/%2e%2e/sandbox/item/reset_login",
        "/sandbox%2fitem%2freset_login",
        "/sandbox/item/%72eset_login",
        "/sandbox/item/reset_login%00",
        "/sandbox/item/reset_login%20",
        "/sandbox/item/reset_login%3f",
        "/SANDBOX/ITEM/RESET_LOGIN",
        "/Sandbox/item/reset_login",
        "/sandbox/item/reset_login;a=b",
        "/sandbox/item/reset_login;",
        "/sandbox;/item/reset_login",
        "/sandbox\\item\\reset_login",
        "/sandbox/item/reset_login\\",
        "//tools/plaid/sandboxitemresetlogin",
        "/tools//plaid/sandboxitemresetlogin",
        "/tools/plaid/sandboxitemresetlogin/",
        "/tools/plaid/sandboxitemresetlogin;a=b",
        "/tools/plaid/sandboxitemresetlogin%00",
        "/tools/plaid/%73andboxitemresetlogin",
        "/tools/PLAID/sandboxitemresetlogin",
        "/TOOLS/plaid/sandboxitemresetlogin",
        "/tools/plaid/../plaid/sandboxitemresetlogin",
        "/tools/plaid/sandboxitemresetlogi",
        "/tools/plaid/sandboxitemresetloginn",
        "/tools/plaid/sandbox_item_reset_login",
        "/tools/plaid/",
        "/tools/plaid",
        "/tools/other/sandboxitemresetlogin",
        "/tools/plaid.sandboxitemresetlogin",
        // The dotless i, whose upper case is I.
        "/tools/plaid/sandbox\u{131}temresetlogin",
    ] {
        check(&sent(&gate, "POST", target).await, target);
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn no_other_operation_of_plaid_exists() {
    let gate = TestGateway::start().await;
    for target in [
        "/item/get",
        "/item/remove",
        "/accounts/get",
        "/auth/get",
        "/link/token/create",
        "/sandbox/public_token/create",
        "/sandbox/user/reset_login",
        "/sandbox/item/fire_webhook",
        "/_sandbox/items",
        "/tools/plaid/itemget",
        "/credentials/",
        "/config/credentials",
        "/metrics/",
        "/.env",
        "/admin",
    ] {
        check(&sent(&gate, "POST", target).await, target);
        check(&sent(&gate, "GET", target).await, target);
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_target_that_is_neither_a_path_nor_a_url_is_not_found() {
    let gate = TestGateway::start().await;
    for method in ["POST", "GET", "OPTIONS"] {
        check(&sent(&gate, method, "*").await, "*");
    }
    for target in ["sandbox.plaid.com:443", "127.0.0.1:80"] {
        check(&sent(&gate, "CONNECT", target).await, target);
    }
    for path in ["/nowhere", "/sandbox/item/reset_login/"] {
        let target = format!("http://127.0.0.1{path}");
        check(&sent(&gate, "POST", &target).await, &target);
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_malformed_request_line_is_refused() {
    let gate = TestGateway::start().await;
    for line in [
        "POST  HTTP/1.1",
        "POST /sandbox/item/reset_login",
        "POST /sandbox/item/reset_login HTTP/1.1 HTTP/1.1",
        "POST /sandbox/item/reset_login HTTP/3.0",
        "POST /sandbox/item/reset_login http/1.1",
        "P\u{0}ST /sandbox/item/reset_login HTTP/1.1",
        "POST /sandbox/item/\u{1}reset_login HTTP/1.1",
        "POST\t/sandbox/item/reset_login HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        let reply = gate.send_raw(format!("{line}\r\nhost: 127.0.0.1\r\n\r\n"));
        let reply = reply.await;
        assert_eq!((reply.status, &*reply.body), (400, ""), "{line}: {reply:?}");
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_wrong_method_is_refused_with_the_allowed_ones() {
    let gate = TestGateway::start().await;
    let all = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "X",
    ];
    for (target, allowed) in [
        (PLAID, &["POST"][..]),
        (TOOL, &["POST"]),
        ("/tools/plaid/sandboxItemResetLogin", &["POST"]),
        ("/tools", &["GET", "HEAD"]),
        ("/tools/search", &["GET", "HEAD"]),
        ("/", &["GET", "HEAD"]),
        ("/healthz", &["GET", "HEAD"]),
        ("/readyz", &["GET", "HEAD"]),
        ("/metrics", &["GET", "HEAD"]),
        ("/config", &["GET", "HEAD"]),
        ("/credentials", &["PUT", "DELETE"]),
    ] {
        let list = allowed.join(", ");
        for method in all.iter().filter(|method| !allowed.contains(method)) {
            let shown = format!("{method} {target}");
            if *method == "HEAD" {
                // The reply has a length, but no body.
                let mut caller = gate.connect().await;
                caller.write(request(&format!("HEAD {target}"), "")).await;
                let head = caller.head().await;
                assert_eq!((head.status, head.header("allow")), (405, Some(&*list)));
                continue;
            }
            let reply = sent(&gate, method, target).await;
            assert_eq!(reply.status, 405, "{shown}: {reply:?}");
            assert_eq!(reply.header("allow"), Some(&*list), "{shown}");
            let json = reply.json();
            assert_eq!(json["error_code"], "METHOD_NOT_ALLOWED", "{shown}");
            let sentence = json["error_message"].as_str().unwrap();
            assert!(sentence.ends_with(&list), "{shown}: {sentence}");
        }
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let gate = TestGateway::start().await;
    for target in [
        "/tools",
        "/tools/search?q=x",
        "/healthz",
        "/readyz",
        "/metrics",
        "/config",
    ] {
        let mut caller = gate.connect().await;
        caller.write(request(&format!("HEAD {target}"), "")).await;
        let head = caller.head().await;
        assert_eq!(head.status, 200, "{target}: {head:?}");
        // The next reply is read correctly.
        caller.write(request("GET /healthz", "")).await;
        assert_eq!(caller.reply().await.json()["status"], "ok");
    }
}
