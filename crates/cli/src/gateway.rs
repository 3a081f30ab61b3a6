//! `utdk-plaid gateway`: runs a gateway and prints each request.

mod log;

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, value_parser};
use secrecy::SecretString;
use tokio::{
    sync::broadcast::{self, Receiver, error::RecvError},
    time::sleep,
};
use tracing::instrument::WithSubscriber;
use utdk_plaid_gateway::{Config, Gateway, GatewayError, Pair, RateLimit, token_from_file};

use crate::{
    Environment, Notice,
    line::{LogOptions, LogStyle},
    listen::{self, host},
    output::{Output, PATIENCE, Printer},
    text::reason,
};
use log::{Line, Request};

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid gateway --credentials-file plaid.env

Point callers at the URL that it prints: UTDK_GATEWAY_URL for this package, the base path for \
Plaid's own clients. They need no credentials. It prints each request.

Environment:
  PLAID_CLIENT_ID, PLAID_SECRET  Credentials; without any, callers bring theirs
  PLAID_BASE_URL                 URL of the API, unless --base-url is given
  UTDK_GATEWAY_TOKEN             Token that callers send as Bearer token

Secrets are not taken as arguments: other users of the machine can see those.

Ctrl-C and SIGTERM stop it: it finishes the calls in flight and exits with 0. A second Ctrl-C ends \
it at once, with 130. Also exits when its output pipe closes. Exits with 1 if it cannot start, and \
with 2 for wrong usage.";

/// Arguments of `utdk-plaid gateway`.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    pub port: u16,
    /// Address to listen on. One that other machines can reach, such as 0.0.0.0 in a container,
    /// needs a token
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into(), value_parser = host)]
    pub host: IpAddr,
    /// File with the lines PLAID_CLIENT_ID=… and PLAID_SECRET=…, readable only by its owner;
    /// replaces the environment
    #[arg(long, value_name = "FILE")]
    pub credentials_file: Option<PathBuf>,
    /// File with the token that callers must send, readable only by its owner; replaces
    /// UTDK_GATEWAY_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Origin whose pages may call, such as http://localhost:5173; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub allow_origins: Vec<String>,
    /// URL of the API; replaces PLAID_BASE_URL
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How long a call to Plaid may take, retries included
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        value_parser = seconds,
        allow_negative_numbers = true
    )]
    pub timeout: Duration,
    /// How many calls go to Plaid at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..=MOST))]
    pub max_in_flight: u32,
    /// How many more calls can wait; further ones are refused with 503
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = value_parser!(u32).range(..=MOST))]
    pub max_waiting: u32,
    /// Calls per second from one address, on average; twice as many at once
    #[arg(long, value_name = "PER_SECOND|off", default_value = "10", value_parser = rate)]
    pub rate_limit: Rate,
    /// How events are printed.
    #[command(flatten)]
    pub log: LogOptions,
}

/// More than any machine serves.
const MOST: i64 = 1 << 20;

/// How many calls one address may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Calls per second, on average.
    PerSecond(NonZeroU32),
    /// No limit.
    Off,
}

fn rate(text: &str) -> Result<Rate, &'static str> {
    match text {
        "off" => Ok(Rate::Off),
        _ => text
            .parse()
            .map(Rate::PerSecond)
            .map_err(|_| "it must be a whole number above 0, or off"),
    }
}

pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds) if (0.001..=LONGEST_TIMEOUT).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("it must be a number of seconds from 0.001 to 2147483"),
    }
}

/// In seconds: the longest time of a JavaScript timer.
const LONGEST_TIMEOUT: f64 = 2_147_483.0;

/// Runs a gateway until `stop` resolves or the reader of `output` leaves.
pub(crate) async fn run(
    options: Options,
    environment: Environment,
    output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = options.log.style(&output);
    let config = config(options, environment)?;
    let credentials = match config.credentials {
        Some(_) => "start",
        None => "none",
    };
    let token_required = config.token.is_some();
    let (requests, mut answered) = broadcast::channel(WAITING);
    let gateway = Gateway::start(config).with_subscriber(log::subscriber(requests));
    let gateway = gateway.await.map_err(refusal)?;
    let log = Log {
        style,
        printer: output.start(),
    };
    log.print(Line::Started {
        url: gateway.url(),
        credentials,
        token_required,
        upstream: gateway.upstream(),
    })
    .await;
    tokio::select! {
        () = stop => {}
        () = log.printer.unread() => {}
        () = log.follow(&mut answered) => {}
    }
    let stopped = async {
        gateway.close().await;
        // Not for long: the reader may have stalled.
        sleep(PATIENCE).await;
    };
    tokio::select! {
        () = stopped => {}
        () = log.end(&mut answered) => {}
    }
    let written = log.printer.finish().await;
    written
        .map_err(|error| Notice::failure(format_args!("cannot write the log: {}", reason(&error))))
}

