//! `utdk-plaid console`: runs a local Plaid Sandbox and a gateway to it, which serves the Try-it
//! page, until it is told to stop, and prints what happens in the Sandbox.

use std::{io, io::ErrorKind, net::SocketAddr, time::Duration};

use clap::Args;
use utdk_plaid_gateway::{Config, Gateway, GatewayError, Pair};
use utdk_plaid_sandbox::{Sandbox, SandboxError};

use crate::{
    Notice,
    line::LogFormat,
    output::Output,
    sandbox::{Line, Log},
};

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid console --port 4000

Open the address that it prints first. Everything happens on this machine, in a Sandbox of its own:
PLAID_CLIENT_ID, PLAID_SECRET and the rest of the environment are left alone. Other programs of this
machine, and the pages it serves, can control that Sandbox.

Exit codes: 0 stopped, by Ctrl-C or SIGTERM, or because nobody reads its output any more; 1 failed,
for instance because a port is taken; 2 wrong usage; 130 ended by a second Ctrl-C.";

/// How long calls under way may take when it is told to stop. They go no further than to the
/// Sandbox.
const GRACE: Duration = Duration::from_secs(1);

/// How `utdk-plaid console` is to run.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// The port of the page and of the gateway; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    pub port: u16,
    /// The port of the Sandbox [default: a free one].
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub sandbox_port: u16,
    /// Makes the Sandbox's credentials, and every id, token and key, the same in each run.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
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

/// Runs the Sandbox and the gateway until `stop` resolves, or nobody reads `output` any more.
pub(crate) async fn run(
    options: Options,
    output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = options.log_format.style(&output);
    let sandbox = start_sandbox(&options).await?;
    let gateway = start_gateway(&options, &sandbox).await?;
    let mut events = sandbox.events();
    let log = Log::start(style, &sandbox, output);
    log.print(Line::Opened {
        url: &gateway.url().replace("127.0.0.1", "localhost"),
        gateway_url: gateway.url(),
        sandbox_url: sandbox.url(),
    })
    .await;
    log.follow_until(stop, &mut events).await;
    gateway.close().await;
    sandbox.close().await;
    log.finish(&mut events).await
}

async fn start_sandbox(options: &Options) -> Result<Sandbox, Notice> {
    let config = utdk_plaid_sandbox::Config {
        port: options.sandbox_port,
        seed: options.seed,
        allow_local_pages: true,
        ..Default::default()
    };
    Sandbox::start(config).await.map_err(|error| match &error {
        SandboxError::Listen { address, source } => {
            refusal(&error, address, source, "--sandbox-port")
        }
        _ => Notice::failure(error),
    })
}

async fn start_gateway(options: &Options, sandbox: &Sandbox) -> Result<Gateway, Notice> {
    let config = Config {
        port: options.port,
        client: utdk_plaid_client::Config {
            base_url: Some(sandbox.url().to_owned()),
            ..Config::default().client
        },
        credentials: Some(Pair {
            client_id: sandbox.client_id().into(),
            secret: sandbox.secret().clone(),
        }),
        sandbox_url: Some(sandbox.url().to_owned()),
        grace: GRACE,
        ..Config::default()
    };
    Gateway::start(config).await.map_err(|error| match &error {
        GatewayError::Listen { address, source } => refusal(&error, address, source, "--port"),
        _ => Notice::failure(error),
    })
}

/// Why nothing could listen there, and the option to change that with.
fn refusal(
    error: impl std::fmt::Display,
    address: &SocketAddr,
    source: &io::Error,
    option: &str,
) -> Notice {
    match source.kind() {
        ErrorKind::AddrInUse => Notice::failure(format_args!(
            "port {} of {} is taken; choose another with {option}",
            address.port(),
            address.ip(),
        )),
        _ => Notice::failure(error),
    }
}
