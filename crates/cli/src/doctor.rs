//! `utdk-plaid doctor`: looks at everything that a call needs, and reports what is wrong.

mod report;

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::task::spawn_blocking;
use utdk_plaid_client::{Config, Gateway, Reach, UsageError, reach, roots};

use crate::{Environment, Notice, gateway::seconds, output::Output};
use report::{Report, Style};

pub(crate) const EXAMPLE: &str = "\
Examples:
  npx @utdk/plaid doctor
  npx @utdk/plaid doctor --json > report.json

It looks at what is installed, at the environment (PLAID_CLIENT_ID, PLAID_SECRET, PLAID_BASE_URL,
UTDK_GATEWAY_URL, UTDK_GATEWAY_TOKEN, HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE),
and goes the way of a call step by step, without any credential. The report holds no secret: paste
it where you ask for help.

It exits with 0 if all is well, 1 if something is not, and 2 for wrong usage.";

/// What `utdk-plaid doctor` is to look at, and how it reports.
#[derive(Args, Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Print an object for programs.
    #[arg(long)]
    pub json: bool,
    /// How long the way to each host may take, in seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = seconds,
        allow_negative_numbers = true
    )]
    pub timeout: Duration,
}

/// Looks, and prints what it found.
pub(crate) async fn run(
    options: Options,
    environment: Environment,
    output: Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Notice> {
    let style = match (options.json, output.colours()) {
        (true, _) => Style::Json,
        (false, colours) => Style::Text { colours },
    };
    let looking = examine(environment, options.timeout);
    let report = tokio::select! {
        report = looking => report,
        () = stop => return Err(Notice { text: String::new(), exit_code: 130 }),
    };
    let printer = output.start();
    printer.print(report.write(style)).await;
    let written = printer.finish_all().await;
    written.map_err(|error| {
        Notice::failure(format_args!("the report could not be written: {error}"))
    })?;
    match report.is_well() {
        true => Ok(()),
        false => Err(Notice {
            text: String::new(),
            exit_code: 1,
        }),
    }
}

async fn examine(environment: Environment, time_limit: Duration) -> Report {
    let mut report = Report::default();
    report.section("Installation");
    for (name, value) in &environment.facts {
        report.good(name, value);
    }
    let gateway = environment.gateway_url.map(|url| Config {
        gateway: Some(Gateway { url, token: None }),
        ..environment.client.route()
    });
    report.section("Environment");
    let has = (
        environment.client.client_id.is_some(),
        environment.client.secret.is_some(),
    );
    credentials(&mut report, has, gateway.is_some());
    trust(&mut report, environment.client.route()).await;

    let to_plaid = reach(&environment.client, time_limit).await;
    match &gateway {
        None => way(&mut report, "Plaid", "PLAID_BASE_URL", to_plaid, plaid),
        Some(gateway) => {
            let token = environment.gateway_token.is_some();
            let to_gateway = reach(gateway, time_limit).await;
            let judge = |report: &mut Report, status, body: &[u8]| {
                answered_by_gateway(report, status, body, token)
            };
            way(
                &mut report,
                "Gateway",
                "UTDK_GATEWAY_URL",
                to_gateway,
                judge,
            );
            // Calls go to the gateway: that Plaid is out of reach from here need not matter.
            report.only_warns = true;
            way(&mut report, "Plaid", "PLAID_BASE_URL", to_plaid, plaid);
        }
    }
    report
}

fn credentials(report: &mut Report, has: (bool, bool), has_gateway: bool) {
    let name = "credentials";
    match has {
        (true, true) => report.good(name, "PLAID_CLIENT_ID and PLAID_SECRET are set"),
        (false, false) if has_gateway => report.good(name, "none set: the gateway has them"),
        (false, false) => report.warn(
            name,
            "not set",
            None,
            "Set PLAID_CLIENT_ID and PLAID_SECRET, or pass clientId and secret; the local Sandbox \
             takes any.",
        ),
        (has_id, _) => {
            let (set, missing) = match has_id {
                true => ("PLAID_CLIENT_ID", "PLAID_SECRET"),
                false => ("PLAID_SECRET", "PLAID_CLIENT_ID"),
            };
            report.bad(
                name,
                &format!("{set} is set without {missing}"),
                Some("MISSING_CREDENTIALS"),
                "Set both, or neither.",
            );
        }
    }
}

async fn trust(report: &mut Report, config: Config) {
    let name = "certificates";
    let extra = !config.extra_ca_files.is_empty();
    let own_file = config.system_ca_file.is_some();
    let counted = match spawn_blocking(move || roots(&config)).await {
        Ok(Ok(counted)) => counted,
        Ok(Err(usage)) => return refused(report, name, &usage),
        Err(_) => return report.bad(name, "could not be read", None, "Try again."),
    };
    let of = match own_file {
        true => "of SSL_CERT_FILE",
        false => "of the system",
    };
    let mut told = match counted.system {
        0 => format!("{} of Mozilla's, in the binary", counted.mozilla),
        system => format!("{system} {of}"),
    };
    if counted.own > 0 {
        told += &format!(", {} of NODE_EXTRA_CA_CERTS", counted.own);
    }
    if own_file && counted.system == 0 {
        let advice = "SSL_CERT_FILE names a file that holds no certificate that can be read: \
                      correct it, or unset it.";
        report.warn(name, &told, None, advice);
    } else if extra && counted.own == 0 {
        let advice = "NODE_EXTRA_CA_CERTS names a file that holds no certificate that can be read: \
                      correct it, or unset it.";
        report.warn(name, &told, None, advice);
    } else {
        report.good(name, &told);
    }
}

fn way(
    report: &mut Report,
    title: &str,
    variable: &str,
    walked: Result<Reach, UsageError>,
    judge: impl Fn(&mut Report, u16, &[u8]),
) {
    let walked = match walked {
        Ok(walked) => walked,
        Err(usage) => {
            report.section(title);
            // What it is called in code is no help to whoever set a variable.
            let name = match usage.field {
                "baseUrl" | "gateway.url" => variable,
                other => other,
            };
            return refused(report, name, &usage);
        }
    };
    report.section(&format!("{title}: {}", walked.origin));
    match &walked.proxy {
        Some(proxy) => report.good("way", &format!("through the proxy {proxy}")),
        None => report.good("way", "direct, without a proxy"),
    }
    for step in &walked.steps {
        match &step.result {
            // What is answered is judged below.
            Ok(_) if step.name == "answer" => {}
            Ok(told) => report.good(step.name, told),
            Err(error) => report.bad(step.name, "failed", Some(&error.code), &error.problem),
        }
        if step.name == "answer"
            && let Some((status, body)) = &walked.answer
        {
            judge(report, *status, body);
        }
        report.took(step.took);
    }
}

fn refused(report: &mut Report, name: &str, usage: &UsageError) {
    report.bad(name, "cannot be used", Some(usage.code), &usage.problem);
}

/// Plaid refuses what it is asked without credentials, in words of its own.
fn plaid(report: &mut Report, status: u16, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = format!("HTTP {status}");
    match body["error_code"].is_string() {
        true => report.good(
            "answer",
            &format!("{told}, as Plaid refuses a call without credentials"),
        ),
        false => report.bad(
            "answer",
            &told,
            Some("UNEXPECTED_RESPONSE"),
            "This is no answer of Plaid's: look at what stands between, such as a proxy that asks \
             for a login.",
        ),
    }
}

fn answered_by_gateway(report: &mut Report, status: u16, body: &[u8], has_token: bool) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = format!("HTTP {status}");
    match (body["token_required"].as_bool(), has_token) {
        (Some(false), _) => report.good("answer", &format!("{told}, it asks for no token")),
        (Some(true), true) => report.good(
            "answer",
            &format!(
                "{told}, it asks for a token, and UTDK_GATEWAY_TOKEN is set (it was not sent)"
            ),
        ),
        (Some(true), false) => report.bad(
            "answer",
            &format!("{told}, it asks for a token"),
            Some("TOKEN_MISSING"),
            "Set UTDK_GATEWAY_TOKEN to the token it was started with.",
        ),
        (None, _) => report.warn(
            "answer",
            &told,
            Some("UNEXPECTED_RESPONSE"),
            "This is no answer of `npx @utdk/plaid gateway`: check UTDK_GATEWAY_URL, unless the \
             gateway is another.",
        ),
    }
}
