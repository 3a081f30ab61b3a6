//! `utdk-plaid run`: runs an app whose connections to `sandbox.plaid.com` go to a local Sandbox. The
//! command itself runs in JavaScript (`bin/run.js`), which passes signals on.

use clap::Args;

pub(crate) const EXAMPLE: &str = "\
Example:
  npx @utdk/plaid run -- node app.js

Starts a local Sandbox and the app. Whatever client the app uses in Node, its connections to \
sandbox.plaid.com:443 go to that Sandbox, also those of its workers and child processes. The app \
is not changed. The Sandbox accepts every well-formed pair of credentials; an app that has none \
gets PLAID_CLIENT_ID and PLAID_SECRET.

With PLAID_SANDBOX_URL set, it uses the Sandbox at that URL instead.

Exits as the app does, and passes signals on to it. 127 if the app cannot be started.";

/// Arguments of `utdk-plaid run`.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Port of the Sandbox [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub port: u16,
    /// Make credentials, ids, tokens and keys the same in each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The app and its arguments
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<String>,
}
