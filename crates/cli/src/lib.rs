//! The command line of `@utdk/plaid`: reads the arguments, and carries the commands out.
//!
//! # Reading order
//!
//! - This file: the arguments, and which command they ask for.
//! - `sandbox`: `utdk-plaid sandbox`, and in `sandbox/log` the lines that it prints. Each command
//!   has a file of its own, of the same shape: `Options`, and `run(options, output, stop)`.
//! - `gateway`: `utdk-plaid gateway`, and in `gateway/log` its lines.
//! - `console`: `utdk-plaid console`, a Sandbox with a gateway before it.
//! - `reset_login`: `utdk-plaid reset-login`, which takes its input from a list.
//! - `doctor`: `utdk-plaid doctor`, and in `doctor/report` what it prints.
//! - `line`: what the lines of servers have in common; `output`: where a command prints; `notice`:
//!   how a command ends; `environment`: what a command reads of the environment.
//!
//! # What it does not know or do
//!
//! It knows nothing of Node, reads no environment and listens to no signal: a command runs until it
//! is done or told to stop. `demo` is carried out in JavaScript (`bin/demo.js`), because what it
//! shows is the JavaScript surface.

#![forbid(unsafe_code)]

mod console;
mod doctor;
mod gateway;
mod reset_login;
mod sandbox;

mod environment;
mod line;
mod notice;
mod output;
mod style;
mod text;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub use console::Options as ConsoleOptions;
pub use doctor::Options as DoctorOptions;
pub use environment::Environment;
pub use gateway::{Options as GatewayOptions, Rate};
pub use line::LogFormat;
pub use notice::Notice;
pub use output::Output;
pub use reset_login::{AccessToken, Options as ResetLoginOptions};
pub use sandbox::Options as SandboxOptions;

/// Force a Plaid Sandbox Item into ITEM_LOGIN_REQUIRED, and test that your backend survives it.
#[derive(Debug, Parser)]
#[command(name = "utdk-plaid", version, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C. A server that is stopped, by Ctrl-C
or SIGTERM, is done; a second Ctrl-C ends whatever runs at once, with 130.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the user wants done.
#[derive(Clone, Debug, PartialEq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Tell the whole story in the terminal: an Item is broken, the signed webhook proves it, and
    /// it is repaired. Runs on a local Sandbox, without an account or a network.
    #[command(after_help = "\
Example:
  npx @utdk/plaid demo

With PLAID_CLIENT_ID, PLAID_SECRET and PLAID_ACCESS_TOKEN set, it breaks that Item in Plaid's own
Sandbox instead.")]
    Demo,
    /// A command that is carried out here.
    #[command(flatten)]
    Native(NativeCommand),
}

/// A command that is carried out in Rust.
#[derive(Clone, Debug, PartialEq, Subcommand)]
#[non_exhaustive]
pub enum NativeCommand {
    /// Run a local Plaid Sandbox until Ctrl-C, and log what happens in it: requests, webhooks,
    /// Items. Needs no account and no network.
    #[command(after_help = sandbox::EXAMPLE)]
    Sandbox(SandboxOptions),
    /// Run a gateway until Ctrl-C: it holds Plaid's credentials, so that its callers need none, and
    /// logs each request.
    #[command(after_help = gateway::EXAMPLE)]
    Gateway(GatewayOptions),
    /// Force Sandbox Items into ITEM_LOGIN_REQUIRED: one, or a list of thousands.
    #[command(after_help = reset_login::EXAMPLE)]
    ResetLogin(ResetLoginOptions),
    /// Say what is installed and how far the way to Plaid leads: what to look at, and to paste,
    /// when something does not work.
    #[command(after_help = doctor::EXAMPLE)]
    Doctor(DoctorOptions),
    /// Open the Try-it page on a local Plaid Sandbox, with a gateway between them: create an Item,
    /// break its login, watch the webhook come, repair it. Needs no account and no network.
    #[command(after_help = console::EXAMPLE)]
    Console(ConsoleOptions),
}

impl NativeCommand {
    /// Carries the command out, on the tokio runtime of the caller, until it is done or `stop`
    /// resolves.
    ///
    /// # Errors
    ///
    /// A [`Notice`] of what went wrong.
    pub async fn run(
        self,
        environment: Environment,
        output: Output,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Notice> {
        match self {
            NativeCommand::Sandbox(options) => sandbox::run(options, output, stop).await,
            NativeCommand::Gateway(options) => {
                gateway::run(options, environment, output, stop).await
            }
            NativeCommand::ResetLogin(options) => {
                reset_login::run(options, environment, output, stop).await
            }
            NativeCommand::Doctor(options) => doctor::run(options, environment, output, stop).await,
            NativeCommand::Console(options) => console::run(options, output, stop).await,
        }
    }
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// A [`Notice`] if there is nothing to do but to print it.
pub fn read<I, A>(arguments: I) -> Result<Command, Notice>
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let program = OsString::from("utdk-plaid");
    let arguments = arguments.into_iter().map(Into::into);
    match Arguments::try_parse_from(std::iter::once(program).chain(arguments)) {
        Ok(Arguments { command }) => Ok(command),
        Err(notice) => Err(Notice {
            text: notice.to_string(),
            exit_code: match notice.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
                _ => 2,
            },
        }),
    }
}
