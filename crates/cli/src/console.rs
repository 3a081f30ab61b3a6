//! `utdk-plaid console`: runs a local Plaid Sandbox with a gateway that serves the web console, and
//! prints what happens in the Sandbox.

use std::time::Duration;

use clap::Args;
use tokio::task::spawn_blocking;
use utdk_plaid_gateway::{Config, Gateway, GatewayError, Pair};
use utdk_plaid_sandbox::{Sandbox, SandboxError};

use crate::{
    Notice, browser,
    line::LogOptions,
    listen,
    output::Output,
    sandbox::{Line, Log, warn_of},
};

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid console --open

Create an Item, break its login, watch the webhook arrive, repair it. Needs no account and no \
network.

Everything happens on this machine, in a Sandbox of its own: PLAID_CLIENT_ID, PLAID_SECRET and the \
rest of the environment are not used. Other programs of this machine, and the pages that it \
serves, can control that Sandbox.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, or because its output pipe closed; 1 failed, for \
instance because a port is taken; 2 wrong usage; 130 ended by a second Ctrl-C.";

/// How long calls in flight may take after the request to stop. They only go to the Sandbox.
const GRACE: Duration = Duration::from_secs(1);

/// Arguments of `utdk-plaid console`.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Open the console in the browser
    #[arg(long)]
    pub open: bool,
    /// Port of the console and the gateway; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    pub port: u16,
    /// Port of the Sandbox [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub sandbox_port: u16,
    /// Make credentials, ids, tokens and keys the same in each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How events are printed.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Runs the Sandbox and the gateway until `stop` resolves or the reader of `output` leaves.
pub(crate) async fn run(
    options: Options,
    mut output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = options.log.style(&output);
    let sandbox = start_sandbox(&options).await?;
    let gateway = start_gateway(&options, &sandbox).await?;
    let mut events = sandbox.events();
    let mut notes = output.take_notes();
    let log = Log::start(style, &sandbox, output);
    let url = gateway.url().replace("127.0.0.1", "localhost");
    log.print(Line::Opened {
        url: &url,
        gateway_url: gateway.url(),
        sandbox_url: sandbox.url(),
    })
    .await;
    if options.open {
        let opening = spawn_blocking(move || browser::open(&url));
        if !matches!(opening.await, Ok(Ok(()))) {
            // The URL has been printed.
            let _ = notes.write("No browser could be started: open the URL above.\n");
        }
    }
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
        on_unemulated: Some(warn_of),
        ..Default::default()
    };
    Sandbox::start(config).await.map_err(|error| match &error {
        SandboxError::Listen { address, source } => {
            listen::refusal(address, source, "--sandbox-port")
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
        GatewayError::Listen { address, source } => listen::refusal(address, source, "--port"),
        _ => Notice::failure(error),
    })
}
