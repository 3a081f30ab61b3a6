//! What `utdk-plaid reset-login` promises about its list, its errors and its end.

use std::future::pending;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use std::time::Duration;
use std::{env, fs, process, thread};

use crate::read;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::timeout;
use utdk_plaid_cli::{Command, Environment, Notice, Output};
use utdk_plaid_client::Config;
use utdk_plaid_gateway::{Gateway, Pair, RateLimit};
use utdk_plaid_sandbox::{Effect, Event, Fault, NewItem, Sandbox};

use crate::running::Pipe;

const UNKNOWN: &str = "access-sandbox-00000000-0000-4000-8000-000000000000";
const GATEWAY_TOKEN: &str = "fakegatewaytoken-93b1a7c2d4e5f607";

/// A file that is removed when the test ends.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn with(content: impl AsRef<[u8]>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("utdk-tokens-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

async fn sandbox() -> Sandbox {
    Sandbox::start(Default::default()).await.unwrap()
}

/// The tokens of new Items.
fn tokens(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let create = |_| {
        sandbox
            .create_item(NewItem::default())
            .unwrap()
            .access_token
    };
    let tokens = (0..count).map(create);
    tokens
        .map(|token| token.expose_secret().to_owned())
        .collect()
}

fn environment(sandbox: &Sandbox) -> Environment {
    with_url(sandbox.url(), sandbox.client_id(), sandbox.secret().clone())
}

fn with_url(url: &str, client_id: &str, secret: SecretString) -> Environment {
    Environment {
        client: Config {
            base_url: Some(url.to_owned()),
            client_id: Some(client_id.into()),
            secret: Some(secret),
            ..Config::default()
        },
        ..Environment::default()
    }
}

/// How a run ended, and what it printed.
struct Ended {
    result: Result<(), Notice>,
    stdout: String,
    notes: String,
}

impl Ended {
    fn exit_code(&self) -> u8 {
        self.result
            .as_ref()
            .map_or_else(|notice| notice.exit_code, |()| 0)
    }

    /// The objects of `--json`: those of the tokens in their order, and the summary.
    fn json(&self) -> (Vec<Value>, Value) {
        let lines = self.stdout.lines();
        let mut items: Vec<Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let summary = items.pop().unwrap();
        assert_eq!(summary["kind"], "summary");
        items.sort_by_key(|item| item["position"].as_u64());
        (items, summary)
    }

    /// The position and the error code of each token.
    fn codes(&self) -> Vec<(u64, Option<String>)> {
        let (items, _) = self.json();
        let code = |item: &Value| item["error_code"].as_str().map(str::to_owned);
        let position = |item: &Value| item["position"].as_u64().unwrap();
        items
            .iter()
            .map(|item| (position(item), code(item)))
            .collect()
    }
}

async fn run(environment: Environment, arguments: &[&str]) -> Ended {
    run_until(environment, arguments, pending()).await
}

async fn run_until(
    environment: Environment,
    arguments: &[&str],
    stop: impl Future<Output = ()>,
) -> Ended {
    let Ok(Command::Native(command)) = read(["reset-login"].iter().chain(arguments)) else {
        panic!("the arguments are right");
    };
    let ((to_stdout, stdout), (to_notes, notes)) = (channel(), channel());
    let output = Output::to(Pipe(to_stdout)).with_notes(Pipe(to_notes));
    let ended = command.run(environment, output, stop);
    let result = timeout(Duration::from_secs(60), ended).await.unwrap();
    Ended {
        result,
        stdout: stdout.try_iter().collect(),
        notes: notes.try_iter().collect(),
    }
}

fn ok(position: u64) -> (u64, Option<String>) {
    (position, None)
}

fn failed(position: u64, code: &str) -> (u64, Option<String>) {
    (position, Some(code.to_owned()))
}

#[tokio::test]
async fn a_token_is_a_line_whatever_ends_the_line() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 2);
    let (a, b) = (&tokens[0], &tokens[1]);
    for text in [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n{b}\r\n"),
        format!("{a}\n{b}"),
        format!("  {a}\t\n \t{b} "),
        format!("\u{feff}{a}\n{b}\n"),
    ] {
        let file = File::with(&text);
        let ended = run(environment(&sandbox), &["--json", "--file", file.name()]).await;
        assert_eq!(ended.exit_code(), 0);
        assert_eq!(ended.codes(), [ok(1), ok(2)], "{text:?}");
    }
}

