//! The `Host` header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    caller::Caller,
    input::check,
    test_gateway::TestGateway,
    values::{PLAID, TOKEN, TOOL, arguments},
};

/// A good call to `path`, with these lines instead of the `Host` header.
fn call(path: &str, hosts: &[&str]) -> String {
    let hosts: String = hosts.iter().map(|line| format!("{line}\r\n")).collect();
    let (body, length) = (arguments(), arguments().len());
    format!(
        "POST {path} HTTP/1.1\r\n{hosts}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

const LOOPBACK: [&str; 16] = [
    "127.0.0.1",
    "127.0.0.1:4000",
    "127.0.0.1:80",
    "127.1.2.3",
    "localhost",
    "localhost:4000",
    "LOCALHOST",
    "console.localhost",
    "console.localhost:4000",
    "[::1]",
    "[::1]:4000",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7f00:1]:80",
    "localhost:",
    " localhost ",
];

const ELSEWHERE: [&str; 38] = [
    "",
    "example.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "127.0.0.1.nip.io",
    "notlocalhost",
    "localhost.",
    "localhost.:80",
    "localhostx",
    "10.0.0.1",
    "0.0.0.0",
    "[::]",
    "[::2]",
    "[::ffff:10.0.0.1]",
    "::1",
    "128.0.0.1",
    "169.254.169.254",
    "user@127.0.0.1",
    "user:password@localhost",
    "example.com@127.0.0.1",
    "127.0.0.1@example.com",
    "127.0.0.1/example.com",
    "127.0.0.1?example.com",
    "127.0.0.1#example.com",
    "127.0.0.1\\example.com",
    "localhost/../example.com",
    "http://127.0.0.1",
    "127.0.0.1:port",
    "127.0.0.1:99999",
    "127.0.0.1:80:80",
    "127.0.0.1, example.com",
    "127.0.0.1 example.com",
    "127.0.0.1\texample.com",
    "local\u{ad}host",
    "\u{ff4c}ocalhost",
    "lo%63alhost",
    "127.0.0.%31",
    "[::1",
];

#[tokio::test]
async fn a_host_that_is_loopback_is_accepted() {
    let gate = TestGateway::start().await;
    for host in LOOPBACK {
        for path in [TOOL, PLAID] {
            let reply = gate.send(call(path, &[&format!("host: {host}")])).await;
            assert_eq!(reply.status, 200, "{host}: {reply:?}");
        }
    }
}

/// A page can point its own domain at 127.0.0.1 (DNS rebinding).
#[tokio::test]
async fn any_other_host_is_refused_on_every_route() {
    let gate = TestGateway::start().await;
    for host in ELSEWHERE {
        for path in [TOOL, PLAID] {
            let reply = gate.send(call(path, &[&format!("host: {host}")])).await;
            check(&reply, path, (403, "FORBIDDEN_HOST"), host);
        }
    }
    for path in [
        "/tools",
        "/tools/search",
        "/healthz",
        "/readyz",
        "/metrics",
        "/config",
        "/credentials",
        "/nowhere",
    ] {
        let reply = gate.send(get(path, "example.com")).await;
        check(&reply, path, (403, "FORBIDDEN_HOST"), path);
    }
    gate.check_nothing_sent().await;
}

#[tokio::test]
async fn a_missing_or_repeated_host_is_refused() {
    let gate = TestGateway::start().await;
    for hosts in [
        &[][..],
        &["host: 127.0.0.1", "host: 127.0.0.1"],
        &["host: 127.0.0.1", "host: example.com"],
        &["host: example.com", "Host: 127.0.0.1"],
    ] {
        for path in [TOOL, PLAID] {
            let reply = gate.send(call(path, hosts)).await;
            check(&reply, path, (400, "BAD_REQUEST"), &hosts.join(", "));
        }
    }
    gate.check_nothing_sent().await;
}

/// HTTP/1.0 has no `Host`, and probes of load balancers use it.
#[tokio::test]
async fn an_http_1_0_probe_needs_no_host() {
    for host in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
        let gate = TestGateway::start_with(|config| {
            config.host = host.into();
            config.token = Some(TOKEN.into());
        })
        .await;
        for path in ["/healthz", "/readyz", "/"] {
            for hosts in ["", "host: 127.0.0.1\r\n"] {
                let reply = gate
                    .send(format!("GET {path} HTTP/1.0\r\n{hosts}\r\n"))
                    .await;
                assert_eq!(reply.status, 200, "{path}: {reply:?}");
            }
        }
        let old = call(TOOL, &[]).replace("HTTP/1.1", "HTTP/1.0");
        let reply = gate.send(old).await;
        check(&reply, TOOL, (400, "BAD_REQUEST"), "HTTP/1.0");
        let reply = gate.send("GET /healthz HTTP/1.1\r\n\r\n").await;
        check(&reply, "/healthz", (400, "BAD_REQUEST"), "HTTP/1.1");
    }
    let gate = TestGateway::start().await;
    let foreign = "GET /healthz HTTP/1.0\r\nhost: example.com\r\n\r\n";
    check(
        &gate.send(foreign).await,
        "/healthz",
        (403, "FORBIDDEN_HOST"),
        "foreign",
    );
}

