//! The name that a gateway on loopback is called by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    caller::Caller,
    gate::Gate,
    input::check,
    values::{PLAID, TOKEN, TOOL, arguments},
};

/// A good call to `path`, but for these lines in place of `Host`.
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
async fn a_name_of_loopback_is_served() {
    let gate = Gate::start().await;
    for host in LOOPBACK {
        for path in [TOOL, PLAID] {
            let reply = gate.send(call(path, &[&format!("host: {host}")])).await;
            assert_eq!(reply.status, 200, "{host}: {reply:?}");
        }
    }
}

/// A page whose own name leads to this machine: its browser takes the gateway for its server.
#[tokio::test]
async fn any_other_name_is_refused_at_every_route() {
    let gate = Gate::start().await;
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
    gate.check_untouched().await;
}

#[tokio::test]
async fn a_name_that_is_missing_or_there_twice_is_refused() {
    let gate = Gate::start().await;
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
    let old = call(TOOL, &[]).replace("HTTP/1.1", "HTTP/1.0");
    check(
        &gate.send(old).await,
        TOOL,
        (400, "BAD_REQUEST"),
        "HTTP/1.0",
    );
    gate.check_untouched().await;
}

/// What it is forwarded as says nothing: whoever rebinds a name can send that too.
#[tokio::test]
async fn a_forwarded_name_counts_for_nothing() {
    let gate = Gate::start().await;
    let hosts = ["host: example.com", "x-forwarded-host: localhost"];
    let reply = gate.send(call(TOOL, &hosts)).await;
    check(&reply, TOOL, (403, "FORBIDDEN_HOST"), "forwarded");
    let hosts = ["host: localhost", "x-forwarded-host: example.com"];
    assert_eq!(gate.send(call(TOOL, &hosts)).await.status, 200);
}

/// There it has many names, and a token instead.
#[tokio::test]
async fn on_another_address_any_name_will_do() {
    for host in [
        Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::from(Ipv6Addr::UNSPECIFIED),
    ] {
        let gate = Gate::start_with(|config| {
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
async fn every_loopback_address_is_one_that_needs_no_token() {
    for host in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
        let gate = Gate::start_with(|config| config.host = host.parse().unwrap()).await;
        let mut caller = Caller::connect(gate.gateway.url()).await;
        caller.write(get("/config", "localhost")).await;
        assert_eq!(caller.reply().await.json()["token_required"], false);
        caller.write(get("/config", "example.com")).await;
        assert_eq!(caller.reply().await.status, 403, "{host}");
    }
}
