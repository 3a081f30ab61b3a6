//! What `utdk-plaid sandbox` promises about how it runs and ends.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use utdk_plaid_cli::{
    Command, Environment, LogFormat, NativeCommand, Notice, Output, SandboxOptions, read,
};

/// A running command, whose output a test reads as it likes.
struct Running {
    written: Receiver<String>,
    stop: oneshot::Sender<()>,
    command: JoinHandle<Result<(), Notice>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let (sender, written) = channel();
        Self::start_with(arguments, Pipe(sender), written)
    }

    fn start_with(
        arguments: &[&str],
        writer: impl Write + Send + 'static,
        written: Receiver<String>,
    ) -> Self {
        let arguments = ["sandbox", "--log-format", "json"].iter().chain(arguments);
        let Ok(Command::Native(command)) = read(arguments) else {
            panic!("the arguments are right");
        };
        let (stop, stopped) = oneshot::channel();
        let running = command.run(Environment::default(), Output::to(writer), async {
            let _ = stopped.await;
        });
        Running {
            written,
            stop,
            command: tokio::spawn(running),
        }
    }

    /// The next JSON that was written.
    async fn next(self) -> (Self, Value) {
        spawn_blocking(move || {
            let text = self.written.recv_timeout(Duration::from_secs(20)).unwrap();
            let line = text.lines().next().unwrap();
            let json = serde_json::from_str(line).unwrap();
            (self, json)
        })
        .await
        .unwrap()
    }

    async fn stop(self) -> Result<(), Notice> {
        let _ = self.stop.send(());
        self.command.await.unwrap()
    }
}

/// Hands over what is written; breaks when nobody takes it.
struct Pipe(Sender<String>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        match self.0.send(text) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a request to the Sandbox at `url`, and returns the first line of the answer.
async fn ask(url: String) -> io::Result<String> {
    spawn_blocking(move || Connection::open(&url)?.ask())
        .await
        .unwrap()
}

async fn ask_often(url: String, times: u64) {
    spawn_blocking(move || {
        let mut connection = Connection::open(&url).unwrap();
        for _ in 0..times {
            connection.ask().unwrap();
        }
    })
    .await
    .unwrap();
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(url: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(url.strip_prefix("http://").unwrap())?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self(BufReader::new(stream)))
    }

    fn ask(&mut self) -> io::Result<String> {
        let request = "POST /nope HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        self.0.read_exact(&mut body)?;
        Ok(head.lines().next().unwrap().to_owned())
    }
}

fn url(started: &Value) -> String {
    started["url"].as_str().unwrap().to_owned()
}

#[test]
fn its_options_have_defaults() {
    let Command::Native(NativeCommand::Sandbox(options)) = read(["sandbox"]).unwrap() else {
        panic!("sandbox is a command of its own");
    };
    let expected = SandboxOptions {
        port: 0,
        host: [127, 0, 0, 1].into(),
        seed: None,
        allow_webhook_hosts: Vec::new(),
        allow_remote_control: false,
        log_format: LogFormat::Text,
    };
    assert_eq!(options, expected);
}

#[tokio::test]
async fn it_runs_until_it_is_stopped_and_says_so() {
    let (running, started) = Running::start(&[]).next().await;
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
    command.await.unwrap().unwrap();
    assert_eq!(written.recv().unwrap(), "{\"kind\":\"stopped\"}\n");
    assert!(ask(url).await.is_err());
}

#[tokio::test]
async fn it_ends_without_a_failure_when_nobody_reads_any_more() {
    let (running, started) = Running::start(&[]).next().await;
    let url = url(&started);
    drop(running.written);
    let _ = ask(url.clone()).await;
    running.command.await.unwrap().unwrap();
    assert!(ask(url).await.is_err());
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
    let running = Running::start_with(&[], Full, channel().1);
    let notice = running.command.await.unwrap().unwrap_err();
    assert_eq!(notice.exit_code, 1);
    assert_eq!(
        notice.text,
        "error: the log could not be written: no storage space\n"
    );
}

#[tokio::test]
async fn a_pipe_that_does_not_block_is_waited_for() {
    /// Takes a byte every second time.
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
    let running = Running::start_with(&[], Narrow(Pipe(sender), false), written);
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

/// Takes the first lines, and nothing more until the other end of the channel is gone.
struct Stalled(Pipe, Receiver<()>);

impl Write for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.1.recv();
        Ok(())
    }
}

#[tokio::test]
async fn a_reader_that_stalls_does_not_hold_up_the_end() {
    let (sender, written) = channel();
    let (release, stalled) = channel();
    let stalled = Stalled(Pipe(sender), stalled);
    let (running, started) = Running::start_with(&[], stalled, written).next().await;
    let url = url(&started);
    assert!(ask(url.clone()).await.unwrap().contains("404"));
    let stopping = Instant::now();
    running.stop().await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(10));
    assert!(ask(url).await.is_err());
    drop::<Sender<()>>(release);
}

#[tokio::test]
async fn a_reader_that_stalls_misses_what_is_counted_for_it() {
    const REQUESTS: u64 = 4_000;
    let (sender, written) = channel();
    let (release, stalled) = channel();
    let stalled = Stalled(Pipe(sender), stalled);
    let (running, started) = Running::start_with(&[], stalled, written).next().await;
    ask_often(url(&started), REQUESTS).await;
    drop::<Sender<()>>(release);
    spawn_blocking(move || {
        let (mut told, mut missed) = (0, 0);
        while told + missed < REQUESTS {
            let text = running.written.recv_timeout(Duration::from_secs(20));
            for line in text.unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                match line["kind"].as_str().unwrap() {
                    "missed" => missed += line["events"].as_u64().unwrap(),
                    "request" => told += 1,
                    kind => panic!("{kind}"),
                }
            }
        }
        assert_eq!(told + missed, REQUESTS);
        assert!(told > 0 && missed > 0, "{told} and {missed}");
        running
    })
    .await
    .unwrap()
    .stop()
    .await
    .unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_failure_that_names_it() {
    let (running, started) = Running::start(&[]).next().await;
    let port = url(&started).rsplit_once(':').unwrap().1.to_owned();
    let second = Running::start(&["--port", &port]);
    let notice = second.command.await.unwrap().unwrap_err();
    assert_eq!(notice.exit_code, 1);
    assert_eq!(
        notice.text,
        format!(
            "error: port {port} of 127.0.0.1 is taken; choose another with --port, or leave --port \
             out\n"
        )
    );
    assert_eq!(second.written.recv().ok(), None);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_webhook_host_that_is_none_is_wrong_usage() {
    for host in ["http://backend/", "backend/hook", "", "me@backend"] {
        let running = Running::start(&["--allow-webhook-host", host]);
        let notice = running.command.await.unwrap().unwrap_err();
        assert_eq!(notice.exit_code, 2, "{host}");
        assert!(notice.text.contains("--allow-webhook-host"));
    }
}
