//! Closing and dropping a gateway.

use std::time::Duration;

use tokio::{net::TcpStream, task::JoinHandle, time::Instant};
use utdk_plaid_gateway::Config;

use crate::{
    caller::{Caller, address, post, request, within},
    test_gateway::{TestGateway, config},
    upstream::{Behaviour, Held, Upstream},
    values::{TOOL, arguments},
};

/// A gateway with one call in flight.
struct Busy {
    url: String,
    upstream: Upstream,
    caller: Caller,
    held: Held,
    gateway: utdk_plaid_gateway::Gateway,
}

impl Busy {
    async fn start(change: impl FnOnce(&mut Config)) -> Busy {
        let upstream = Upstream::start(Behaviour::Hold).await;
        let TestGateway {
            gateway,
            mut upstream,
        } = TestGateway::before(upstream, change).await;
        let url = gateway.url().to_owned();
        let mut caller = Caller::connect(&url).await;
        caller.write(post(TOOL, &[], &arguments())).await;
        let held = upstream.held().await;
        Busy {
            url,
            upstream,
            caller,
            held,
            gateway,
        }
    }
}

/// Waits until connections are refused.
async fn refused(url: &str) {
    within(async { while TcpStream::connect(address(url)).await.is_ok() {} }).await;
}

fn closing(gateway: utdk_plaid_gateway::Gateway) -> JoinHandle<()> {
    tokio::spawn(gateway.close())
}

#[tokio::test]
async fn a_call_in_flight_is_finished_and_new_connections_are_refused() {
    let mut busy = Busy::start(|_| {}).await;

    let closing = closing(busy.gateway);
    refused(&busy.url).await;
    assert!(!closing.is_finished(), "it did not wait");
    busy.held.succeed().await;

    let reply = busy.caller.reply().await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("connection"), Some("close"));
    busy.caller.closed().await;
    within(closing).await.unwrap();
    assert_eq!(busy.upstream.calls().len(), 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let gate = TestGateway::start().await;
    let mut idle = gate.connect().await;
    idle.write(request("GET /healthz", "")).await;
    assert_eq!(idle.reply().await.status, 200);
    let mut unused = gate.connect().await;
    let start = Instant::now();

    within(gate.gateway.close()).await;

    idle.closed().await;
    unused.closed().await;
    assert!(start.elapsed() < Config::default().grace / 2);
}

#[tokio::test]
async fn a_call_that_outlasts_the_grace_is_cancelled() {
    let mut busy = Busy::start(|config| config.grace = Duration::from_millis(200)).await;

    within(busy.gateway.close()).await;

    busy.caller.closed().await;
    busy.held.closed().await;
    refused(&busy.url).await;
}

#[tokio::test]
async fn dropping_the_handle_stops_the_gateway_at_once() {
    let mut busy = Busy::start(|_| {}).await;

    drop(busy.gateway);

    busy.caller.closed().await;
    busy.held.closed().await;
    refused(&busy.url).await;
}

#[tokio::test]
async fn the_port_is_free_after_close() {
    let gate = TestGateway::start().await;
    let port = address(gate.gateway.url()).parse::<std::net::SocketAddr>();
    let port = port.unwrap().port();
    let upstream = gate.upstream.url.clone();
    // It is still open while the gateway closes.
    let _caller = gate.connect().await;

    within(gate.gateway.close()).await;

    let again = utdk_plaid_gateway::Gateway::start(Config {
        port,
        ..config(&upstream)
    });
    let again = again.await.unwrap();
    let mut caller = Caller::connect(again.url()).await;
    caller.write(post(TOOL, &[], &arguments())).await;
    assert_eq!(caller.reply().await.status, 200);
}

#[tokio::test]
async fn a_stopping_gateway_is_healthy_but_not_ready() {
    for (path, status) in [("/readyz", 503), ("/healthz", 200)] {
        let mut busy = Busy::start(|_| {}).await;
        let asked = request(&format!("GET {path}"), "");
        let (begun, rest) = asked.split_at(20);
        let mut prober = Caller::connect(&busy.url).await;
        prober.write(begun).await;
        // When this is answered, the earlier bytes have been read.
        let mut other = Caller::connect(&busy.url).await;
        other.write(request("GET /readyz", "")).await;
        assert_eq!(other.reply().await.json()["status"], "ready");

        let closing = closing(busy.gateway);
        refused(&busy.url).await;
        prober.write(rest).await;

        let reply = prober.reply().await;
        assert_eq!(reply.status, status, "{reply:?}");
        if status == 503 {
            assert_eq!(reply.error_code(), "STOPPING");
        }
        prober.closed().await;
        busy.held.succeed().await;
        assert_eq!(busy.caller.reply().await.status, 200);
        within(closing).await.unwrap();
    }
}
