//! Runs a command in a test, and sends requests to it.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::read;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use utdk_plaid_cli::{Command, Environment, Notice, Output};

/// A running command, with its output.
pub(crate) struct Running {
    pub(crate) written: Receiver<String>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) command: JoinHandle<Result<(), Notice>>,
}

impl Running {
    /// Runs the command `name` with JSON output.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        Self::start_in(Environment::default(), name, arguments)
    }

    pub(crate) fn start_in(environment: Environment, name: &str, arguments: &[&str]) -> Self {
        let (sender, written) = channel();
        Self::run(environment, name, arguments, Pipe(sender), written)
    }

    pub(crate) fn start_with(
        name: &str,
        arguments: &[&str],
        writer: impl Write + Send + 'static,
        written: Receiver<String>,
    ) -> Self {
        Self::run(Environment::default(), name, arguments, writer, written)
    }

    fn run(
        environment: Environment,
        name: &str,
        arguments: &[&str],
        writer: impl Write + Send + 'static,
        written: Receiver<String>,
    ) -> Self {
        let arguments = [name, "--log-format", "json"]
            .into_iter()
            .chain(arguments.iter().copied());
        let Ok(Command::Native(command)) = read(arguments) else {
            panic!("the arguments are right");
        };
        let (stop, stopped) = oneshot::channel();
        let running = command.run(environment, Output::to(writer), async {
            let _ = stopped.await;
        });
        Running {
            written,
            stop,
            command: tokio::spawn(running),
        }
    }

    /// The next JSON that was written.
    pub(crate) async fn next(self) -> (Self, Value) {
        spawn_blocking(move || {
            let text = self.written.recv_timeout(Duration::from_secs(20)).unwrap();
            let line = text.lines().next().unwrap();
            let json = serde_json::from_str(line).unwrap();
            (self, json)
        })
        .await
        .unwrap()
    }

    pub(crate) async fn stop(self) -> Result<(), Notice> {
        let _ = self.stop.send(());
        ended(self.command).await
    }
}

/// Waits for a command that ends by itself or has been stopped.
pub(crate) async fn ended(command: JoinHandle<Result<(), Notice>>) -> Result<(), Notice> {
    let ended = timeout(Duration::from_secs(20), command).await;
    ended.expect("the command is still running").unwrap()
}

/// Sends what is written to a channel; fails once its receiver is gone.
pub(crate) struct Pipe(pub(crate) Sender<String>);

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

/// Sends a request for an unknown path to the server at `url`. Returns the first line of the reply.
pub(crate) async fn ask(url: String) -> io::Result<String> {
    spawn_blocking(move || Connection::open(&url)?.ask())
        .await
        .unwrap()
}

pub(crate) async fn ask_often(url: String, times: u64) {
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

pub(crate) fn url(started: &Value) -> String {
    started["url"].as_str().unwrap().to_owned()
}

/// Accepts the first lines, and nothing more until the other end of the channel is gone.
pub(crate) struct Stalled(pub(crate) Pipe, pub(crate) Receiver<()>);

impl Write for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.1.recv();
        Ok(())
    }
}
