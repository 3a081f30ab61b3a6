//! Access to the control routes: only from this machine under a loopback host, and never from a page
//! of another site.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, Sandbox};

use crate::{
    control::control,
    link,
    plaid::{JSON, Plaid, Reply},
    wire,
};

const HEALTH: &str = "/_sandbox/health";
const ITEMS: &str = "/_sandbox/items";
const INBOX: &str = "/_sandbox/inbox";

fn check_refused(reply: &Reply) {
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert_eq!(reply.error_code(), "FORBIDDEN");
    assert_eq!(reply.json()["field"], Value::Null);
}

/// The replies to a read, a change and a webhook with these headers.
async fn ask(sandbox: &Sandbox, headers: &[(&str, &str)]) -> [Reply; 3] {
    [
        wire::send(sandbox, "GET", HEALTH, headers, "").await,
        wire::send(sandbox, "POST", ITEMS, headers, "").await,
        wire::send(sandbox, "POST", INBOX, headers, "").await,
    ]
}

#[tokio::test]
async fn only_a_loopback_host_is_accepted() {
    let plaid = Plaid::start().await;
    let port = wire::address(&plaid.sandbox).split_once(':').unwrap().1;
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1.evil.example".to_owned(),
        "localhost.evil.example".to_owned(),
        "notlocalhost".to_owned(),
        "evil.example#127.0.0.1".to_owned(),
        "127.0.0.1@evil.example".to_owned(),
        "192.0.2.1".to_owned(),
        "0.0.0.0".to_owned(),
        "[::]".to_owned(),
        "[2001:db8::1]".to_owned(),
        " ".to_owned(),
        String::new(),
    ] {
        for reply in ask(&plaid.sandbox, &[("host", &host)]).await {
            check_refused(&reply);
        }
    }
    assert!(plaid.sandbox.items().is_empty());
    for host in [
        "localhost".to_owned(),
        format!("LocalHost:{port}"),
        "plaid.localhost:80".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.1.2.3:{port}"),
        "[::1]:80".to_owned(),
        "[::ffff:127.0.0.1]".to_owned(),
    ] {
        for reply in ask(&plaid.sandbox, &[("host", &host)]).await {
            assert_eq!(reply.status, 200, "{host}");
        }
    }
}

/// Hosts that a lenient parser takes for 127.0.0.1.
const MALFORMED_HOSTS: [&str; 8] = [
    "127.0.0.1#.evil",
    "127.0.0.1#.evil.example:80",
    "user@127.0.0.1",
    "user:password@localhost",
    "127.0.0.1/",
    "127.0.0.1?.evil",
    "127.0.0.1\\.evil",
    "127.0.0.1:80:80",
];

