//! How a gateway ends.

use std::time::Duration;

use tokio::{net::TcpStream, task::JoinHandle, time::Instant};
use utdk_plaid_gateway::Config;

use crate::{
    caller::{Caller, address, post, request, within},
    gate::{Gate, config},
    upstream::{Held, Manner, Upstream},
    values::{TOOL, arguments},
};

/// A gateway with one call at Plaid, which does not answer yet.
struct Busy {
    url: String,
    upstream: Upstream,
    caller: Caller,
    held: Held,
    gateway: utdk_plaid_gateway::Gateway,
}

impl Busy {
    async fn start(change: impl FnOnce(&mut Config)) -> Busy {
        let upstream = Upstream::start(Manner::Hold).await;
        let Gate {
            gateway,
            mut upstream,
        } = Gate::before(upstream, change).await;
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

/// Waits until nothing listens there any more.
async fn refused(url: &str) {
    within(async { while TcpStream::connect(address(url)).await.is_ok() {} }).await;
}

fn closing(gateway: utdk_plaid_gateway::Gateway) -> JoinHandle<()> {
    tokio::spawn(gateway.close())
}

#[tokio::test]
async fn what_is_in_flight_is_finished_and_nothing_more_is_let_in() {
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
    let gate = Gate::start().await;
    let mut idle = gate.connect().await;
    idle.write(request("GET /healthz", "")).await;
    assert_eq!(idle.reply().await.status, 200);
    let mut unused = gate.connect().await;
    let began = Instant::now();

    within(gate.gateway.close()).await;

    idle.closed().await;
    unused.closed().await;
    assert!(began.elapsed() < Config::default().grace / 2);
}

#[tokio::test]
async fn a_call_that_outlasts_the_grace_is_ended() {
    let mut busy = Busy::start(|config| config.grace = Duration::from_millis(200)).await;

    within(busy.gateway.close()).await;

    busy.caller.closed().await;
    busy.held.closed().await;
    refused(&busy.url).await;
}

#[tokio::test]
async fn dropping_it_ends_it_at_once() {
    let mut busy = Busy::start(|_| {}).await;

    drop(busy.gateway);

    busy.caller.closed().await;
    busy.held.closed().await;
    refused(&busy.url).await;
}

#[tokio::test]
async fn its_port_is_free_when_it_is_closed() {
    let gate = Gate::start().await;
    let port = address(gate.gateway.url()).parse::<std::net::SocketAddr>();
    let port = port.unwrap().port();
    let upstream = gate.upstream.url.clone();
    // One that still stands then.
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

/// A load balancer is to send nothing more, while what it has sent is still answered.
#[tokio::test]
async fn while_it_stops_it_is_not_ready_but_healthy() {
    for (path, status) in [("/readyz", 503), ("/healthz", 200)] {
        let mut busy = Busy::start(|_| {}).await;
        let asked = request(&format!("GET {path}"), "");
        let (begun, rest) = asked.split_at(20);
        let mut prober = Caller::connect(&busy.url).await;
        prober.write(begun).await;
        // Once this is answered, what came before it has been read.
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
