//! The arguments of `utdk-plaid gateway`, and how it runs and ends. That its port is free afterwards
//! is tested with whole processes, in Node.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use crate::read;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use utdk_plaid_cli::{
    Command, Environment, GatewayOptions, LogOptions, NativeCommand, Notice, Rate,
};
use utdk_plaid_client::Config;

use crate::running::{Pipe, Running, Stalled, ask, ask_often, ended, url};

const SECRET: &str = "fakesecret41d8cd98f00b204e980099";
const TOKEN: &str = "fakegatewaytoken-93b1a7c2d4e5f607";
const ANY_PORT: [&str; 2] = ["--port", "0"];

fn options(arguments: &[&str]) -> GatewayOptions {
    let arguments = ["gateway"].iter().chain(arguments);
    let Command::Native(NativeCommand::Gateway(options)) = read(arguments).unwrap() else {
        panic!("gateway is a command of its own");
    };
    options
}

fn environment(client_id: Option<&str>, secret: Option<&str>) -> Environment {
    Environment {
        client: Config {
            client_id: client_id.map(SecretString::from),
            secret: secret.map(SecretString::from),
            ..Config::default()
        },
        ..Environment::default()
    }
}

async fn refused(environment: Environment, arguments: &[&str]) -> Notice {
    let arguments = [&ANY_PORT, arguments].concat();
    let running = Running::start_in(environment, "gateway", &arguments);
    let notice = ended(running.command).await.unwrap_err();
    assert!(!notice.text.contains(SECRET) && !notice.text.contains(TOKEN));
    assert!(
        running.written.recv().is_err(),
        "it printed that it had started"
    );
    notice
}

#[test]
fn its_options_have_defaults() {
    let expected = GatewayOptions {
        port: 4000,
        host: [127, 0, 0, 1].into(),
        credentials_file: None,
        token_file: None,
        allow_origins: Vec::new(),
        base_url: None,
        timeout: Duration::from_secs(30),
        max_in_flight: 64,
        max_waiting: 256,
        rate_limit: Rate::PerSecond(10.try_into().unwrap()),
        log: LogOptions::default(),
    };
    assert_eq!(options(&[]), expected);
}

#[test]
fn timeouts_are_seconds_and_a_rate_can_be_off() {
    let options = options(&["--timeout", "0.25", "--rate-limit", "off"]);
    assert_eq!(options.timeout, Duration::from_millis(250));
    assert_eq!(options.rate_limit, Rate::Off);
}

#[test]
fn a_secret_in_an_argument_is_not_repeated() {
    for argument in ["--token", "--secret", "--client-id"] {
        for arguments in [
            vec!["gateway".to_owned(), format!("{argument}={SECRET}")],
            vec!["gateway".to_owned(), argument.to_owned(), SECRET.to_owned()],
        ] {
            let notice = read(&arguments).unwrap_err();
            assert_eq!(notice.exit_code, 2);
            assert!(!notice.text.contains(SECRET), "{}", notice.text);
        }
    }
}

#[tokio::test]
async fn half_a_pair_of_credentials_is_refused_with_the_name_of_the_other_half() {
    for (client_id, secret, sentence) in [
        (
            Some(SECRET),
            None,
            "PLAID_CLIENT_ID is set without PLAID_SECRET: ",
        ),
        (
            None,
            Some(SECRET),
            "PLAID_SECRET is set without PLAID_CLIENT_ID: ",
        ),
    ] {
        let notice = refused(environment(client_id, secret), &[]).await;
        assert_eq!(notice.exit_code, 2);
        assert!(notice.text.starts_with(&format!("error: {sentence}")));
    }
}