#[tokio::test]
async fn a_malformed_or_repeated_host_is_refused_also_with_remote_control() {
    for allow_remote_control in [false, true] {
        let plaid = Plaid::start_with(Config {
            allow_remote_control,
            ..Config::default()
        })
        .await;
        for host in MALFORMED_HOSTS {
            for reply in ask(&plaid.sandbox, &[("host", host)]).await {
                check_refused(&reply);
            }
        }
        for second in ["127.0.0.1", "evil.example"] {
            let hosts = [("host", "127.0.0.1"), ("host", second)];
            for reply in ask(&plaid.sandbox, &hosts).await {
                check_refused(&reply);
            }
        }
        assert!(plaid.sandbox.items().is_empty());
    }
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let plaid = Plaid::start().await;
    let request = format!("GET {HEALTH} HTTP/1.0\r\n\r\n");
    let address = wire::address(&plaid.sandbox);
    let (reply, _) = wire::exchange(address, request.as_bytes()).await;
    check_refused(&wire::parse(&reply));
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_also_for_reading() {
    let plaid = Plaid::start().await;
    let own = plaid.sandbox.url();
    let other_port = "http://127.0.0.1:1";
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "")],
        vec![("origin", other_port)],
        vec![("origin", "http://localhost")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site"), ("origin", own)],
        vec![("sec-fetch-site", "same-origin"), ("origin", "null")],
    ] {
        for reply in ask(&plaid.sandbox, &headers).await {
            check_refused(&reply);
        }
    }
    assert!(plaid.sandbox.items().is_empty());
    for headers in [
        vec![("origin", own)],
        vec![("origin", own), ("sec-fetch-site", "same-origin")],
        // Typed into the address bar of a browser.
        vec![("sec-fetch-site", "none")],
    ] {
        for reply in ask(&plaid.sandbox, &headers).await {
            assert_eq!(reply.status, 200, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn no_response_allows_another_site_to_read_it() {
    let plaid = Plaid::start().await;
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
        ("access-control-request-private-network", "true"),
    ];
    let own = [("origin", plaid.sandbox.url())];
    for path in [HEALTH, ITEMS, "/_sandbox/nothing", "/hl/x", "/item/get"] {
        for method in ["OPTIONS", "GET", "POST"] {
            for headers in [&preflight[..], &own[..], &[]] {
                let reply = wire::send(&plaid.sandbox, method, path, headers, "").await;
                let mut names = reply.headers.keys();
                let allows = |name: &str| name.starts_with("access-control-");
                assert!(!names.any(|name| allows(name.as_str())), "{method} {path}");
            }
        }
    }
}

/// An address of this machine that is not loopback, if it has one. Sends nothing.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    Some(ip).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// A Sandbox that listens on every address.
async fn on_every_address(allow_remote_control: bool) -> Plaid {
    Plaid::start_with(Config {
        host: Ipv4Addr::UNSPECIFIED.into(),
        allow_remote_control,
        ..Config::default()
    })
    .await
}

/// Sends a request from `ip`, an address of this machine.
async fn from(ip: IpAddr, plaid: &Plaid, path: &str, headers: &[(&str, &str)]) -> Reply {
    let port = wire::address(&plaid.sandbox).split_once(':').unwrap().1;
    let address = format!("{ip}:{port}");
    let request = wire::request(&address, "GET", path, headers, "");
    let (reply, _) = wire::exchange(&address, &request).await;
    wire::parse(&reply)
}

#[tokio::test]
async fn another_machine_is_refused_without_remote_control() {
    let Some(ip) = own_address() else {
        return;
    };
    let plaid = on_every_address(false).await;
    for headers in [&[][..], &[("host", "127.0.0.1")], &[("host", "localhost")]] {
        check_refused(&from(ip, &plaid, HEALTH, headers).await);
    }
    // Plaid's routes and hosted pages accept other machines.
    assert_eq!(from(ip, &plaid, "/item/get", &[]).await.status, 400);
    assert_eq!(from(ip, &plaid, "/hl/x", &[]).await.status, 404);
    let local = wire::send(&plaid.sandbox, "GET", HEALTH, &[], "").await;
    assert_eq!(local.status, 200);
    let plaid = on_every_address(true).await;
    for headers in [&[][..], &[("host", "plaid.test:8080")]] {
        assert_eq!(from(ip, &plaid, HEALTH, headers).await.status, 200);
    }
}

#[tokio::test]
async fn remote_control_accepts_any_host_but_no_page_of_another_site() {
    let plaid = on_every_address(true).await;
    for headers in [
        vec![("host", "plaid.test:8080")],
        vec![("host", "plaid.test"), ("origin", "http://plaid.test")],
        vec![("host", "plaid.test"), ("origin", "https://plaid.test")],
    ] {
        for reply in ask(&plaid.sandbox, &headers).await {
            assert_eq!(reply.status, 200, "{headers:?}");
        }
    }
    for headers in [
        vec![("host", "plaid.test"), ("origin", "http://evil.example")],
        vec![("host", "plaid.test"), ("origin", "http://plaid.test:81")],
        vec![("host", "plaid.test"), ("origin", "null")],
        vec![("host", "plaid.test"), ("sec-fetch-site", "cross-site")],
    ] {
        for reply in ask(&plaid.sandbox, &headers).await {
            check_refused(&reply);
        }
    }
}

#[tokio::test]
async fn no_response_contains_a_secret_that_was_not_requested() {
    let plaid = Plaid::start().await;
    let webhook = json!({ "webhook": "http://127.0.0.1:9/hook" });
    let created = control(&plaid, Method::POST, "items", webhook).await;
    let created = created.json();
    let access_token = created["access_token"].as_str().unwrap();
    let item_id = created["item_id"].as_str().unwrap();
    let fields = json!({ "access_token": access_token });
    plaid
        .post("/sandbox/item/reset_login", fields.clone())
        .await;
    let headers = [
        ("content-type", JSON),
        ("plaid-client-id", plaid.sandbox.client_id()),
        ("plaid-secret", plaid.secret()),
    ];
    let body = fields.to_string();
    plaid.send(Method::POST, "/item/get", &headers, body).await;
    let link = link::create(&plaid, link::fields(json!({ "products": ["auth"] }))).await;
    let link_token = link::token(&link);
    let completed = plaid.sandbox.complete_link(link_token).unwrap();
    let public_token = completed.public_token.unwrap();
    let fields = json!({ "public_token": public_token.expose_secret() });
    let exchanged = plaid
        .post("/item/public_token/exchange", fields)
        .await
        .json();
    let secrets = [
        access_token,
        exchanged["access_token"].as_str().unwrap(),
        public_token.expose_secret(),
        link_token,
        plaid.secret(),
        plaid.sandbox.client_id(),
    ];
    let repair = format!("items/{item_id}/repair");
    for (method, path, options) in [
        (Method::GET, "health", Value::Null),
        (Method::GET, "items", Value::Null),
        (Method::GET, "webhooks", Value::Null),
        (Method::GET, "requests", Value::Null),
        (Method::GET, "clock", Value::Null),
        (Method::GET, "faults", Value::Null),
        (Method::POST, repair.as_str(), Value::Null),
        (Method::POST, "webhooks/next", Value::Null),
        (Method::POST, "webhooks/1/redeliver", Value::Null),
        (Method::POST, "keys/rotate", Value::Null),
        (Method::POST, "clock/advance", json!({ "ms": 1 })),
        (
            Method::POST,
            "link/exit",
            json!({ "link_token": link_token }),
        ),
        (Method::POST, "nothing", Value::Null),
        (Method::DELETE, "faults", Value::Null),
    ] {
        let reply = control(&plaid, method, path, options).await;
        for secret in secrets {
            assert!(!reply.body.contains(secret), "{path}: {}", reply.body);
        }
    }
}
