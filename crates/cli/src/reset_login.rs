//! `utdk-plaid reset-login`: breaks the logins of one token or of many.
//!
//! Reading order: this file is the options, and a run from its beginning to its end; `calls` is what
//! happens in between. `list` is where the tokens come from, with `tokens` reading them off lines;
//! `finished` is what became of one, and `tally` of all; `report` decides what is told as it
//! happens, `screen` shows it, and `summary` is told at the end. `text` writes what others wrote.

mod calls;
mod finished;
mod list;
mod report;
mod screen;
mod summary;
mod tally;
mod text;
mod tokens;

use std::{
    io,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Args, ValueHint};
use tokio::{select, time::sleep};
use utdk_plaid_client::{Client, Gateway, UsageError};

use crate::{
    Environment, Notice,
    output::{Notes, Output, PATIENCE, Printer},
};
use calls::{Stop, call_all};
use finished::Style;
use list::{List, Origin};
use report::Report;
use screen::{Progress, Screen};
use summary::{End, Summary};
use tally::Tally;
use text::shell_word;
pub use tokens::AccessToken;

pub(crate) const EXAMPLE: &str = "\
Examples:
  npx @utdk/plaid reset-login --file tokens.txt
  printenv ACCESS_TOKEN | npx @utdk/plaid reset-login
  npx @utdk/plaid reset-login --json < tokens.txt | jq -c 'select(.outcome == \"failed\")'

Credentials are read from PLAID_CLIENT_ID and PLAID_SECRET; with a gateway, none is needed. A file
or standard input keeps tokens out of the list of processes, where arguments are seen by all.

A list has a token a line; blank lines and lines that begin with # are passed over. A line that is
no token fails by itself. --json prints an object a line as each token finishes, of the kind item,
and a last one of the kind summary; `position` is the token's line.

The run gives up when every other token would meet the same error, such as INVALID_API_KEYS, and
after 50 calls in a row that failed for no fault of their tokens. Ctrl-C starts nothing new and
finishes what is in flight. Either way the summary says how to go on from there.

Exit codes: 0 all logins were reset, 1 not all, 2 wrong usage, 130 ended by Ctrl-C.";

const CONCURRENCY: u16 = 16;

/// As the client has it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The most calls in flight: each has a line in hand to print.
const MOST_CALLS: i64 = 1024;

/// In seconds.
const LONGEST_TIMEOUT: f64 = 2_147_483.0;

/// What `utdk-plaid reset-login` is to do.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Access tokens of Sandbox Items; - is standard input, as is none at all.
    #[arg(value_name = "TOKEN", value_hint = ValueHint::Other, conflicts_with = "file")]
    pub tokens: Vec<AccessToken>,
    /// Read the tokens from a file, one a line.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// How many calls may be in flight, up to 1024; beyond 64, for a slow server only.
    #[arg(
        long,
        value_name = "N",
        default_value_t = CONCURRENCY,
        value_parser = clap::value_parser!(u16).range(1..=MOST_CALLS)
    )]
    pub concurrency: u16,
    /// Call through a gateway, instead of what the environment names; its token is read from
    /// UTDK_GATEWAY_TOKEN.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "base_url")]
    pub gateway: Option<String>,
    /// Call the API at this URL, instead of what the environment names; a local Sandbox, for
    /// instance.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub base_url: Option<String>,
    /// How long a call may take, retries included.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
    /// Print lines of JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let wrong = "it takes a number of seconds above 0, such as 30 or 0.5";
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST_TIMEOUT => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(wrong),
    }
}

/// Resets the logins, until all are or `stop` resolves.
pub(crate) async fn run(
    options: Options,
    environment: Environment,
    mut output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let client = client(&options, environment)?;
    let mut wish = pin!(stop);
    let mut stop = Stop::new(wish.as_mut());
    let mut list = select! {
        list = List::open(&options) => list?,
        () = stop.come() => return Err(silent(130)),
    };

    let style = match (options.json, output.colours()) {
        (true, _) => Style::Json,
        (false, true) => Style::Colours,
        (false, false) => Style::Plain,
    };
    // Beside JSON, only somebody who watches wants more, and not in between the lines.
    let notes = match output.take_notes() {
        notes if options.json && (output.is_terminal() || !notes.is_terminal) => {
            Notes::to(io::sink())
        }
        notes => notes,
    };
    let progress = Arc::new(Progress {
        total: list.total.clone(),
        ..Progress::default()
    });
    let mut report = Report {
        style,
        screen_style: match notes.colours {
            true => Style::Colours,
            false => Style::Plain,
        },
        screen: Screen::start(notes, progress.clone()),
        progress,
        origin: list.origin,
        tally: Tally::default(),
        only: None,
    };
    let printer = output.start();

    let begun = Instant::now();
    let concurrency = options.concurrency.into();
    let end = call_all(
        &client,
        concurrency,
        &mut list,
        &printer,
        &mut report,
        &mut stop,
    )
    .await;
    let took = begun.elapsed();

    let Report {
        screen,
        screen_style,
        tally,
        only,
        ..
    } = report;
    let summary = sum_up(&options, list, tally, end, took).await;
    let last = match &only {
        Some(finished) if style != Style::Json && summary.end == End::Done => finished.last(style),
        _ => summary.write(style),
    };
    if style == Style::Json && summary.end != End::Unread {
        screen.print(summary.write(screen_style));
    }
    screen.close().await;
    match print_last(printer, last, &mut stop).await {
        Err(error) => Err(Notice {
            text: format!(
                "error: the results cannot be written: {error}\n{}",
                summary.write(Style::Plain)
            ),
            exit_code: 1,
        }),
        Ok(()) if summary.end == End::Unread => Err(Notice {
            text: summary.write(Style::Plain),
            exit_code: 1,
        }),
        Ok(()) => match summary.exit_code() {
            0 => Ok(()),
            exit_code => Err(silent(exit_code)),
        },
    }
}