#[tokio::test]
async fn blank_lines_and_comments_are_skipped_and_from_line_counts_them() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 1);
    let token = &tokens[0];
    let text = format!("\n# a comment\n{token}\n \t \r\n  #{token}\n#\n{token}\n\n");
    let file = File::with(text);
    for (from, positions) in [
        ("1", &[3, 7][..]),
        ("3", &[3, 7]),
        ("4", &[7]),
        ("7", &[7]),
        ("8", &[]),
        ("90", &[]),
    ] {
        let arguments = ["--json", "--file", file.name(), "--from-line", from];
        let ended = run(environment(&sandbox), &arguments).await;
        assert_eq!(ended.exit_code(), 0);
        let expected: Vec<_> = positions.iter().copied().map(ok).collect();
        assert_eq!(ended.codes(), expected, "from line {from}");
    }
    let ended = run(
        environment(&sandbox),
        &["--file", file.name(), "--from-line", "8"],
    )
    .await;
    assert_eq!(ended.stdout, "No tokens found in the list.\n");
}

#[tokio::test]
async fn a_line_that_is_no_token_fails_alone_and_is_not_sent() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 2);
    let long = "x".repeat((4 << 10) + 1);
    let lines: [&[u8]; 10] = [
        tokens[0].as_bytes(),
        b"access-\xff",
        b"a\x1b[2Jb",
        b"ab\0",
        b"one two",
        "ab\u{202e}".as_bytes(),
        long.as_bytes(),
        &long.as_bytes()[1..],
        b"access-production-0123456789abcdef",
        tokens[1].as_bytes(),
    ];
    let file = File::with(lines.join(&b'\n'));
    let ended = run(environment(&sandbox), &["--json", "--file", file.name()]).await;
    assert_eq!(ended.exit_code(), 1);
    let expected = [
        ok(1),
        failed(2, "INVALID_UTF8"),
        failed(3, "INVALID_CHARACTER"),
        failed(4, "INVALID_CHARACTER"),
        failed(5, "INVALID_CHARACTER"),
        failed(6, "INVALID_CHARACTER"),
        failed(7, "TOKEN_TOO_LONG"),
        failed(8, "NOT_A_SANDBOX_TOKEN"),
        failed(9, "NOT_A_SANDBOX_TOKEN"),
        ok(10),
    ];
    assert_eq!(ended.codes(), expected);
    assert_eq!(sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_whole_is_wrong_usage() {
    let sandbox = sandbox().await;
    let most = File::with("\n".repeat(1_000_000));
    let ended = run(environment(&sandbox), &["--file", most.name()]).await;
    assert_eq!(ended.exit_code(), 0);
    let lines = File::with("\n".repeat(1_000_000) + "#");
    let bytes = File::with(vec![b' '; (64 << 20) + 1]);
    let directory = env::temp_dir();
    for (file, problem) in [
        (
            lines.name(),
            "it has more than 1000000 lines or 64 MiB: split it",
        ),
        (
            bytes.name(),
            "it has more than 1000000 lines or 64 MiB: split it",
        ),
        ("/nowhere", "No such file or directory"),
        (directory.to_str().unwrap(), "Is a directory"),
    ] {
        let notice = run(environment(&sandbox), &["--file", file])
            .await
            .result
            .unwrap_err();
        assert_eq!(notice.exit_code, 2);
        let sentence = format!("error: cannot read {file}: {problem}\n");
        assert!(notice.text.starts_with(&sentence), "{}", notice.text);
    }
}

#[tokio::test]
async fn missing_credentials_and_bad_urls_are_wrong_usage_and_nothing_is_sent() {
    let sandbox = sandbox().await;
    let without_secret = || {
        let mut environment = environment(&sandbox);
        environment.client.secret = None;
        environment
    };
    let through = |url: &str| Environment {
        gateway_url: Some(url.to_owned()),
        ..without_secret()
    };
    for (environment, arguments, sentence) in [
        (
            without_secret(),
            &[UNKNOWN][..],
            "no credentials: PLAID_SECRET is not set. ",
        ),
        (
            environment(&sandbox),
            &["--base-url", "nowhere", UNKNOWN],
            "--base-url ",
        ),
        (
            environment(&sandbox),
            &["--gateway", "nowhere", UNKNOWN],
            "--gateway ",
        ),
        (through("nowhere"), &[UNKNOWN], "UTDK_GATEWAY_URL "),
        (
            with_url("nowhere", "id", "secret".into()),
            &[UNKNOWN],
            "PLAID_BASE_URL ",
        ),
        (
            environment(&sandbox),
            &["--failures", "/no/where", UNKNOWN],
            "cannot write --failures: ",
        ),
    ] {
        let notice = run(environment, arguments).await.result.unwrap_err();
        assert_eq!(notice.exit_code, 2);
        let sentence = format!("error: {sentence}");
        assert!(notice.text.starts_with(&sentence), "{}", notice.text);
    }
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn an_error_that_every_token_would_meet_stops_the_run_and_it_can_be_resumed() {
    let sandbox = sandbox().await;
    let file = File::with(format!("# mine\n{}", format!("{UNKNOWN}\n").repeat(10_000)));
    let wrong = || with_url(sandbox.url(), sandbox.client_id(), "0".repeat(30).into());
    let ended = run(wrong(), &["--json", "--file", file.name()]).await;
    assert_eq!(ended.exit_code(), 1);
    let (items, summary) = ended.json();
    assert!(items.len() <= 16, "{} calls were made", items.len());
    assert_eq!(summary["end"], "gave_up");
    assert_eq!(summary["not_started"], 10_000 - items.len());
    assert_eq!(summary["next_position"], 2);

    let ended = run(wrong(), &["--file", file.name()]).await;
    let stopped = "\nStopped: all remaining tokens would fail with INVALID_API_KEYS.\n";
    assert!(ended.stdout.contains(stopped), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("\nTo resume: --from-line 2\n"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_failure_is_printed_five_times_and_counted_under_its_code() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 1);
    let file = File::with(format!(
        "{}\n{}",
        tokens[0],
        format!("{UNKNOWN}\n").repeat(7)
    ));
    let ended = run(
        environment(&sandbox),
        &["--concurrency", "1", "--file", file.name()],
    )
    .await;
    assert_eq!(ended.exit_code(), 1);
    let shown = "failed …0000  line 6  INVALID_ACCESS_TOKEN: could not find ";
    assert!(ended.notes.contains(shown), "{}", ended.notes);
    let lines: Vec<_> = ended.notes.lines().collect();
    assert_eq!(lines.len(), 6, "{}", ended.notes);
    assert_eq!(
        lines[5],
        "Further failures with INVALID_ACCESS_TOKEN are only counted."
    );
    assert!(
        ended.stdout.starts_with("1 reset, 7 failed in "),
        "{}",
        ended.stdout
    );
    let table = "\n  7  INVALID_ACCESS_TOKEN  lines 2, 3, 4, 5, 6, …\n     could not find ";
    assert!(ended.stdout.contains(table), "{}", ended.stdout);
}

#[tokio::test]
async fn failures_are_written_to_their_file_with_line_and_code() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 1);
    let file = File::with(format!("{UNKNOWN}\n{}\na b\n", tokens[0]));
    let failures = File::with("old");
    let arguments = ["--file", file.name(), "--failures", failures.name()];
    let ended = run(environment(&sandbox), &arguments).await;
    assert_eq!(ended.exit_code(), 1);
    let written = fs::read_to_string(failures.name()).unwrap();
    let mut lines: Vec<_> = written.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1\tINVALID_ACCESS_TOKEN", "3\tINVALID_CHARACTER"]);
    for token in [UNKNOWN, &tokens[0]] {
        assert!(!written.contains(token));
    }
}

#[tokio::test]
async fn a_gateway_is_called_with_its_token_and_without_credentials() {
    let sandbox = sandbox().await;
    let config = utdk_plaid_gateway::Config {
        client: environment(&sandbox).client,
        credentials: Some(Pair {
            client_id: sandbox.client_id().into(),
            secret: sandbox.secret().clone(),
        }),
        token: Some(GATEWAY_TOKEN.into()),
        ..Default::default()
    };
    let gateway = Gateway::start(config).await.unwrap();
    let file = File::with(tokens(&sandbox, 5).join("\n"));
    let with = |url: Option<&str>, token: Option<&str>| Environment {
        gateway_url: url.map(str::to_owned),
        gateway_token: token.map(SecretString::from),
        ..Environment::default()
    };
    let (url, token) = (gateway.url(), Some(GATEWAY_TOKEN));
    let through = ["--json", "--gateway", url, "--file", file.name()];
    let refused = run(with(None, None), &through).await;
    assert_eq!(refused.json().1["errors"][0]["error_code"], "UNAUTHORIZED");
    assert!(sandbox.requests().is_empty());
    assert_eq!(run(with(None, token), &through).await.exit_code(), 0);
    let from_environment = run(with(Some(url), token), &["--file", file.name()]).await;
    assert_eq!(from_environment.exit_code(), 0);
    gateway.close().await;
}

#[tokio::test]
async fn a_call_is_retried_and_the_timeout_ends_it() {
    let sandbox = sandbox().await;
    let tokens = tokens(&sandbox, 1);
    let fault = |effect| Fault {
        path: None,
        times: Some(1),
        probability: None,
        effect,
    };
    let busy = Effect::Error {
        status: Some(503),
        error_code: None,
        retry_after: None,
    };
    sandbox.inject(fault(busy)).unwrap();
    let ended = run(environment(&sandbox), &["--json", &tokens[0]]).await;
    assert_eq!(ended.json().0[0]["attempts"], 2);
    sandbox.inject(fault(Effect::Hang)).unwrap();
    let ended = run(
        environment(&sandbox),
        &["--json", "--timeout", "0.2", &tokens[0]],
    )
    .await;
    assert_eq!(ended.codes(), [failed(1, "TIMEOUT")]);
}

/// Answers every request with an error of another code.
fn answer_with_codes() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU32::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = count.clone();
            thread::spawn(move || answer(BufReader::new(stream), &count));
        }
    });
    url
}

