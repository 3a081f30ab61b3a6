//! Many calls at once: a slow server delays none of them, a fast one gets few connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;
use utdk_plaid_client::{Client, Config, Outcome};

use crate::calls::{DONE, call, client, config, within};
use crate::server::{Server, reply};
use crate::trust::Authority;

#[tokio::test]
async fn two_hundred_calls_to_a_slow_server_are_in_flight_at_once() {
    let all_here = Arc::new(Barrier::new(200));
    let server = Server::start(move |_, _| {
        let all_here = all_here.clone();
        async move {
            all_here.wait().await;
            reply(200, DONE)
        }
    })
    .await;

    check_all_succeed(within(at_once(&client(&server.url()), 200)).await);

    assert_eq!(server.connections(), 200);
}

#[tokio::test]
async fn two_hundred_calls_open_at_most_64_connections_where_the_server_is_fast() {
    let server = Server::replying(vec![reply(200, DONE)]).await;

    check_all_succeed(within(at_once(&client(&server.url()), 200)).await);

    assert!(
        server.connections() <= 64,
        "{} connections",
        server.connections()
    );
}

#[tokio::test]
async fn a_hundred_calls_share_one_connection_where_the_server_speaks_http2() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2", "http/1.1"]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
    let client = Client::new(Config {
        ca: Some(authority.pem()),
        ..config(&server.https_url())
    });

    check_all_succeed(within(at_once(&client.expect("the settings are good"), 100)).await);

    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn dropping_a_call_over_http2_ends_its_request_and_keeps_the_connection() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(authority.certificate_for("127.0.0.1"), &["h2"]);
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = Server::start_tls(acceptor, move |number, _| {
        let held = Ended(ended.clone());
        arrived.send(()).expect("the test listens");
        async move {
            if number == 1 {
                std::future::pending::<()>().await;
            }
            drop(held);
            reply(200, DONE)
        }
    })
    .await;
    let client = Client::new(Config {
        ca: Some(authority.pem()),
        ..config(&server.https_url())
    })
    .expect("the settings are good");

    tokio::select! {
        outcome = client.reset_login(call()) => panic!("nothing was answered: {outcome:?}"),
        _ = within(arrivals.recv()) => {}
    }
    within(ends.recv()).await.expect("the request was let go");

    let next = within(client.reset_login(call())).await;
    assert!(next.result.is_ok(), "{next:?}");
    assert_eq!((next.attempts, server.connections()), (1, 1));
}

/// Reports when the server stops working on a request.
struct Ended(mpsc::UnboundedSender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

pub(crate) async fn at_once(client: &Client, calls: usize) -> Vec<Outcome> {
    let mut under_way = JoinSet::new();
    for _ in 0..calls {
        let client = client.clone();
        under_way.spawn(async move { client.reset_login(call()).await });
    }
    under_way.join_all().await
}

pub(crate) fn check_all_succeed(outcomes: Vec<Outcome>) {
    for outcome in outcomes {
        assert!(outcome.result.is_ok(), "{outcome:?}");
        assert_eq!(outcome.attempts, 1);
    }
}

#[tokio::test]
async fn calls_beyond_the_ceiling_wait_for_a_connection() {
    let server = Server::start(|_, _| async {
        // Slow enough for the limit to grow as far as it may.
        sleep(Duration::from_millis(300)).await;
        reply(200, DONE)
    })
    .await;
    let client = Client::new(Config {
        max_connections: 70,
        ..config(&server.url())
    })
    .expect("the settings are good");

    check_all_succeed(within(at_once(&client, 300)).await);

    assert_eq!(server.most_open(), 70);
}

/// Open files are counted per process, so these tests make their calls in a child process: `test`
/// runs again there, with the URL of `server`.
#[cfg(target_os = "linux")]
async fn run_in_child(test: &str, most_files: usize, server: &Server) {
    let mut child = std::process::Command::new("sh");
    child
        .args(["-c", "ulimit -n \"$0\" && exec \"$1\" --exact \"$2\""])
        .arg(most_files.to_string())
        .arg(std::env::current_exe().expect("a path"))
        .arg(test)
        .env(SERVER, server.url());
    let ended = tokio::task::spawn_blocking(move || child.output()).await;
    let ended = ended.expect("no panic").expect("a shell");
    let printed = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}

#[cfg(target_os = "linux")]
const SERVER: &str = "PLAID_TEST_SERVER";

#[tokio::test]
#[cfg(target_os = "linux")]
async fn five_thousand_calls_to_a_fast_server_open_at_most_256_connections() {
    let Ok(url) = std::env::var(SERVER) else {
        let server = Server::replying(vec![reply(200, DONE)]).await;
        let test = "crowds::five_thousand_calls_to_a_fast_server_open_at_most_256_connections";
        return run_in_child(test, 1024, &server).await;
    };
    let open = || std::fs::read_dir("/proc/self/fd").expect("Linux").count();
    let before = open();
    let most = Arc::new(AtomicUsize::new(0));
    let peak = most.clone();
    let counting = tokio::spawn(async move {
        loop {
            most.fetch_max(open() - before, Ordering::Relaxed);
            sleep(Duration::from_millis(1)).await;
        }
    });

    check_all_succeed(within(at_once(&client(&url), 5000)).await);

    counting.abort();
    let peak = peak.load(Ordering::Relaxed);
    // One that is no longer needed can be open for a moment longer.
    assert!((64..=260).contains(&peak), "{peak}");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn calls_wait_where_the_process_can_open_no_more_files() {
    if let Ok(url) = std::env::var(SERVER) {
        return check_all_succeed(within(at_once(&client(&url), 300)).await);
    }
    let server = Server::start(|_, _| async {
        sleep(Duration::from_millis(20)).await;
        reply(200, DONE)
    })
    .await;
    let test = "crowds::calls_wait_where_the_process_can_open_no_more_files";

    run_in_child(test, 30, &server).await;

    assert!(server.most_open() <= 30, "{}", server.most_open());
}