/// Everything has been said.
fn silent(exit_code: u8) -> Notice {
    Notice {
        text: String::new(),
        exit_code,
    }
}

/// The client that the arguments ask for, and where they are silent, the environment.
fn client(options: &Options, environment: Environment) -> Result<Client, Notice> {
    let mut config = environment.client;
    config.timeout = options.timeout;
    let (base_url, gateway) = match (&options.base_url, &options.gateway) {
        (Some(url), _) => {
            config.base_url = Some(url.clone());
            ("--base-url", None)
        }
        (None, Some(url)) => ("PLAID_BASE_URL", Some((url.clone(), "--gateway"))),
        (None, None) => {
            let url = environment.gateway_url;
            ("PLAID_BASE_URL", url.map(|url| (url, "UTDK_GATEWAY_URL")))
        }
    };
    let named = match &gateway {
        Some((_, name)) => name,
        None => base_url,
    };
    if gateway.is_none() {
        for (value, name) in [
            (&config.client_id, "PLAID_CLIENT_ID"),
            (&config.secret, "PLAID_SECRET"),
        ] {
            if value.is_none() {
                return Err(Notice::usage(format_args!(
                    "no credentials: set PLAID_CLIENT_ID and PLAID_SECRET ({name} is missing), or \
                     call through a gateway with --gateway"
                )));
            }
        }
    }
    config.gateway = gateway.as_ref().map(|(url, _)| Gateway {
        url: url.clone(),
        token: environment.gateway_token,
    });
    Client::new(config).map_err(|refused| refusal(refused, named))
}

/// A setting of the client's that was refused, in the words of the command line.
fn refusal(refused: UsageError, name: &str) -> Notice {
    match refused.field {
        "baseUrl" | "gateway.url" => Notice::usage(refused.problem.replace(refused.field, name)),
        _ => Notice::usage(refused),
    }
}

async fn sum_up(
    options: &Options,
    mut list: List,
    tally: Tally,
    end: End,
    took: Duration,
) -> Summary {
    let not_started = match end {
        End::Done => Some(0),
        _ => list
            .total()
            .await
            .map(|total| total.saturating_sub(tally.finished())),
    };
    let end = match (end, not_started) {
        // There was nothing left to start.
        (End::Interrupted, Some(0)) => End::Done,
        (end, _) => end,
    };
    let next = list.next_position();
    let next_position = match &end {
        End::Done => None,
        // Again those that failed for no fault of their own.
        End::GaveUp(_) => Some(tally.trouble_from().map_or(next, |from| from.min(next))),
        _ => Some(next),
    };
    Summary {
        origin: list.origin,
        command: next_position.and_then(|next| command_from(options, list.origin, next)),
        tally,
        end,
        took,
        not_started,
        next_position,
    }
}

/// The command that goes on with the line at `position`.
fn command_from(options: &Options, origin: Origin, position: u64) -> Option<String> {
    let word = |text: &str, name: &str| shell_word(text).unwrap_or_else(|| name.to_owned());
    let mut command = format!("tail -n +{position}");
    match (origin, &options.file) {
        (Origin::Arguments, _) => return None,
        (Origin::File, Some(file)) => {
            command.push(' ');
            command.push_str(&word(&file.to_string_lossy(), "FILE"));
        }
        _ => {}
    }
    command.push_str(" | npx @utdk/plaid reset-login");
    if options.concurrency != CONCURRENCY {
        command.push_str(&format!(" --concurrency {}", options.concurrency));
    }
    for (name, url) in [
        ("--gateway", &options.gateway),
        ("--base-url", &options.base_url),
    ] {
        if let Some(url) = url {
            command.push_str(&format!(" {name} {}", word(url, "URL")));
        }
    }
    if options.timeout != TIMEOUT {
        command.push_str(&format!(" --timeout {}", options.timeout.as_secs_f64()));
    }
    if options.json {
        command.push_str(" --json");
    }
    Some(command)
}

/// Prints `text`, and waits until all is read; after the wish to stop, not for long.
async fn print_last(
    printer: Printer,
    text: String,
    stop: &mut Stop<'_, impl Future<Output = ()>>,
) -> io::Result<()> {
    let printed = async {
        printer.print(text).await;
        printer.finish_all().await
    };
    let too_long = async {
        stop.come().await;
        sleep(PATIENCE).await;
    };
    select! {
        printed = printed => printed,
        () = too_long => Ok(()),
    }
}
