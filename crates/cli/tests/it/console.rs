//! How `utdk-plaid console` runs and ends. That its ports are free afterwards is tested with whole
//! processes, in Node.

use crate::read;
use serde_json::Value;
use utdk_plaid_cli::{Command, ConsoleOptions, LogOptions, NativeCommand};

use crate::running::{Running, ask, url};

/// Starts the console on free ports.
fn start(arguments: &[&str]) -> Running {
    Running::start("console", &[&["--port", "0"], arguments].concat())
}

fn text(started: &Value, field: &str) -> String {
    started[field].as_str().unwrap().to_owned()
}

fn port(url: &str) -> String {
    url.rsplit_once(':').unwrap().1.to_owned()
}

#[test]
fn its_options_have_defaults() {
    let Command::Native(NativeCommand::Console(options)) = read(["console"]).unwrap() else {
        panic!("console is a command of its own");
    };
    let expected = ConsoleOptions {
        open: false,
        port: 4000,
        sandbox_port: 0,
        seed: None,
        log: LogOptions::default(),
    };
    assert_eq!(options, expected);
}

#[tokio::test]
async fn it_runs_page_gateway_and_sandbox_until_it_is_stopped() {
    let (running, started) = start(&[]).next().await;
    assert_eq!(started["kind"], "started");
    let gateway = text(&started, "gateway_url");
    let sandbox = text(&started, "sandbox_url");
    assert_eq!(
        url(&started),
        format!("http://localhost:{}", port(&gateway))
    );
    assert_ne!(gateway, sandbox);
    for server in [&gateway, &sandbox] {
        assert!(ask(server.clone()).await.unwrap().contains("404"));
    }
    let (running, request) = running.next().await;
    assert_eq!([&request["kind"], &request["path"]], ["request", "/nope"]);
    let Running {
        written,
        stop,
        command,
    } = running;
    stop.send(()).unwrap();
    command.await.unwrap().unwrap();
    assert_eq!(written.recv().unwrap(), "{\"kind\":\"stopped\"}\n");
}

#[tokio::test]
async fn it_ends_without_a_failure_when_its_reader_leaves() {
    let (running, started) = start(&[]).next().await;
    drop(running.written);
    let _ = ask(text(&started, "sandbox_url")).await;
    running.command.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_port_is_a_failure_that_names_the_option() {
    let (running, started) = start(&[]).next().await;
    for (option, field) in [("--port", "gateway_url"), ("--sandbox-port", "sandbox_url")] {
        let port = port(&text(&started, field));
        let second = match option {
            "--port" => Running::start("console", &[option, &port]),
            _ => start(&[option, &port]),
        };
        let notice = second.command.await.unwrap().unwrap_err();
        assert_eq!(notice.exit_code, 1);
        let expected =
            format!("error: port {port} of 127.0.0.1 is taken; choose another with {option}\n");
        assert_eq!(notice.text, expected);
        assert_eq!(second.written.recv().ok(), None);
    }
    running.stop().await.unwrap();
}
