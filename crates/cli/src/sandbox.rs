//! `utdk-plaid sandbox`: runs a local Plaid Sandbox and prints what happens in it.

mod ca_file;
mod log;
mod stubs;

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::timeout,
};
use utdk_plaid_sandbox::{Arrival, Config, Controls, Event, Sandbox, SandboxError};

use crate::{
    Notice,
    line::{LogOptions, LogStyle},
    listen::{self, host},
    output::{Output, PATIENCE, Printer},
    text::reason,
};
pub(crate) use log::Line;

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid sandbox --port 8321 --seed 1
  npx @utdk/plaid sandbox --tls --ca-file ca.pem --any-credentials

Point your backend's Plaid client at the URL that it prints, with the credentials that it prints. \
They change from run to run; --port and --seed keep them. Then it prints each request, webhook and \
Item. Needs no account and no network.

With --tls it has a certificate for sandbox.plaid.com, cdn.plaid.com and localhost, from an \
authority made for this run. Point SSL_CERT_FILE or REQUESTS_CA_BUNDLE at the file of --ca-file.

Ctrl-C and SIGTERM stop it, with exit code 0. Also exits when its output pipe closes.";

/// Arguments of `utdk-plaid sandbox`.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Port to listen on [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub port: u16,
    /// Address to listen on; 0.0.0.0 for containers and other machines
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into(), value_parser = host)]
    pub host: IpAddr,
    /// Also answer over TLS, as sandbox.plaid.com, on this port [default: a free one]
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "0")]
    pub tls: Option<u16>,
    /// Write the certificates to trust to this file: the system's and the Sandbox's own
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub ca_file: Option<PathBuf>,
    /// Accept this client id: 24 hexadecimal characters [default: a new one]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Accept this secret [default: a new one]
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    pub secret: Option<TestSecret>,
    /// Accept every well-formed pair of client id and secret
    #[arg(long)]
    pub any_credentials: bool,
    /// Make credentials, ids, tokens and keys the same in each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// When transactions arrive: all at once (ready), or over time (as_plaid)
    #[arg(long, value_name = "HOW", default_value = "ready", value_parser = arrival)]
    pub transactions: Arrival,
    /// Answer routes of Plaid's with the replies of this JSON file: a list of objects with path, body
    /// (or bodies) and status
    #[arg(long, value_name = "FILE")]
    pub stubs: Option<PathBuf>,
    /// Allow webhooks to this host outside of this machine, such as backend or backend:8080;
    /// repeatable
    #[arg(long = "allow-webhook-host", value_name = "HOST")]
    pub allow_webhook_hosts: Vec<String>,
    /// Allow other machines to use the controls under /_sandbox/
    #[arg(long)]
    pub allow_remote_control: bool,
    /// How events are printed.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Printed if a program that trusts the file of `--ca-file` reaches nothing but the Sandbox.
const ONLY_OWN: &str = "This system has no certificates, so the file has only the Sandbox's. \
                        SSL_CERT_FILE can name others.\n";

/// Runs a Sandbox until `stop` resolves or the reader of `output` leaves.
pub(crate) async fn run(
    options: Options,
    mut output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = options.log.style(&output);
    let stubs = options.stubs.as_deref().map(stubs::read).transpose()?;
    let (ports, ca_file) = (Ports::of(&options), options.ca_file.clone());
    let sandbox = Sandbox::start(config(options)).await;
    let sandbox = sandbox.map_err(|error| refusal(error, ports))?;
    stubs::set(&sandbox, stubs.unwrap_or_default()).await?;
    let tls = match ports.tls {
        Some(_) => Some(sandbox.tls().await.map_err(Notice::failure)?),
        None => None,
    };
    if let (Some(file), Some(tls)) = (&ca_file, &tls)
        && !ca_file::write(file, &tls.ca)?
    {
        let _ = output.take_notes().write(ONLY_OWN);
    }
    let mut events = sandbox.events();
    let log = Log::start(style, &sandbox, output);
    log.print(Line::Started {
        url: sandbox.url(),
        tls_url: tls.as_ref().map(|tls| tls.url.as_str()),
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
        tls: options.tls,
        client_id: options.client_id,
        secret: options.secret.map(|TestSecret(secret)| secret),
        any_credentials: options.any_credentials,
        seed: options.seed,
        transactions: options.transactions,
        allow_webhook_hosts: options.allow_webhook_hosts,
        allow_remote_control: options.allow_remote_control,
        on_unemulated: Some(warn_of),
        ..Config::default()
    }
}

/// Says on standard error that a route is not emulated, and what to do about it.
pub(crate) fn warn_of(path: &'static str) {
    let _ = writeln!(
        io::stderr(),
        "{path} is not emulated, so it answers NOT_FOUND. Answer it yourself: \
         sandbox --stubs FILE, or POST /_sandbox/stubs"
    );
}

fn arrival(text: &str) -> Result<Arrival, &'static str> {
    match text {
        "ready" => Ok(Arrival::Ready),
        "as_plaid" => Ok(Arrival::AsPlaid),
        _ => Err("give ready or as_plaid"),
    }
}

