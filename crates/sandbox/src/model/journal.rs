//! The log of requests to Plaid's routes, without secrets.

use std::{
    collections::VecDeque,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::plaid::{routes::RouteSpec, secrets::contains_secret, time};

/// How many requests are remembered.
const KEPT: usize = 10_000;

/// A longer path is cut.
const PATH_LIMIT: usize = 200;

/// A request to one of Plaid's routes, and its reply. Serialises to an object with these names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// When it was answered, by the Sandbox's clock.
    #[serde(serialize_with = "time::serialize")]
    pub at: SystemTime,
    /// The HTTP method.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// The fields that the route takes. Secrets and personal data are redacted; a token is shortened
    /// to its last four characters. `None` if the body was not read as fields.
    pub fields: Option<Value>,
    /// The Item it was about.
    pub item_id: Option<String>,
    /// The HTTP status of the reply; `None` if a fault prevented a reply.
    pub status: Option<u16>,
    /// Plaid's `error_code`, if the reply is an error.
    pub error_code: Option<&'static str>,
    /// The `request_id` of the reply.
    pub request_id: Option<String>,
    /// The injected fault: `error`, `html`, `reset`, `cut_short` or `hang`.
    pub fault: Option<&'static str>,
}

impl LoggedRequest {
    /// A request that is not answered yet.
    pub(crate) fn new(method: &str, path: &str, route: Option<&RouteSpec>) -> Self {
        LoggedRequest {
            at: UNIX_EPOCH,
            method: shown_method(method),
            path: route.map_or_else(|| shown_path(path), |route| route.path.to_owned()),
            fields: None,
            item_id: None,
            status: None,
            error_code: None,
            request_id: None,
            fault: None,
        }
    }
}

/// The last requests.
#[derive(Default)]
pub(crate) struct Journal(VecDeque<LoggedRequest>);

impl Journal {
    pub(crate) fn add(&mut self, request: LoggedRequest) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    /// Oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.0.iter()
    }
}

/// The method as it is logged. A method that HTTP does not define may contain anything.
fn shown_method(method: &str) -> String {
    let is_plain = method.len() <= 12 && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_plain { method } else { "[redacted]" }.to_owned()
}

/// The path as it is logged. The path of an unknown route may contain anything.
fn shown_path(path: &str) -> String {
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

/// Whether it is an ordinary word of a path, and too short for a secret.
fn is_plain(part: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.');
    let is_letter_or_digit = |byte: u8| is_letter(byte) || byte.is_ascii_digit();
    part.len() <= 24 && part.bytes().all(is_letter)
        || part.len() <= 12 && part.bytes().all(is_letter_or_digit)
}

/// The fields of `route` among `fields`, redacted.
pub(crate) fn shown_fields(route: &RouteSpec, fields: &Map<String, Value>) -> Value {
    shown_object(route, "", fields)
}

fn shown_object(route: &RouteSpec, parent: &str, fields: &Map<String, Value>) -> Value {
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
    let is_personal = path.starts_with("user.") && path != "user.client_user_id";
    let is_secret = ["client_id", "secret", "token", "override", "signature"]
        .iter()
        .any(|word| path.contains(word));
    match value {
        Value::String(text) if is_secret => shortened(text).into(),
        Value::String(text) if is_personal || contains_secret(text) => "[redacted]".into(),
        Value::String(_) | Value::Null | Value::Bool(_) => value.clone(),
        Value::Array(_) | Value::Object(_) if is_secret || is_personal => "[redacted]".into(),
        Value::Array(values) => values
            .iter()
            .map(|value| shown_value(path, value))
            .collect(),
        Value::Number(_) if is_secret || is_personal => "[redacted]".into(),
        Value::Number(_) => value.clone(),
        // An object where the route takes none may contain anything.
        Value::Object(_) => "[redacted]".into(),
    }
}

/// `access-sandbox-…0a1b`; text that does not have the form of a token is redacted.
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
    // Four characters of a short identifier would reveal too much.
    if !is_known || !identifier.is_ascii() || identifier.len() < 16 {
        return "[redacted]".to_owned();
    }
    let end = &identifier[identifier.len() - 4..];
    format!("{kind}-{environment}-…{end}")
}
