//! `utdk-plaid doctor`: checks everything that a call needs, makes one harmless request, and
//! reports what is wrong.

mod report;

use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::spawn_blocking;
use utdk_plaid_client::{Client, Config, Error, Gateway, ResetLogin, UsageError, roots};
use utdk_plaid_local::Authority;

use crate::{
    Environment, Notice,
    gateway::seconds,
    output::Output,
    style::PrintStyle,
    text::{cut, printable},
};
use report::{Report, State};

pub(crate) const EXAMPLE: &str = "\
Examples:
  npx @utdk/plaid doctor
  npx @utdk/plaid doctor --json > report.json

Checks the installation and the environment: PLAID_CLIENT_ID, PLAID_SECRET, PLAID_BASE_URL, \
UTDK_GATEWAY_URL, UTDK_GATEWAY_TOKEN, HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE. \
Then makes one request for an access token that does not exist, so no Item is changed.

The report holds no secret: paste it where you ask for help.

Exit codes: 0 no problems, 1 problems found, 2 wrong usage.";

/// Arguments of `utdk-plaid doctor`.
#[derive(Args, Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// How long the request may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
}

/// Of the documented form, and no Item's.
const UNKNOWN_TOKEN: &str = "access-sandbox-00000000-0000-0000-0000-000000000000";

/// Runs the checks and prints the report.
pub(crate) async fn run(
    options: Options,
    environment: Environment,
    output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = PrintStyle::new(options.json, output.colours());
    let report = tokio::select! {
        report = examine(environment, options.timeout) => report,
        () = stop => return Err(Notice::silent(130)),
    };
    output.start().print_all(report.write(style)).await?;
    match report.count(State::Bad) {
        0 => Ok(()),
        _ => Err(Notice::silent(1)),
    }
}

async fn examine(environment: Environment, timeout: Duration) -> Report {
    let mut report = Report::default();
    report.section("Installation");
    for (name, value) in &environment.facts {
        report.good(name, value);
    }
    report.section("Environment");
    let token = environment.gateway_token;
    let config = Config {
        gateway: environment.gateway_url.map(|url| Gateway { url, token }),
        timeout,
        max_retries: 0,
        ..environment.client
    };
    credentials(&mut report, &config);
    certificates(&mut report, config.route()).await;
    probe(&mut report, config).await;
    report
}

fn credentials(report: &mut Report, config: &Config) {
    let half = match (&config.client_id, &config.secret) {
        (Some(_), Some(_)) => return report.good("credentials", "set"),
        (Some(_), None) => "PLAID_CLIENT_ID is set without PLAID_SECRET",
        (None, Some(_)) => "PLAID_SECRET is set without PLAID_CLIENT_ID",
        (None, None) if config.gateway.is_some() => {
            return report.good("credentials", "not set: the gateway adds its own");
        }
        (None, None) => {
            let advice = "Set PLAID_CLIENT_ID and PLAID_SECRET, or pass clientId and secret. A \
                          local Sandbox accepts only the pair that it prints when it starts.";
            return report.add(State::Warning, "credentials", "not set", "", advice);
        }
    };
    let (code, advice) = ("MISSING_CREDENTIALS", "Set both, or neither.");
    report.add(State::Bad, "credentials", half, code, advice);
}

async fn certificates(report: &mut Report, config: Config) {
    let name = "certificates";
    let (system_file, extra_files) = (config.system_ca_file.is_some(), config.extra_ca_files.len());
    let counted = match spawn_blocking(move || roots(&config)).await {
        Ok(Ok(counted)) => counted,
        Ok(Err(usage)) => return unusable(report, name, &usage),
        Err(error) => return report.add(State::Bad, name, "not read", "", &error.to_string()),
    };
    let (count, source) = match (counted.system, system_file) {
        (0, _) => (counted.mozilla, "Mozilla, in the binary"),
        (count, true) => (count, "SSL_CERT_FILE"),
        (count, false) => (count, "the system"),
    };
    let own = counted.own;
    let value = format!("{count} from {source}, {own} from NODE_EXTRA_CA_CERTS");
    let empty = match (counted.system, own) {
        (0, _) if system_file => "SSL_CERT_FILE",
        (_, 0) if extra_files > 0 => "NODE_EXTRA_CA_CERTS",
        _ => return report.good(name, &value),
    };
    let advice = format!("{empty} names a file without a readable certificate: fix or unset it.");
    report.add(State::Warning, name, &value, "", &advice);
}

