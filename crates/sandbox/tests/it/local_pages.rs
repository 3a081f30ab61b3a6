//! Pages that this machine serves may use the controls if `allow_local_pages` is set. Other pages
//! never may.

use std::net::Ipv4Addr;

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use utdk_plaid_sandbox::{Config, ItemState};

use crate::{
    hosted::Broken,
    plaid::{JSON, Plaid, Reply},
    wire,
};

const HEALTH: &str = "/_sandbox/health";
const ITEMS: &str = "/_sandbox/items";

const LOCAL: [&str; 8] = [
    "http://localhost",
    "http://localhost:4000",
    "https://localhost:8443",
    "http://console.localhost:4000",
    "http://127.0.0.1:4000",
    "http://127.1.2.3:1",
    "http://[::1]:4000",
    "https://[::1]",
];

/// Of another machine, opaque, or not as a browser writes it.
const OTHER: [&str; 24] = [
    "https://evil.example",
    "http://evil.example:4000",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://notlocalhost:4000",
    "http://localhost.:4000",
    "http://localhost@evil.example",
    "http://evil.example@localhost",
    "http://evil.example#@localhost",
    "http://192.168.0.1:4000",
    "http://0.0.0.0:4000",
    "http://[::]:4000",
    "http://[2001:db8::1]:4000",
    "http://LOCALHOST:4000",
    "http://localhost:80",
    "http://localhost:4000/",
    "http://localhost:4000/page",
    "http://0x7f.1:4000",
    "localhost:4000",
    "ftp://localhost",
    "chrome-extension://localhost",
    "file://",
    "null",
    "",
];

async fn start() -> Plaid {
    Plaid::start_with(Config {
        allow_local_pages: true,
        ..Config::default()
    })
    .await
}

fn check_allowed(reply: &Reply, origin: &str) {
    assert_eq!(reply.headers["access-control-allow-origin"], origin);
    assert_eq!(reply.headers["vary"], "Origin");
    let credentials = "access-control-allow-credentials";
    assert!(!reply.headers.contains_key(credentials));
}

fn allows_nothing(reply: &Reply) -> bool {
    let mut names = reply.headers.keys();
    !names.any(|name| name.as_str().starts_with("access-control-"))
}

#[tokio::test]
async fn a_local_page_may_use_the_controls() {
    let plaid = start().await;
    for (index, origin) in LOCAL.into_iter().enumerate() {
        for site in ["cross-site", "same-site"] {
            let headers = [
                ("origin", origin),
                ("sec-fetch-site", site),
                ("content-type", JSON),
            ];
            for (method, path, body, status) in [
                ("GET", HEALTH, "", 200),
                ("POST", "/_sandbox/nothing", "", 404),
                ("POST", ITEMS, "{\"webhook\":1}", 400),
                ("POST", "/_sandbox/inbox", "", 200),
            ] {
                let reply = wire::send(&plaid.sandbox, method, path, &headers, body).await;
                assert_eq!(reply.status, status, "{origin} {method} {path}");
                check_allowed(&reply, origin);
            }
        }
        let headers = [("origin", origin)];
        let reply = wire::send(&plaid.sandbox, "POST", ITEMS, &headers, "").await;
        check_allowed(&reply, origin);
        assert_eq!(plaid.sandbox.items().len(), index + 1);
    }
}

