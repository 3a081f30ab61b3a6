//! How `utdk-plaid sandbox` runs and ends. That its port is free afterwards is tested with whole
//! processes, in Node.

use std::io::{self, ErrorKind, Write};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use crate::read;
use crate::reset_login::File;
use serde_json::Value;
use tokio::task::spawn_blocking;
use utdk_plaid_cli::{Command, LogOptions, NativeCommand, SandboxOptions};
use utdk_plaid_sandbox::Arrival;

use crate::running::{Pipe, Running, Stalled, ask, ask_often, ended, url};

#[test]
fn its_options_have_defaults() {
    let Command::Native(NativeCommand::Sandbox(options)) = read(["sandbox"]).unwrap() else {
        panic!("sandbox is a command of its own");
    };
    let expected = SandboxOptions {
        port: 0,
        host: [127, 0, 0, 1].into(),
        tls: None,
        ca_file: None,
        client_id: None,
        secret: None,
        any_credentials: false,
        seed: None,
        transactions: Arrival::Ready,
        stubs: None,
        allow_webhook_hosts: Vec::new(),
        allow_remote_control: false,
        log: LogOptions::default(),
    };
    assert_eq!(options, expected);
}

#[tokio::test]
async fn it_runs_until_it_is_stopped() {
    let (running, started) = Running::start("sandbox", &[]).next().await;
    assert_eq!(started["kind"], "started");
    let url = url(&started);
    assert!(ask(url.clone()).await.unwrap().contains("404"));
    let (running, request) = running.next().await;
    assert_eq!([&request["kind"], &request["path"]], ["request", "/nope"]);
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
async fn it_ends_without_a_failure_when_its_reader_leaves() {
    let (running, started) = Running::start("sandbox", &[]).next().await;
    let url = url(&started);
    drop(running.written);
    let _ = ask(url.clone()).await;
    ended(running.command).await.unwrap();
}

#[tokio::test]
async fn it_fails_when_its_log_cannot_be_written() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let running = Running::start_with("sandbox", &[], Full, channel().1);
    let notice = ended(running.command).await.unwrap_err();
    assert_eq!(notice.exit_code, 1);
    assert_eq!(
        notice.text,
        "error: cannot write the log: no storage space\n"
    );
}

#[tokio::test]
async fn it_waits_for_a_pipe_that_does_not_block() {
    /// Accepts one byte at every second write.
    struct Narrow(Pipe, bool);
    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match self.1 {
                true => Err(ErrorKind::WouldBlock.into()),
                false => self.0.write(&bytes[..1]),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (sender, written) = channel();
    let running = Running::start_with("sandbox", &[], Narrow(Pipe(sender), false), written);
    let (first, running) = spawn_blocking(move || {
        let mut text = String::new();
        while !text.ends_with('\n') {
            text += &running
                .written
                .recv_timeout(Duration::from_secs(20))
                .unwrap();
        }
        (text, running)
    })
    .await
    .unwrap();
    let started: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(started["kind"], "started");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_stalled_reader_does_not_delay_the_end() {
    let (sender, written) = channel();
    let (release, stalled) = channel();
    let stalled = Stalled(Pipe(sender), stalled);
    let (running, started) = Running::start_with("sandbox", &[], stalled, written)
        .next()
        .await;
    let url = url(&started);
    assert!(ask(url.clone()).await.unwrap().contains("404"));
    let stopping = Instant::now();
    running.stop().await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(10));
    drop::<Sender<()>>(release);
}

#[tokio::test]
async fn a_stalled_reader_gets_the_number_of_events_that_it_missed() {
    const REQUESTS: u64 = 4_000;
    let (sender, written) = channel();
    let (release, stalled) = channel();
    let stalled = Stalled(Pipe(sender), stalled);
    let (running, started) = Running::start_with("sandbox", &[], stalled, written)
        .next()
        .await;
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
async fn a_taken_port_is_a_failure_that_names_the_port() {
    let (running, started) = Running::start("sandbox", &[]).next().await;
    let port = url(&started).rsplit_once(':').unwrap().1.to_owned();
    let second = Running::start("sandbox", &["--port", &port]);
    let notice = ended(second.command).await.unwrap_err();
    assert_eq!(notice.exit_code, 1);
    assert_eq!(
        notice.text,
        format!("error: port {port} of 127.0.0.1 is taken; choose another with --port\n")
    );
    assert_eq!(second.written.recv().ok(), None);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_invalid_webhook_host_is_wrong_usage() {
    for host in ["http://backend/", "backend/hook", "", "me@backend"] {
        let running = Running::start("sandbox", &["--allow-webhook-host", host]);
        let notice = ended(running.command).await.unwrap_err();
        assert_eq!(notice.exit_code, 2, "{host}");
        assert!(notice.text.contains("--allow-webhook-host"));
    }
}

#[tokio::test]
async fn a_file_that_holds_no_stubs_is_wrong_usage() {
    for (text, named) in [
        ("{}", "must be a JSON list"),
        (
            r#"[{ "path": "/no/such/route", "body": {} }]"#,
            "entry 1 of --stubs",
        ),
        (r#"[{ "path": "/transfer/list" }]"#, "entry 1 of --stubs"),
    ] {
        let stubs = File::with(text);
        let running = Running::start("sandbox", &["--stubs", stubs.name()]);
        let notice = ended(running.command).await.unwrap_err();
        assert!(notice.text.contains(named), "{notice:?}");
    }
}

#[tokio::test]
async fn with_tls_it_prints_where_and_writes_the_certificates_to_trust() {
    let ca = File::with("");
    let running = Running::start("sandbox", &["--tls", "--ca-file", ca.name()]);
    let (running, started) = running.next().await;
    assert!(
        started["tls_url"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    let written = std::fs::read_to_string(ca.name()).unwrap();
    assert!(written.ends_with("-----END CERTIFICATE-----\n"));
    running.stop.send(()).unwrap();
    ended(running.command).await.unwrap();
}

#[tokio::test]
async fn a_file_of_certificates_that_cannot_be_written_is_a_failure() {
    let file = "/nowhere/ca.pem";
    let running = Running::start("sandbox", &["--tls", "--ca-file", file]);
    let notice = ended(running.command).await.unwrap_err();
    assert_eq!(notice.exit_code, 1);
    let expected = "error: cannot write --ca-file /nowhere/ca.pem: ";
    assert!(notice.text.starts_with(expected), "{}", notice.text);
}

#[tokio::test]
async fn credentials_that_are_not_well_formed_are_wrong_usage_and_not_repeated() {
    const WRONG: &str = "41d8cd98f00b204e9800998\u{e4}";
    for option in ["--client-id", "--secret"] {
        let running = Running::start("sandbox", &[option, WRONG]);
        let notice = ended(running.command).await.unwrap_err();
        assert_eq!(notice.exit_code, 2);
        assert!(notice.text.contains(option), "{}", notice.text);
        assert!(!notice.text.contains(WRONG), "{}", notice.text);
    }
}