/// Reports a setting that the client refuses, by the name of the variable that sets it.
fn unusable(report: &mut Report, name: &str, usage: &UsageError) {
    let problem = usage.problem.replace(usage.field, name);
    report.add(State::Bad, name, "cannot be used", usage.code, &problem);
}

/// Makes one request for a token that no server knows, so it changes nothing.
async fn probe(report: &mut Report, mut config: Config) {
    let has_credentials = config.client_id.is_some() && config.secret.is_some();
    if !has_credentials {
        // Plaid refuses these, which shows that it was reached.
        config.client_id = Some("0".repeat(24).into());
        config.secret = Some("0".repeat(30).into());
    }
    let (title, variable) = match config.gateway {
        Some(_) => ("Gateway", "UTDK_GATEWAY_URL"),
        None => ("Plaid", "PLAID_BASE_URL"),
    };
    let client = match Client::new(config) {
        Ok(client) => client,
        Err(usage) => {
            report.section(title);
            let is_url = matches!(usage.field, "baseUrl" | "gateway.url");
            return unusable(report, if is_url { variable } else { usage.field }, &usage);
        }
    };
    report.section(&format!("{title}: {}", client.origin()));
    report.good("proxy", client.proxy().unwrap_or("none"));
    let host = Authority::parse(client.host());
    let server = match host.is_some_and(|host| host.is_loopback()) {
        true if title == "Plaid" => "local Sandbox",
        _ => title,
    };
    let started = Instant::now();
    let call = ResetLogin::new(UNKNOWN_TOKEN.to_owned().into());
    let outcome = client.reset_login(call).await;
    let took = started.elapsed();
    match outcome.result {
        Ok(_) => report.good("answer", "reached"),
        Err(error) => judge(report, server, has_credentials, &error),
    }
    report.took(took);
}

fn judge(report: &mut Report, server: &str, has_credentials: bool, error: &Error) {
    // INVALID_FIELD is Plaid's code for credentials that are not even well formed.
    let (value, advice) = match (error.code(), server) {
        ("INVALID_ACCESS_TOKEN", _) => return report.good("answer", "credentials accepted"),
        ("INVALID_API_KEYS" | "INVALID_FIELD", "Gateway") => (
            "credentials refused",
            "Start the gateway with credentials that its upstream accepts: those of Plaid's \
             dashboard, or those that a local Sandbox prints when it starts.",
        ),
        ("INVALID_API_KEYS", _) if !has_credentials => return report.good("answer", "reached"),
        ("INVALID_API_KEYS" | "INVALID_FIELD", "local Sandbox") => (
            "credentials refused",
            "A local Sandbox accepts only the PLAID_CLIENT_ID and PLAID_SECRET that it prints \
             when it starts. Start it with --seed to keep them.",
        ),
        ("INVALID_API_KEYS" | "INVALID_FIELD", _) => (
            "credentials refused",
            "Set PLAID_CLIENT_ID and PLAID_SECRET to the client id and the Sandbox secret from \
             Plaid's dashboard.",
        ),
        ("MISSING_CREDENTIALS", "Gateway") => (
            "it has no credentials",
            "Start it with PLAID_CLIENT_ID and PLAID_SECRET, or save credentials in its console. \
             Until then, only calls that pass client_id and secret work.",
        ),
        ("UNAUTHORIZED", "Gateway") => (
            "token refused",
            "Set UTDK_GATEWAY_TOKEN to the token that the gateway was started with.",
        ),
        _ => {
            // What a server is unable to do right now is no fault of the settings.
            let state = match error {
                Error::Api(api) if matches!(api.status, 429 | 500..) => State::Warning,
                _ => State::Bad,
            };
            let [code, message] =
                [error.code(), &error.to_string()].map(|text| cut(printable(text)));
            return report.add(state, "answer", "failed", &code, &message);
        }
    };
    report.add(State::Bad, "answer", value, error.code(), advice);
}