fn answer(mut stream: BufReader<TcpStream>, count: &AtomicU32) -> std::io::Result<()> {
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        stream.read_exact(&mut vec![0; length])?;
        let number = count.fetch_add(1, Ordering::Relaxed);
        let body =
            json!({ "error_code": format!("CODE_{number}"), "error_message": "" }).to_string();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all((head + &body).as_bytes())?;
    }
}

#[tokio::test]
async fn codes_beyond_the_first_32_are_counted_together() {
    let file = File::with(format!("{UNKNOWN}\n").repeat(100));
    let environment = with_url(&answer_with_codes(), "id", "secret".into());
    let ended = run(environment, &["--json", "--file", file.name()]).await;
    let (_, summary) = ended.json();
    let errors = summary["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 33);
    assert_eq!(
        (&errors[0]["error_code"], &errors[0]["count"]),
        (&json!("OTHER"), &json!(68))
    );
    assert_eq!(errors[0]["positions"].as_array().unwrap().len(), 5);
}

/// A gateway in front of `sandbox` that lets `per_second` calls through, twice as many at once.
async fn gateway(sandbox: &Sandbox, rate_limit: RateLimit) -> Gateway {
    let config = utdk_plaid_gateway::Config {
        client: environment(sandbox).client,
        credentials: Some(Pair {
            client_id: sandbox.client_id().into(),
            secret: sandbox.secret().clone(),
        }),
        rate_limit: Some(rate_limit),
        ..Default::default()
    };
    Gateway::start(config).await.unwrap()
}

#[tokio::test]
async fn a_list_goes_through_a_rate_limit_without_a_failure() {
    let sandbox = sandbox().await;
    let file = File::with(tokens(&sandbox, 300).join("\n"));
    for concurrency in ["1", "64"] {
        // Five times the default, to be done sooner.
        let gateway = gateway(&sandbox, RateLimit::per_second(50.try_into().unwrap())).await;
        let through = [
            &["--json", "--gateway", gateway.url(), "--file", file.name()][..],
            &["--concurrency", concurrency],
        ];
        let ended = run(Environment::default(), &through.concat()).await;
        let (items, summary) = ended.json();
        assert_eq!(
            (ended.exit_code(), &summary["reset"]),
            (0, &json!(300)),
            "{summary}"
        );
        let attempts: u64 = items
            .iter()
            .map(|item| item["attempts"].as_u64().unwrap())
            .sum();
        assert!((300..500).contains(&attempts), "{attempts} requests");
        gateway.close().await;
    }
}

fn rate_limit(retry_after: u64) -> Fault {
    Fault {
        path: None,
        times: None,
        probability: None,
        effect: Effect::Error {
            status: Some(429),
            error_code: None,
            retry_after: Some(retry_after),
        },
    }
}

#[tokio::test]
async fn a_rate_limit_that_lets_nothing_through_or_asks_for_too_long_a_wait_stops_the_run() {
    let sandbox = sandbox().await;
    let file = File::with(tokens(&sandbox, 20).join("\n"));
    for (retry_after, requests) in [(0, 16..=200), (301, 16..=16)] {
        let before = sandbox.requests().len();
        sandbox.inject(rate_limit(retry_after)).unwrap();
        let ended = run(environment(&sandbox), &["--json", "--file", file.name()]).await;
        let (_, summary) = ended.json();
        assert_eq!((ended.exit_code(), &summary["end"]), (1, &json!("gave_up")));
        assert_eq!(summary["next_position"], 1);
        assert_eq!(summary["errors"][0]["error_code"], "RATE_LIMIT");
        let requests_made = sandbox.requests().len() - before;
        assert!(
            requests.contains(&requests_made),
            "{requests_made} requests"
        );
        sandbox.clear_faults();
    }
}

#[tokio::test]
async fn a_stop_during_the_wait_for_a_rate_limit_ends_the_run_at_once() {
    let sandbox = sandbox().await;
    let file = File::with(tokens(&sandbox, 20).join("\n"));
    sandbox.inject(rate_limit(100)).unwrap();
    let watched = sandbox.events();
    let stop = async move {
        let mut watched = watched;
        while let Ok(event) = watched.recv().await {
            if let Event::Request(_) = event {
                break;
            }
        }
    };
    let ended = run_until(
        environment(&sandbox),
        &["--json", "--file", file.name()],
        stop,
    )
    .await;
    let (items, summary) = ended.json();
    assert_eq!((ended.exit_code(), items.len()), (130, 0));
    assert_eq!(summary["not_started"], 20);
    assert_eq!(summary["next_position"], 1);
}
