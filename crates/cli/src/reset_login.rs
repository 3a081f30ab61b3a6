//! `utdk-plaid reset-login`: breaks the login of one Item, or of a list.
//!
//! Reading order: `options` are the arguments; this file is a run from start to end; `list` is the
//! tokens, `calls` the calls and `pace` when they start; `finished` is the outcome of one token and
//! `summary` of all; `report` prints both.

mod calls;
mod finished;
mod list;
mod options;
mod pace;
mod report;
mod summary;

use std::{
    fs::File,
    io::{self, LineWriter},
    pin::{Pin, pin},
    time::Instant,
};

use futures_util::future::{FusedFuture, FutureExt};
use tokio::{select, time::sleep};
use utdk_plaid_client::{Client, Gateway, UsageError};

use crate::{
    Environment, Notice,
    output::{Notes, Output, PATIENCE, Printer},
    style::PrintStyle,
    text::reason,
};
use calls::Run;
use list::List;
pub(crate) use options::EXAMPLE;
pub use options::{AccessToken, Options};
use report::Report;
use summary::End;

/// Resets the logins, until all are reset or `stop` resolves.
pub(crate) async fn run(
    options: Options,
    environment: Environment,
    mut output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let client = client(&options, environment)?;
    let mut stop = pin!(stop.fuse());
    let list = select! {
        list = List::open(&options) => list?,
        () = &mut stop => return Err(Notice::silent(130)),
    };
    let style = PrintStyle::new(options.json, output.colours());
    let notes = match output.take_notes() {
        // With --json, show progress only on a terminal that is not stdout.
        notes if options.json && (output.is_terminal() || !notes.is_terminal) => {
            Notes::to(io::sink())
        }
        notes => notes,
    };
    let failures = match &options.failures {
        None => None,
        Some(path) => Some(LineWriter::new(File::create(path).map_err(|error| {
            Notice::usage(format_args!("cannot write --failures: {}", reason(&error)))
        })?)),
    };
    let mut run = Run {
        client,
        concurrency: options.concurrency.into(),
        report: Report::new(style, notes, &list, failures),
        list,
        printer: output.start(),
    };
    let started = Instant::now();
    let end = run.call_all(stop.as_mut()).await;
    let Run {
        mut report,
        list,
        printer,
        ..
    } = run;
    let last = report.close(end, &list, started.elapsed());
    if end == End::Unread {
        return Err(Notice::silent(1));
    }
    print_last(printer, last, stop).await.map_err(|error| {
        let (why, summary) = (reason(&error), report.summary.write(PrintStyle::Plain));
        let summary = summary.trim_end();
        Notice::failure(format_args!("cannot write the results: {why}\n{summary}"))
    })?;
    if let Some(Err(error)) = report.failures {
        let why = reason(&error);
        return Err(Notice::failure(format_args!(
            "cannot write --failures: {why}"
        )));
    }
    match report.summary.exit_code() {
        0 => Ok(()),
        exit_code => Err(Notice::silent(exit_code)),
    }
}

/// The client that the arguments ask for; what they leave open is read from the environment.
fn client(options: &Options, environment: Environment) -> Result<Client, Notice> {
    let mut config = environment.client;
    config.timeout = options.timeout;
    config.retry_rate_limits = false;
    let environment_url = environment.gateway_url.as_ref();
    let (gateway, name) = match (&options.base_url, &options.gateway, environment_url) {
        (Some(_), _, _) => (None, "--base-url"),
        (None, Some(url), _) => (Some(url), "--gateway"),
        (None, None, Some(url)) => (Some(url), "UTDK_GATEWAY_URL"),
        (None, None, None) => (None, "PLAID_BASE_URL"),
    };
    if options.base_url.is_some() {
        config.base_url = options.base_url.clone();
    }
    config.gateway = gateway.map(|url| Gateway {
        url: url.clone(),
        token: environment.gateway_token,
    });
    let missing = match (&config.client_id, &config.secret) {
        _ if gateway.is_some() => None,
        (None, _) => Some("PLAID_CLIENT_ID"),
        (_, None) => Some("PLAID_SECRET"),
        _ => None,
    };
    if let Some(missing) = missing {
        return Err(Notice::usage(format_args!(
            "no credentials: {missing} is not set. Set PLAID_CLIENT_ID and PLAID_SECRET, or call \
             through a gateway with --gateway"
        )));
    }
    Client::new(config).map_err(|UsageError { field, problem, .. }| match field {
        "baseUrl" | "gateway.url" => Notice::usage(problem.replace(field, name)),
        _ => Notice::usage(problem),
    })
}

/// Prints `text`, and waits until all is read; after a request to stop, not for long.
async fn print_last(
    printer: Printer,
    text: String,
    stop: Pin<&mut impl FusedFuture<Output = ()>>,
) -> io::Result<()> {
    let printed = async {
        printer.print(text).await;
        printer.finish_all().await
    };
    let too_long = async {
        if !stop.is_terminated() {
            stop.await;
        }
        sleep(PATIENCE).await;
    };
    select! {
        printed = printed => printed,
        () = too_long => Ok(()),
    }
}
