//! `utdk-plaid sandbox`: runs a local Plaid Sandbox until it is told to stop, and prints what
//! happens in it.

mod log;

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr},
};

use clap::Args;
use secrecy::ExposeSecret;
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::timeout,
};
use utdk_plaid_sandbox::{Config, Controls, Event, Sandbox, SandboxError};

use crate::{
    Notice,
    line::{LogFormat, Style},
    output::{Output, PATIENCE, Printer},
};
pub(crate) use log::Line;

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid sandbox --port 8321

Point your backend's Plaid client at the URL it prints, with the credentials it prints. The URL and
the credentials change from run to run; --port and --seed keep them.

Ctrl-C and SIGTERM stop it, with the exit code 0. It ends, too, when nobody reads its output any
more.";

/// How `utdk-plaid sandbox` is to run.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// The port to listen on, to find the Sandbox where it was [default: a free one].
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub port: u16,
    /// The address to listen on; 0.0.0.0 is for containers and other machines.
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub host: IpAddr,
    /// Makes the credentials, and every id, token and key, the same in each run.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// A host outside this machine, such as backend or backend:8080, that webhooks may be sent to;
    /// may be given several times.
    #[arg(long = "allow-webhook-host", value_name = "HOST")]
    pub allow_webhook_hosts: Vec<String>,
    /// Lets other machines use the control routes under /_sandbox/, which anyone who reaches them
    /// may then use.
    #[arg(long)]
    pub allow_remote_control: bool,
    /// How to print what happens: text, for people, or json, an object a line for programs.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        hide_possible_values = true
    )]
    pub log_format: LogFormat,
}

/// Runs a Sandbox until `stop` resolves, or nobody reads `output` any more.
pub(crate) async fn run(
    options: Options,
    output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = options.log_format.style(&output);
    let sandbox = Sandbox::start(config(options)).await.map_err(refusal)?;
    let mut events = sandbox.events();
    let log = Log::start(style, &sandbox, output);
    log.print(Line::Started {
        url: sandbox.url(),
        client_id: sandbox.client_id(),
        secret: sandbox.secret().expose_secret(),
    })
    .await;
    log.follow_until(stop, &mut events).await;
    sandbox.close().await;
    log.finish(&mut events).await
}

fn config(options: Options) -> Config {
    Config {
        host: options.host,
        port: options.port,
        seed: options.seed,
        allow_webhook_hosts: options.allow_webhook_hosts,
        allow_remote_control: options.allow_remote_control,
        ..Config::default()
    }
}

/// Why the Sandbox did not start.
fn refusal(error: SandboxError) -> Notice {
    match &error {
        SandboxError::Listen { address, source } if source.kind() == ErrorKind::AddrInUse => {
            let (ip, port) = (address.ip(), address.port());
            Notice::failure(format_args!(
                "port {port} of {ip} is taken; choose another with --port, or leave --port out"
            ))
        }
        // The others have been checked as arguments.
        SandboxError::Option { .. } => Notice::usage(
            "--allow-webhook-host takes a host, such as backend or backend:8080, without a scheme \
             or path",
        ),
        _ => Notice::failure(error),
    }
}

/// What is printed of a Sandbox.
pub(crate) struct Log {
    style: Style,
    sandbox: Controls,
    printer: Printer,
}

impl Log {
    pub(crate) fn start(style: Style, sandbox: &Sandbox, output: Output) -> Self {
        Log {
            style,
            sandbox: Controls::clone(sandbox),
            printer: output.start(),
        }
    }

    /// Prints what happens, until `stop` resolves, or nobody reads any more.
    pub(crate) async fn follow_until(
        &self,
        stop: impl Future<Output = ()>,
        events: &mut Receiver<Event>,
    ) {
        tokio::select! {
            () = stop => {}
            () = self.printer.unread() => {}
            () = self.follow(events) => {}
        }
    }

    /// Prints what is left once the Sandbox is closed.
    ///
    /// # Errors
    ///
    /// A [`Notice`] that not everything could be printed.
    pub(crate) async fn finish(self, events: &mut Receiver<Event>) -> Result<(), Notice> {
        // Not for long: it may be that nobody reads.
        let _ = timeout(PATIENCE, self.end(events)).await;
        let written = self.printer.finish().await;
        written
            .map_err(|error| Notice::failure(format_args!("the log could not be written: {error}")))
    }

    /// Prints what happens, until the Sandbox is closed.
    async fn follow(&self, events: &mut Receiver<Event>) {
        loop {
            match events.recv().await {
                Ok(event) => self.tell(&event).await,
                Err(RecvError::Lagged(events)) => self.print(Line::Missed { events }).await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Prints what had happened by the time it was closed, and that it is.
    async fn end(&self, events: &mut Receiver<Event>) {
        loop {
            match events.try_recv() {
                Ok(event) => self.tell(&event).await,
                Err(TryRecvError::Lagged(events)) => self.print(Line::Missed { events }).await,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.print(Line::Stopped).await;
    }

    async fn tell(&self, event: &Event) {
        if let Some(line) = Line::of(event, || self.sandbox.now()) {
            self.print(line).await;
        }
    }

    pub(crate) async fn print(&self, line: Line<'_>) {
        self.printer.print(line.write(self.style)).await;
    }
}