/// RFC 9112 §3.2.2: a server must accept such a target.
#[tokio::test]
async fn an_absolute_target_is_accepted_if_it_agrees_with_the_host() {
    let gate = TestGateway::start().await;
    let sent = async |target: &str, host: &str| {
        let request = call(&format!("{target}{PLAID}"), &[&format!("host: {host}")]);
        gate.send(request).await
    };
    for (target, host) in [
        ("http://127.0.0.1:4000", "127.0.0.1:4000"),
        ("http://localhost", "LOCALHOST"),
        ("https://localhost:4000", "localhost:4000"),
        ("http://[::1]:4000", "[::1]:4000"),
    ] {
        let reply = sent(target, host).await;
        assert_eq!(reply.status, 200, "{target}: {reply:?}");
    }
    let served = gate.upstream.calls().len();
    for (target, host) in [
        ("http://127.0.0.1:4000", "127.0.0.1"),
        ("http://127.0.0.1", "localhost"),
        ("https://sandbox.plaid.com", "127.0.0.1"),
        ("http://127.0.0.1", "example.com"),
        ("http://user@127.0.0.1", "127.0.0.1"),
    ] {
        let reply = sent(target, host).await;
        check(&reply, PLAID, (400, "BAD_REQUEST"), target);
    }
    for (target, host) in [
        ("https://sandbox.plaid.com", "sandbox.plaid.com"),
        ("http://user@127.0.0.1", "user@127.0.0.1"),
    ] {
        let reply = sent(target, host).await;
        check(&reply, PLAID, (403, "FORBIDDEN_HOST"), target);
    }
    assert_eq!(gate.upstream.calls().len(), served);
    let probe = gate
        .send("GET http://127.0.0.1/healthz HTTP/1.0\r\n\r\n")
        .await;
    assert_eq!(probe.status, 200);
    let rebound = gate
        .send("GET http://example.com/healthz HTTP/1.0\r\n\r\n")
        .await;
    assert_eq!(rebound.status, 403);
}

/// A page that rebinds its domain can set this header too.
#[tokio::test]
async fn x_forwarded_host_is_ignored() {
    let gate = TestGateway::start().await;
    let hosts = ["host: example.com", "x-forwarded-host: localhost"];
    let reply = gate.send(call(TOOL, &hosts)).await;
    check(&reply, TOOL, (403, "FORBIDDEN_HOST"), "forwarded");
    let hosts = ["host: localhost", "x-forwarded-host: example.com"];
    assert_eq!(gate.send(call(TOOL, &hosts)).await.status, 200);
}

/// Such a gateway has many names, and needs a token instead.
#[tokio::test]
async fn a_gateway_on_a_public_address_accepts_any_host() {
    for host in [
        Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::from(Ipv6Addr::UNSPECIFIED),
    ] {
        let gate = TestGateway::start_with(|config| {
            config.host = host;
            config.token = Some(TOKEN.into());
        })
        .await;
        let bearer = format!("authorization: Bearer {TOKEN}");
        for name in ["gateway.internal", "10.0.0.1:4000", "127.0.0.1"] {
            let hosts = [&*format!("host: {name}"), &bearer];
            let reply = gate.send(call(TOOL, &hosts)).await;
            assert_eq!(reply.status, 200, "{name}: {reply:?}");
        }
        let twice = ["host: a", "host: b", &bearer];
        let reply = gate.send(call(TOOL, &twice)).await;
        check(&reply, TOOL, (400, "BAD_REQUEST"), "twice");
    }
}

#[tokio::test]
async fn no_loopback_address_needs_a_token() {
    for host in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
        let gate = TestGateway::start_with(|config| config.host = host.parse().unwrap()).await;
        let mut caller = Caller::connect(gate.gateway.url()).await;
        caller.write(get("/config", "localhost")).await;
        assert_eq!(caller.reply().await.json()["token_required"], false);
        caller.write(get("/config", "example.com")).await;
        assert_eq!(caller.reply().await.status, 403, "{host}");
    }
}
