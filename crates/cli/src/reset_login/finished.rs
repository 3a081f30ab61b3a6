//! What became of a token, and the line that says so.

use std::{fmt::Write, time::Duration};

use serde::Serialize;
use utdk_plaid_client::{Error, Outcome};

use super::{
    list::Origin,
    text::{Time, cut, printable},
    tokens::Defect,
};

/// What became of a token.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) position: u64,
    /// The token, as it may be shown.
    shown: Option<String>,
    /// The `request_id`, or why not.
    pub(super) result: Result<Option<String>, Failure>,
    attempts: u32,
    took: Duration,
}

/// Why a login was not reset.
#[derive(Debug)]
pub(super) struct Failure {
    /// Plaid's category of the error, if it is Plaid's.
    error_type: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
    request_id: Option<String>,
    pub(super) reach: Reach,
}

/// What else a failure tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing: another token may do.
    Token,
    /// The way to Plaid, or Plaid itself: it may pass.
    Way,
    /// Every token: nothing will do until the user changes something.
    All,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Colours,
    Json,
}

impl Finished {
    /// Of a token that was refused before a call.
    pub(super) fn refused(position: u64, defect: Defect) -> Self {
        Self {
            position,
            shown: None,
            result: Err(Failure {
                error_type: None,
                code: defect.code().to_owned(),
                message: defect.to_string(),
                request_id: None,
                reach: Reach::Token,
            }),
            attempts: 0,
            took: Duration::ZERO,
        }
    }

    /// Of a call.
    pub(super) fn called(
        position: u64,
        shown: Option<String>,
        outcome: Outcome,
        took: Duration,
    ) -> Self {
        Self {
            position,
            shown,
            result: match outcome.result {
                Ok(reply) if reply.reset_login => Ok(reply.request_id.map(cut)),
                Ok(reply) => Err(Failure {
                    error_type: None,
                    code: "NOT_RESET".to_owned(),
                    message: "Plaid replied that it did not reset the login".to_owned(),
                    request_id: reply.request_id.map(cut),
                    reach: Reach::Token,
                }),
                Err(error) => Err(error.into()),
            },
            attempts: outcome.attempts,
            took,
        }
    }

    /// Whether a request was begun for it.
    pub(super) fn was_sent(&self) -> bool {
        self.attempts > 0
    }

    /// What is left to say of the only token of a run: a failure has been told as it came.
    pub(super) fn last(&self, style: Style) -> String {
        match self.result {
            Ok(_) => self.line(style, None),
            Err(_) => String::new(),
        }
    }

    /// The line that says it; text for people says where in the list only `among` others.
    pub(super) fn line(&self, style: Style, among: Option<Origin>) -> String {
        let mut line = match style {
            Style::Json => self.json(),
            Style::Plain | Style::Colours => self.text(style == Style::Colours, among),
        };
        line.push('\n');
        line
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(tag = "kind", rename = "item")]
        struct Line<'a> {
            position: u64,
            access_token: Option<&'a str>,
            outcome: &'static str,
            request_id: Option<&'a str>,
            error_type: Option<&'a str>,
            error_code: Option<&'a str>,
            message: Option<&'a str>,
            attempts: u32,
            ms: u64,
        }
        let failure = self.result.as_ref().err();
        let line = Line {
            position: self.position,
            access_token: self.shown.as_deref(),
            outcome: match failure {
                None => "reset",
                Some(_) => "failed",
            },
            request_id: self.request_id(),
            error_type: failure.and_then(|failure| failure.error_type.as_deref()),
            error_code: failure.map(|failure| failure.code.as_str()),
            message: failure.map(|failure| failure.message.as_str()),
            attempts: self.attempts,
            ms: self.took.as_millis() as u64,
        };
        serde_json::to_string(&line).expect("lines hold strings and numbers")
    }

    fn text(&self, colours: bool, among: Option<Origin>) -> String {
        let (word, colour) = match self.result {
            Ok(_) => ("reset", 32),
            Err(_) => ("failed", 31),
        };
        let mut line = match colours {
            true => format!("\u{1b}[{colour}m{word}\u{1b}[0m"),
            false => word.to_owned(),
        };
        if let Some(shown) = &self.shown {
            line.push(' ');
            line.push_str(&printable(shown));
        }
        let mut part = |text: std::fmt::Arguments<'_>| {
            line.push_str("  ");
            line.write_fmt(text)
                .expect("a string takes whatever is written");
        };
        if let Some(origin) = among {
            part(format_args!("{} {}", origin.unit(), self.position));
        }
        if let Err(failure) = &self.result {
            let (code, message) = (printable(&failure.code), printable(&failure.message));
            part(format_args!("{code}: {message}"));
        }
        if let Some(request_id) = self.request_id() {
            part(format_args!("request_id={}", printable(request_id)));
        }
        if self.attempts > 1 {
            part(format_args!("{} attempts", self.attempts));
        }
        if self.attempts > 0 {
            part(format_args!("{}", Time(self.took)));
        }
        line
    }

    fn request_id(&self) -> Option<&str> {
        match &self.result {
            Ok(request_id) => request_id.as_deref(),
            Err(failure) => failure.request_id.as_deref(),
        }
    }
}

impl Origin {
    /// What a position counts.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Origin::Arguments => "argument",
            Origin::File | Origin::StandardInput => "line",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, reach) = (error.code().to_owned(), reach(&error));
        let code = cut(code);
        match error {
            Error::Api(api) => Self {
                error_type: Some(cut(api.error_type)),
                code,
                message: cut(api.error_message),
                request_id: api.request_id.map(cut),
                reach,
            },
            other => Self {
                error_type: None,
                code,
                message: other.to_string(),
                request_id: None,
                reach,
            },
        }
    }
}

/// Codes that no other token would escape; the last is a gateway's.
const OF_EVERY_TOKEN: [&str; 5] = [
    "INVALID_API_KEYS",
    "UNAUTHORIZED_ENVIRONMENT",
    "UNAUTHORIZED_ROUTE_ACCESS",
    "NOT_FOUND",
    "MISSING_CREDENTIALS",
];

fn reach(error: &Error) -> Reach {
    match error {
        Error::Api(api) if OF_EVERY_TOKEN.contains(&error.code()) || is_refusal(api.status) => {
            Reach::All
        }
        Error::Connection(_) if !error.retryable() => Reach::All,
        Error::Usage(usage) if usage.field != "access_token" => Reach::All,
        Error::Response { .. } => Reach::Way,
        _ if error.retryable() => Reach::Way,
        _ => Reach::Token,
    }
}

/// A gateway's "not you", and "not this route".
fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 403 | 405)
}