#[tokio::test]
async fn only_pages_that_may_use_the_controls_see_the_credentials() {
    let path = "/_sandbox/credentials";
    let plaid = start().await;
    let headers = [("origin", LOCAL[1]), ("sec-fetch-site", "cross-site")];
    let reply = plaid.send(Method::GET, path, &headers, "").await;
    check_allowed(&reply, LOCAL[1]);
    let expected = json!({
        "client_id": plaid.sandbox.client_id(),
        "secret": plaid.sandbox.secret().expose_secret(),
    });
    assert_eq!(reply.json(), expected);

    let plain = Plaid::start().await;
    assert_eq!(
        plain.send(Method::GET, path, &headers, "").await.status,
        403
    );
    let own = [("sec-fetch-site", "same-origin")];
    assert_eq!(plain.send(Method::GET, path, &own, "").await.status, 200);
    let given = Plaid::start_with(Config {
        secret: Some("f".repeat(30).into()),
        ..Config::default()
    });
    assert_eq!(
        given.await.send(Method::GET, path, &own, "").await.status,
        404
    );
    let remote = Plaid::start_with(Config {
        allow_remote_control: true,
        allow_local_pages: true,
        ..Config::default()
    });
    assert_eq!(
        remote.await.send(Method::GET, path, &[], "").await.status,
        404
    );
}

#[tokio::test]
async fn a_preflight_from_a_local_page_is_answered() {
    let plaid = start().await;
    for origin in LOCAL {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "content-type"),
        ];
        let reply = plaid
            .send(Method::OPTIONS, "/_sandbox/faults", &headers, "")
            .await;
        assert_eq!((reply.status, reply.body.as_str()), (204, ""));
        check_allowed(&reply, origin);
        let header = |name: &str| reply.headers[name].to_str().unwrap();
        let methods = header("access-control-allow-methods");
        assert_eq!(methods, "GET, POST, DELETE");
        let headers = header("access-control-allow-headers");
        assert_eq!(headers, "content-type, last-event-id");
    }
}

#[tokio::test]
async fn all_other_pages_are_refused() {
    let plaid = start().await;
    let single = OTHER.map(|origin| vec![("origin", origin)]);
    let more = [
        vec![("origin", LOCAL[1]), ("origin", "https://evil.example")],
        vec![("origin", LOCAL[1]), ("origin", LOCAL[1])],
        vec![("origin", LOCAL[1]), ("host", "evil.example")],
        vec![("sec-fetch-site", "cross-site")],
    ];
    for headers in single.into_iter().chain(more) {
        for (method, path) in [
            ("GET", HEALTH),
            ("GET", "/_sandbox/events"),
            ("POST", ITEMS),
            ("OPTIONS", ITEMS),
        ] {
            let reply = wire::send(&plaid.sandbox, method, path, &headers, "").await;
            assert_eq!(reply.status, 403, "{headers:?} {method} {path}");
            assert_eq!(reply.error_code(), "FORBIDDEN");
            assert!(allows_nothing(&reply), "{headers:?} {method} {path}");
        }
    }
    assert!(plaid.sandbox.items().is_empty());
}

#[tokio::test]
async fn a_local_page_of_another_machine_is_refused() {
    let plaid = Plaid::start_with(Config {
        host: Ipv4Addr::UNSPECIFIED.into(),
        allow_remote_control: true,
        allow_local_pages: true,
        ..Config::default()
    })
    .await;
    let headers = [("host", "plaid.test:8080"), ("origin", LOCAL[1])];
    let reply = wire::send(&plaid.sandbox, "POST", ITEMS, &headers, "").await;
    assert_eq!(reply.status, 403);
    assert!(plaid.sandbox.items().is_empty());
}

#[tokio::test]
async fn a_local_page_may_not_use_hosted_pages_or_plaids_routes() {
    let broken = Broken::start_with(
        Config {
            allow_local_pages: true,
            ..Config::default()
        },
        json!({}),
    )
    .await;
    let origin = [("origin", LOCAL[1]), ("sec-fetch-site", "cross-site")];
    for button in ["/complete", "/exit"] {
        let reply = broken.send("POST", button, &origin).await;
        assert_eq!(reply.status, 403);
        assert!(allows_nothing(&reply));
    }
    assert_eq!(broken.state(), ItemState::LoginRequired);
    let page = broken.send("GET", "", &origin).await;
    assert!(allows_nothing(&page));
    for method in ["OPTIONS", "POST"] {
        let reply = wire::send(&broken.plaid.sandbox, method, "/item/get", &origin, "").await;
        assert!(allows_nothing(&reply));
    }
}
