//! The command line of `@utdk/plaid`: reads the arguments and runs the commands.
//!
//! # Reading order
//!
//! - This file: the arguments, and which command they ask for. `refusal` is what is printed when
//!   they are wrong.
//! - `console`, `sandbox`, `gateway`, `reset_login`, `doctor`: the commands, all of the same shape:
//!   `Options`, and `run(options, …, output, stop)`.
//! - `browser`: opens the console. `line`: what the lines of the servers have in common. `listen`: where they listen.
//! - `output`: where a command prints, `style` how, and `text` makes text fit to be printed.
//! - `environment`: the settings from environment variables; `notice`: how a command ends.
//!
//! # What it does not know or do
//!
//! It knows no Node, reads no environment variables of its own and handles no signals: a command
//! runs until it is done or stopped. `demo` runs in JavaScript (`bin/demo.js`), because it
//! shows the JavaScript API, and so does `run` (`bin/run.js`), because it passes signals on.

#![forbid(unsafe_code)]

mod console;
mod doctor;
mod gateway;
mod reset_login;
mod run;
mod sandbox;

mod browser;
mod refusal;

mod environment;
mod line;
mod listen;
mod notice;
mod output;
mod style;
mod text;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use console::Options as ConsoleOptions;
pub use doctor::Options as DoctorOptions;
pub use environment::Environment;
pub use gateway::{Options as GatewayOptions, Rate};
pub use line::{LogFormat, LogOptions};
pub use notice::Notice;
pub use output::{Colours, Output};
pub use reset_login::{AccessToken, Options as ResetLoginOptions};
pub use run::Options as RunOptions;
pub use sandbox::Options as SandboxOptions;

/// Put Plaid Sandbox Items into ITEM_LOGIN_REQUIRED, with or without a Plaid account
#[derive(Debug, Parser)]
#[command(
    name = "utdk-plaid",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(after_help = "\
Start here:
  npx @utdk/plaid console

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C. A server that is stopped with \
Ctrl-C or SIGTERM exits with 0; a second Ctrl-C ends any command at once, with 130.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the user wants done.
#[derive(Clone, Debug, PartialEq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Run the whole flow in the terminal
    #[command(
        display_order = 2,
        after_help = "\
Example:
  npx @utdk/plaid demo

Breaks a login in a local Sandbox, verifies the webhook, and repairs the login in update mode. \
Needs no account and no network.

With PLAID_CLIENT_ID, PLAID_SECRET and PLAID_ACCESS_TOKEN set, it breaks that Item in Plaid's own \
Sandbox instead."
    )]
    Demo,
    /// Run your app with a local Sandbox in Plaid's place
    #[command(display_order = 4, after_help = run::EXAMPLE)]
    Run(RunOptions),
    /// A command that runs in Rust.
    #[command(flatten)]
    Native(NativeCommand),
}

/// A command that runs in Rust.
#[derive(Clone, Debug, PartialEq, Subcommand)]
#[non_exhaustive]
pub enum NativeCommand {
    /// Run the web console with a local Sandbox
    #[command(display_order = 1, after_help = console::EXAMPLE)]
    Console(ConsoleOptions),
    /// Run a local Plaid Sandbox
    #[command(display_order = 3, after_help = sandbox::EXAMPLE)]
    Sandbox(SandboxOptions),
    /// Run a gateway that holds Plaid's credentials
    #[command(display_order = 5, after_help = gateway::EXAMPLE)]
    Gateway(GatewayOptions),
    /// Break the login of one Item, or of a list
    #[command(display_order = 6, after_help = reset_login::EXAMPLE)]
    ResetLogin(ResetLoginOptions),
    /// Check the installation and the connection to Plaid
    #[command(display_order = 7, after_help = doctor::EXAMPLE)]
    Doctor(DoctorOptions),
}

impl NativeCommand {
    /// Runs the command, on the caller's tokio runtime, until it is done or `stop` resolves.
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
            NativeCommand::Console(options) => console::run(options, output, stop).await,
            NativeCommand::Sandbox(options) => sandbox::run(options, output, stop).await,
            NativeCommand::Gateway(options) => {
                gateway::run(options, environment, output, stop).await
            }
            NativeCommand::ResetLogin(options) => {
                reset_login::run(options, environment, output, stop).await
            }
            NativeCommand::Doctor(options) => doctor::run(options, environment, output, stop).await,
        }
    }
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// A [`Notice`] if all that is left to do is to print it; with colours where `colours` allows them.
pub fn read<I, A>(arguments: I, colours: Colours) -> Result<Command, Notice>
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let program = OsString::from("utdk-plaid");
    let arguments = arguments.into_iter().map(Into::into);
    match Arguments::try_parse_from(std::iter::once(program).chain(arguments)) {
        Ok(Arguments { command }) => Ok(command),
        Err(error) => Err(refusal::notice(error, colours)),
    }
}