fn config(options: Options, environment: Environment) -> Result<Config, Notice> {
    let mut client = utdk_plaid_client::Config {
        timeout: options.timeout,
        // Callers retry, and retries of both would multiply.
        max_retries: 0,
        ..environment.client
    };
    if options.base_url.is_some() {
        client.base_url = options.base_url;
    }
    let credentials = match options.credentials_file {
        Some(path) => Some(Pair::from_file(&path).map_err(refusal)?),
        None => pair(client.client_id.take(), client.secret.take())?,
    };
    let token = match options.token_file {
        Some(path) => Some(token_from_file(&path).map_err(refusal)?),
        None => environment.gateway_token,
    };
    Ok(Config {
        host: options.host,
        port: options.port,
        client,
        credentials,
        token,
        allow_origins: options.allow_origins,
        max_in_flight: options.max_in_flight as usize,
        max_waiting: options.max_waiting as usize,
        rate_limit: match options.rate_limit {
            Rate::PerSecond(per_second) => Some(RateLimit::per_second(per_second)),
            Rate::Off => None,
        },
        ..Config::default()
    })
}

/// The credentials of the environment: both or none.
fn pair(
    client_id: Option<SecretString>,
    secret: Option<SecretString>,
) -> Result<Option<Pair>, Notice> {
    let (given, missing) = match (client_id, secret) {
        (None, None) => return Ok(None),
        (Some(client_id), Some(secret)) => return Ok(Some(Pair { client_id, secret })),
        (Some(_), None) => ("PLAID_CLIENT_ID", "PLAID_SECRET"),
        (None, Some(_)) => ("PLAID_SECRET", "PLAID_CLIENT_ID"),
    };
    Err(Notice::usage(format_args!(
        "{given} is set without {missing}: set both, or neither so that callers bring their own"
    )))
}

/// Why the gateway did not start.
fn refusal(error: GatewayError) -> Notice {
    let sentence = error.to_string();
    let field = match &error {
        GatewayError::Listen { address, source } => {
            return listen::refusal(address, source, "--port");
        }
        GatewayError::TokenMissing { address } => {
            return Notice::usage(format_args!(
                "{address} can be reached from other machines, so callers need a token: set one \
                 with UTDK_GATEWAY_TOKEN or --token-file, or listen on 127.0.0.1"
            ));
        }
        _ => error.field().unwrap_or_default(),
    };
    let (name, refusal): (_, fn(String) -> Notice) = match field {
        "allowOrigins" => ("--allow-origin", Notice::usage),
        "baseUrl" => ("the base URL (--base-url or PLAID_BASE_URL)", Notice::usage),
        "token" => (
            "the token (UTDK_GATEWAY_TOKEN or --token-file)",
            Notice::usage,
        ),
        "credentialsFile" => ("--credentials-file", Notice::failure),
        "tokenFile" => ("--token-file", Notice::failure),
        // It is about the machine, or names a variable of the environment.
        _ => return Notice::failure(sentence),
    };
    let problem = sentence.strip_prefix(field).unwrap_or(&sentence);
    refusal(format!("{name}{problem}"))
}

/// How many requests can wait to be printed; with more, the oldest are only counted.
const WAITING: usize = 1024;

/// What is printed of a gateway.
struct Log {
    style: LogStyle,
    printer: Printer,
}

impl Log {
    /// Prints each request, until the gateway has ended.
    async fn follow(&self, answered: &mut Receiver<Request>) {
        loop {
            match answered.recv().await {
                Ok(request) => self.print(Line::Request(request)).await,
                Err(RecvError::Lagged(events)) => self.print(Line::Missed { events }).await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Prints the last requests, and that it has ended.
    async fn end(&self, answered: &mut Receiver<Request>) {
        self.follow(answered).await;
        self.print(Line::Stopped).await;
    }

    async fn print(&self, line: Line<'_>) {
        let text = line.write(self.style);
        if !text.is_empty() {
            self.printer.print(text).await;
        }
    }
}