/// The ports that were asked for.
#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    tls: Option<u16>,
}

impl Ports {
    fn of(options: &Options) -> Self {
        Ports {
            plain: options.port,
            tls: options.tls,
        }
    }
}

/// Why the Sandbox did not start.
fn refusal(error: SandboxError, ports: Ports) -> Notice {
    match &error {
        SandboxError::Listen { address, source } => {
            let is_plain = address.port() == ports.plain;
            let option = if is_plain { "--port" } else { "--tls" };
            listen::refusal(address, source, option)
        }
        SandboxError::Option { field, message } => Notice::usage(match field.as_str() {
            "clientId" => message.replace("clientId", "--client-id"),
            "secret" => format!("--{message}"),
            // The other options have been checked as arguments.
            _ => "--allow-webhook-host must be a host, such as backend or backend:8080, without a \
                  scheme or path"
                .to_owned(),
        }),
        _ => Notice::failure(error),
    }
}

/// The value of `--secret`. Sandbox options are compared and printed; this prints nothing.
#[derive(Clone, Debug)]
pub struct TestSecret(SecretString);

impl PartialEq for TestSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

fn secret(text: &str) -> Result<TestSecret, std::convert::Infallible> {
    Ok(TestSecret(text.into()))
}

/// What is printed of a Sandbox.
pub(crate) struct Log {
    style: LogStyle,
    sandbox: Controls,
    printer: Printer,
}

impl Log {
    pub(crate) fn start(style: LogStyle, sandbox: &Sandbox, output: Output) -> Self {
        Log {
            style,
            sandbox: Controls::clone(sandbox),
            printer: output.start(),
        }
    }

    /// Prints what happens, until `stop` resolves or the reader leaves.
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
    /// A [`Notice`] that not all of it could be written.
    pub(crate) async fn finish(self, events: &mut Receiver<Event>) -> Result<(), Notice> {
        // Not for long: the reader may have stalled.
        let _ = timeout(PATIENCE, self.end(events)).await;
        let written = self.printer.finish().await;
        written.map_err(|error| {
            Notice::failure(format_args!("cannot write the log: {}", reason(&error)))
        })
    }

    /// Prints what happens, until the Sandbox is closed.
    async fn follow(&self, events: &mut Receiver<Event>) {
        loop {
            match events.recv().await {
                Ok(event) => self.print_event(&event).await,
                Err(RecvError::Lagged(events)) => self.print(Line::Missed { events }).await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Prints what happened until the Sandbox was closed, and that it is.
    async fn end(&self, events: &mut Receiver<Event>) {
        loop {
            match events.try_recv() {
                Ok(event) => self.print_event(&event).await,
                Err(TryRecvError::Lagged(events)) => self.print(Line::Missed { events }).await,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.print(Line::Stopped).await;
    }

    async fn print_event(&self, event: &Event) {
        if let Some(line) = Line::of(event, || self.sandbox.now()) {
            self.print(line).await;
        }
    }

    pub(crate) async fn print(&self, line: Line<'_>) {
        self.printer.print(line.write(self.style)).await;
    }
}
