//! What became of a token, and the line that reports it.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utdk_plaid_client::{Error, Outcome};

use crate::{
    style::{BAD, GOOD, PrintStyle},
    text::{cut, printable, time},
};

/// What became of a token. Serialises to its line of `--json`.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "kind", rename = "item")]
pub(super) struct Finished {
    pub(super) position: u64,
    /// The last four characters, unless they would be much of the token.
    access_token: Option<String>,
    /// `reset` or `failed`.
    outcome: &'static str,
    request_id: Option<String>,
    error_type: Option<String>,
    /// Only of a failure.
    pub(super) error_code: Option<String>,
    pub(super) message: Option<String>,
    attempts: u32,
    ms: u64,
    #[serde(skip)]
    took: Duration,
    /// Whether every other token would meet the same error.
    #[serde(skip)]
    pub(super) is_of_all: bool,
}

impl Finished {
    /// For a line that holds no token.
    pub(super) fn refused(position: u64, (code, message): (&str, String)) -> Self {
        Self {
            position,
            outcome: "failed",
            error_code: Some(code.to_owned()),
            message: Some(message),
            ..Self::default()
        }
    }

    /// For a call.
    pub(super) fn called(
        position: u64,
        token: &SecretString,
        outcome: Outcome,
        took: Duration,
    ) -> Self {
        let finished = Self {
            position,
            access_token: end_of(token.expose_secret()),
            outcome: "failed",
            is_of_all: outcome.result.as_ref().is_err_and(is_of_all),
            attempts: outcome.attempts,
            ms: took.as_millis() as u64,
            took,
            ..Self::default()
        };
        match outcome.result {
            Ok(reply) if reply.reset_login => Self {
                outcome: "reset",
                request_id: Some(cut(reply.request_id)),
                ..finished
            },
            Ok(reply) => Self {
                request_id: Some(cut(reply.request_id)),
                error_code: Some("NOT_RESET".to_owned()),
                message: Some("the server did not reset the login".to_owned()),
                ..finished
            },
            Err(Error::Api(api)) => Self {
                request_id: api.request_id.map(cut),
                error_type: Some(cut(api.error_type)),
                error_code: Some(cut(api.error_code)),
                message: Some(cut(api.error_message)),
                ..finished
            },
            Err(error) => Self {
                error_code: Some(error.code().to_owned()),
                message: Some(error.to_string()),
                ..finished
            },
        }
    }

    /// The line, with its end. Text has the position only if there is a `unit` that it counts.
    pub(super) fn line(&self, style: PrintStyle, unit: Option<&str>) -> String {
        if style == PrintStyle::Json {
            return serde_json::to_string(self).expect("lines hold strings and numbers") + "\n";
        }
        let colour = if self.error_code.is_none() { GOOD } else { BAD };
        let mut line = style.paint(colour, self.outcome);
        if let Some(token) = &self.access_token {
            line += &format!(" {token}");
        }
        if let Some(unit) = unit {
            line += &format!("  {unit} {}", self.position);
        }
        if let (Some(code), Some(message)) = (&self.error_code, &self.message) {
            line += &format!("  {}: {}", printable(code), printable(message));
        }
        if let Some(request_id) = &self.request_id {
            line += &format!("  request_id={}", printable(request_id));
        }
        if self.attempts > 1 {
            line += &format!("  {} attempts", self.attempts);
        }
        if self.attempts > 0 {
            line += &format!("  {}", time(self.took));
        }
        line + "\n"
    }
}

fn end_of(token: &str) -> Option<String> {
    const SHORTEST: usize = 24;
    (token.len() >= SHORTEST).then(|| format!("…{}", &token[token.len() - 4..]))
}

/// Whether every other token would meet the same error, until the user changes something.
fn is_of_all(error: &Error) -> bool {
    const CODES: [&str; 5] = [
        "INVALID_API_KEYS",
        "UNAUTHORIZED_ENVIRONMENT",
        "UNAUTHORIZED_ROUTE_ACCESS",
        "NOT_FOUND",
        "MISSING_CREDENTIALS",
    ];
    match error {
        // A gateway answers 401 and 403; a server that is neither Plaid nor a gateway, 405.
        Error::Api(api) => {
            CODES.contains(&api.error_code.as_str()) || matches!(api.status, 401 | 403 | 405)
        }
        Error::Connection(_) => !error.retryable(),
        Error::Usage(usage) => usage.field != "access_token",
        _ => false,
    }
}
