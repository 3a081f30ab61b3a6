//! The command line, for `bin/utdk-plaid.js`.

use std::sync::Arc;

use napi::bindgen_prelude::Either3;
use napi::{Env, Result};
use napi_derive::napi;
use secrecy::SecretString;
use serde::Serialize;
use tokio::sync::Notify;
use utdk_plaid_cli::{Colours, Command, Environment, Notice, Output};

use crate::client::{ClientOptions, pairs};
use crate::engine::Engine;
use crate::port::Completion;

/// Text to print, and an exit code.
#[napi(object)]
#[derive(Serialize)]
pub struct CliNotice {
    /// Help, the version, or an error.
    pub text: String,
    /// 0, 1 for a failure, or 2 for wrong usage.
    #[serde(rename = "exitCode")]
    pub exit_code: u8,
}

impl From<Notice> for CliNotice {
    fn from(Notice { text, exit_code }: Notice) -> Self {
        Self { text, exit_code }
    }
}

/// A command that runs in JavaScript.
#[napi(object)]
pub struct JsCommand {
    /// `demo` or `run`.
    pub name: String,
    /// The app that `run` runs, with its arguments.
    pub app: Vec<String>,
    /// The port of the Sandbox that `run` starts.
    pub port: u16,
    /// The seed of that Sandbox.
    pub seed: Option<f64>,
}

/// The settings of the environment.
#[napi(object)]
pub struct CliEnvironment {
    /// The credentials, and how to reach Plaid, without a gateway.
    pub client: ClientOptions,
    /// The gateway's URL.
    pub gateway_url: Option<String>,
    /// Its bearer token.
    pub gateway_token: Option<String>,
    /// Pairs of name and value: what is installed.
    pub facts: Vec<Vec<String>>,
}

impl From<CliEnvironment> for Environment {
    fn from(environment: CliEnvironment) -> Self {
        Self {
            client: environment.client.into(),
            gateway_url: environment.gateway_url,
            gateway_token: environment.gateway_token.map(SecretString::from),
            facts: pairs(environment.facts),
        }
    }
}

/// A command that runs on the engine's I/O thread.
#[napi]
pub struct NativeCommand {
    command: utdk_plaid_cli::NativeCommand,
    stop: Arc<Notify>,
}

#[napi]
impl NativeCommand {
    /// Runs the command. Completes with a [`CliNotice`], whose text may be empty, and the kind
    /// `ended`.
    #[napi(catch_unwind)]
    pub fn run(
        &self,
        env: Env,
        engine: &Engine,
        id: u32,
        environment: CliEnvironment,
    ) -> Result<()> {
        let (command, stop) = (self.command.clone(), self.stop.clone());
        engine.port().run(&env, id, move || async move {
            let output = Output::stdout(colours());
            let ended = command.run(environment.into(), output, stop.notified());
            Completion::json(&Ending::Ended(match ended.await {
                Ok(()) => CliNotice {
                    text: String::new(),
                    exit_code: 0,
                },
                Err(notice) => notice.into(),
            }))
        })
    }

    /// Stops the command, also before it runs.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

/// <https://no-color.org>: `NO_COLOR` counts if it is set and not empty.
fn colours() -> Colours {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Colours::of_process(!is_off)
}

/// How a command ended.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Ending {
    Ended(CliNotice),
}

/// Parses the arguments: a command that JavaScript runs, a command that Rust runs, or text to print.
#[napi(catch_unwind)]
pub fn read_command(arguments: Vec<String>) -> Either3<JsCommand, NativeCommand, CliNotice> {
    match utdk_plaid_cli::read(arguments, colours()) {
        Ok(Command::Native(command)) => Either3::B(NativeCommand {
            command,
            stop: Arc::default(),
        }),
        Ok(Command::Run(options)) => Either3::A(JsCommand {
            name: "run".into(),
            app: options.command,
            port: options.port,
            seed: options.seed.map(|seed| seed as f64),
        }),
        // Also what a later version of the command line adds: JavaScript knows its name, or not.
        Ok(command) => Either3::A(JsCommand {
            name: format!("{command:?}").to_lowercase(),
            app: Vec::new(),
            port: 0,
            seed: None,
        }),
        Err(notice) => Either3::C(notice.into()),
    }
}