#[tokio::test]
async fn other_machines_need_a_token() {
    for host in ["0.0.0.0", "::"] {
        let notice = refused(environment(None, None), &["--host", host]).await;
        assert_eq!(notice.exit_code, 2);
        for name in [host, "UTDK_GATEWAY_TOKEN", "--token-file", "127.0.0.1"] {
            assert!(notice.text.contains(name), "{}", notice.text);
        }
    }
    let environment = Environment {
        gateway_token: Some(TOKEN.into()),
        ..environment(None, None)
    };
    let arguments = [&ANY_PORT[..], &["--host", "0.0.0.0"]].concat();
    let running = Running::start_in(environment, "gateway", &arguments);
    let (running, started) = running.next().await;
    assert_eq!(started["token_required"], true);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_value_is_wrong_usage_and_named_by_its_option() {
    let short = Environment {
        gateway_token: Some("short".into()),
        ..Environment::default()
    };
    let production = "https://production.plaid.com";
    let of_environment = Environment {
        client: Config {
            base_url: Some(production.to_owned()),
            ..Config::default()
        },
        ..Environment::default()
    };
    let none = Environment::default;
    for (environment, arguments, name) in [
        (
            short,
            &[][..],
            "the token (UTDK_GATEWAY_TOKEN or --token-file) must ",
        ),
        (
            none(),
            &["--allow-origin", "*"],
            "--allow-origin must name origins: ",
        ),
        (
            none(),
            &["--allow-origin", "null"],
            "--allow-origin must name origins: ",
        ),
        (
            none(),
            &["--base-url", "http://192.0.2.1"],
            "the base URL (--base-url or PLAID_BASE_URL) is plain http ",
        ),
        (
            of_environment,
            &[],
            "the base URL (--base-url or PLAID_BASE_URL) is a Plaid host ",
        ),
    ] {
        let notice = refused(environment, arguments).await;
        assert_eq!(notice.exit_code, 2, "{}", notice.text);
        assert!(
            notice.text.starts_with(&format!("error: {name}")),
            "{}",
            notice.text
        );
    }
}

#[tokio::test]
async fn it_reports_whether_it_has_credentials_but_not_which() {
    for (environment, credentials) in [
        (environment(Some(SECRET), Some(SECRET)), "start"),
        (environment(None, None), "none"),
    ] {
        let running = Running::start_in(environment, "gateway", &ANY_PORT);
        let (running, started) = running.next().await;
        let url = url(&started);
        let expected = json!({
            "kind": "started",
            "url": url,
            "credentials": credentials,
            "token_required": false,
            "upstream": "sandbox.plaid.com",
        });
        assert_eq!(started, expected);
        running.stop().await.unwrap();
    }
}

#[tokio::test]
async fn it_runs_until_it_is_stopped() {
    let (running, started) = Running::start("gateway", &ANY_PORT).next().await;
    let url = url(&started);
    assert!(ask(url.clone()).await.unwrap().contains("404"));
    let (running, request) = running.next().await;
    assert_eq!(
        [
            &request["kind"],
            &request["level"],
            &request["route"],
            &request["code"]
        ],
        ["request", "INFO", "none", "NOT_FOUND"]
    );
    let Running {
        written,
        stop,
        command,
    } = running;
    stop.send(()).unwrap();
    ended(command).await.unwrap();
    assert_eq!(written.recv().unwrap(), "{\"kind\":\"stopped\"}\n");
}

#[tokio::test]
async fn each_gateway_of_a_thread_is_printed_by_its_own_command() {
    let (loud, started) = Running::start("gateway", &ANY_PORT).next().await;
    let loud_url = url(&started);
    let (quiet, _) = Running::start("gateway", &ANY_PORT).next().await;
    let other = utdk_plaid_gateway::Gateway::start(utdk_plaid_gateway::Config::default());
    let other = other.await.unwrap();
    for url in [other.url(), &loud_url, &loud_url] {
        ask(url.to_owned()).await.unwrap();
    }
    assert_eq!(lines_until_stopped(loud).await.len(), 2);
    assert_eq!(lines_until_stopped(quiet).await, [] as [Value; 0]);
    other.close().await;
}

/// Stops a command. Returns the requests among its lines.
async fn lines_until_stopped(running: Running) -> Vec<Value> {
    let Running {
        written,
        stop,
        command,
    } = running;
    stop.send(()).unwrap();
    ended(command).await.unwrap();
    let text: String = written.iter().collect();
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.pop().unwrap()["kind"], "stopped");
    lines
}

#[tokio::test]
async fn a_stalled_reader_delays_no_request_and_gets_the_number_that_it_missed() {
    const REQUESTS: u64 = 4_000;
    let (sender, written) = channel();
    let (release, stalled) = channel();
    let stalled = Stalled(Pipe(sender), stalled);
    let running = Running::start_with("gateway", &ANY_PORT, stalled, written);
    let (running, started) = running.next().await;
    ask_often(url(&started), REQUESTS).await;
    drop::<Sender<()>>(release);
    spawn_blocking(move || {
        let (mut printed, mut missed) = (0, 0);
        while printed + missed < REQUESTS {
            let text = running.written.recv_timeout(Duration::from_secs(20));
            for line in text.unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                match line["kind"].as_str().unwrap() {
                    "missed" => missed += line["events"].as_u64().unwrap(),
                    "request" => printed += 1,
                    kind => panic!("{kind}"),
                }
            }
        }
        assert_eq!(printed + missed, REQUESTS);
        assert!(printed > 0 && missed > 0, "{printed} and {missed}");
        running
    })
    .await
    .unwrap()
    .stop()
    .await
    .unwrap();
}

#[tokio::test]
async fn it_ends_without_a_failure_when_its_reader_leaves() {
    let (running, started) = Running::start("gateway", &ANY_PORT).next().await;
    let url = url(&started);
    drop(running.written);
    let _ = ask(url.clone()).await;
    ended(running.command).await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_a_failure_that_names_the_port() {
    let (running, started) = Running::start("gateway", &ANY_PORT).next().await;
    let port = url(&started).rsplit_once(':').unwrap().1.to_owned();
    let second = Running::start("gateway", &["--port", &port]);
    let notice = ended(second.command).await.unwrap_err();
    assert_eq!(notice.exit_code, 1);
    assert_eq!(
        notice.text,
        format!("error: port {port} of 127.0.0.1 is taken; choose another with --port\n")
    );
    assert_eq!(second.written.recv().ok(), None);
    running.stop().await.unwrap();
}
