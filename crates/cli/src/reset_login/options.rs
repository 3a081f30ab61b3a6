//! The arguments of `utdk-plaid reset-login`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::gateway::seconds;

pub(crate) const EXAMPLE: &str = "\
Examples:
  npx @utdk/plaid reset-login --file tokens.txt
  printenv ACCESS_TOKEN | npx @utdk/plaid reset-login
  npx @utdk/plaid reset-login --json < tokens.txt > results.jsonl

Credentials come from PLAID_CLIENT_ID and PLAID_SECRET; with a gateway, none are needed. Other \
users of the machine can see arguments: prefer a file or standard input for tokens.

A list has one token per line, up to 1,000,000 lines. Blank lines and lines that start with # are \
skipped. --json prints one object per token as it finishes, of the kind item, and one of the kind \
summary at the end; `position` is the line of the token.

A rate limit makes the run slower, but no token fail. An error that every token would meet, such as \
INVALID_API_KEYS, stops the run. Ctrl-C starts no new calls and waits for those in flight. Both \
times the summary says how to resume.

Exit codes: 0 all logins were reset, 1 not all, 2 wrong usage, 130 ended by Ctrl-C.";

/// The most calls in flight: each holds a permit of the printer.
const MOST_CALLS: i64 = 1024;

/// Arguments of `utdk-plaid reset-login`.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Access tokens. Use - (or nothing) for standard input
    #[arg(value_name = "TOKEN", conflicts_with = "file")]
    pub tokens: Vec<AccessToken>,
    /// Read the tokens from a file, one per line
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Skip the lines before this one
    #[arg(long, value_name = "N", default_value = "1", hide_default_value = true)]
    pub from_line: u64,
    /// Write the line and the code of each failed token to a file
    #[arg(long, value_name = "FILE")]
    pub failures: Option<PathBuf>,
    /// How many calls are in flight at once, up to 1024
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=MOST_CALLS))]
    pub concurrency: u16,
    /// Call through this gateway; its token is read from UTDK_GATEWAY_TOKEN
    #[arg(long, value_name = "URL", conflicts_with = "base_url")]
    pub gateway: Option<String>,
    /// Call the API at this URL, such as a local Sandbox
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How long a call may take, retries included
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// An access token, which does not print.
#[derive(Clone, Debug)]
pub struct AccessToken(pub(super) SecretString);

impl From<String> for AccessToken {
    fn from(token: String) -> Self {
        Self(token.into())
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}
