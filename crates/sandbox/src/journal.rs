//! The log of requests to Plaid's routes, without the secrets in them.

use std::{collections::VecDeque, time::SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{routes::Route, secrets::holds_secret, time};

/// Older requests are forgotten: a Sandbox may run for weeks.
const KEPT: usize = 10_000;

/// A longer path is cut.
const PATH_LIMIT: usize = 200;

/// A request to one of Plaid's routes, and what became of it. Serialises to an object of these
/// names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// When it was answered, by the Sandbox's clock.
    #[serde(serialize_with = "time::serialize")]
    pub at: SystemTime,
    /// Its HTTP method.
    pub method: String,
    /// Its path, without a query.
    pub path: String,
    /// The fields that the route knows. What names a person or opens something is left out or
    /// shortened: of a token its last four characters are shown. `None` where the body was never
    /// read as the route's fields.
    pub fields: Option<Value>,
    /// The Item that it was about.
    pub item_id: Option<String>,
    /// The HTTP status of the reply; `None` where a fault left none.
    pub status: Option<u16>,
    /// Plaid's `error_code`, if the reply was an error.
    pub error_code: Option<&'static str>,
    /// The reply's `request_id`.
    pub request_id: Option<String>,
    /// The fault that was injected: `error`, `html`, `reset`, `cut_short` or `hang`.
    pub fault: Option<&'static str>,
}

/// The last requests.
#[derive(Default)]
pub(crate) struct Journal(VecDeque<LoggedRequest>);

impl Journal {
    pub(crate) fn note(&mut self, request: LoggedRequest) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    /// The oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.0.iter()
    }
}

/// A method to be logged. There are others than HTTP's own, and they may be anything.
pub(crate) fn shown_method(method: &str) -> String {
    let is_plain = method.len() <= 12 && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_plain { method } else { "[redacted]" }.to_owned()
}

/// A path to be logged. On a route it is the route's; any other may hold anything.
pub(crate) fn shown_path(path: &str) -> String {
    let end = path
        .char_indices()
        .nth(PATH_LIMIT)
        .map_or(path.len(), |(at, _)| at);
    path[..end]
        .split('/')
        .map(|part| match is_plain(part) {
            true => part,
            false => "[redacted]",
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Whether it is a word such as paths are made of, and nothing that could open something.
fn is_plain(part: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.');
    let is_letter_or_digit = |byte: u8| is_letter(byte) || byte.is_ascii_digit();
    part.len() <= 24 && part.bytes().all(is_letter)
        || part.len() <= 12 && part.bytes().all(is_letter_or_digit)
}

/// The fields of `route` among `fields`, redacted.
pub(crate) fn shown_fields(route: &Route, fields: &Map<String, Value>) -> Value {
    shown_object(route, "", fields)
}

fn shown_object(route: &Route, parent: &str, fields: &Map<String, Value>) -> Value {
    let mut shown = Map::new();
    for (name, value) in fields {
        let path = match parent {
            "" => name.clone(),
            _ => format!("{parent}.{name}"),
        };
        match value {
            Value::Object(inner) if route.is_parent(&path) => {
                shown.insert(name.clone(), shown_object(route, &path, inner));
            }
            _ if route.takes(&path) => {
                shown.insert(name.clone(), shown_value(&path, value));
            }
            _ => {}
        }
    }
    Value::Object(shown)
}

fn shown_value(path: &str, value: &Value) -> Value {
    let names_a_person = path.starts_with("user.") && path != "user.client_user_id";
    let opens = ["client_id", "secret", "token", "override", "signature"]
        .iter()
        .any(|word| path.contains(word));
    match value {
        Value::String(text) if opens => shortened(text).into(),
        Value::String(text) if names_a_person || holds_secret(text) => "[redacted]".into(),
        Value::String(_) | Value::Null | Value::Bool(_) => value.clone(),
        Value::Array(_) | Value::Object(_) if opens || names_a_person => "[redacted]".into(),
        Value::Array(values) => values
            .iter()
            .map(|value| shown_value(path, value))
            .collect(),
        Value::Number(_) if opens || names_a_person => "[redacted]".into(),
        Value::Number(_) => value.clone(),
        // An object where the route takes none: nobody knows what is in it.
        Value::Object(_) => "[redacted]".into(),
    }
}

/// `access-sandbox-…0a1b`, or nothing of what has not a token's form.
fn shortened(token: &str) -> String {
    let parts: Vec<&str> = token.splitn(3, '-').collect();
    let [
        kind @ ("access" | "public" | "link"),
        environment,
        identifier,
    ] = parts[..]
    else {
        return "[redacted]".to_owned();
    };
    let is_known = matches!(environment, "sandbox" | "development" | "production");
    // Of a short one, four characters would be too much.
    if !is_known || !identifier.is_ascii() || identifier.len() < 16 {
        return "[redacted]".to_owned();
    }
    let end = &identifier[identifier.len() - 4..];
    format!("{kind}-{environment}-…{end}")
}
