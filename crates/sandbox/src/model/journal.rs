//! The log of requests to Plaid's routes, without secrets.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::plaid::{
    json,
    routes::{FieldSpecs, RouteSpec},
    secrets::contains_secret,
    time,
};

/// How many requests are remembered, and in how many bytes.
const KEPT: usize = 10_000;
const KEPT_BYTES: usize = 8 << 20;

/// The fields of one request are shown up to this many bytes.
const FIELDS_LIMIT: usize = 4 << 10;

/// A longer text or list is cut.
const TEXT_LIMIT: usize = 200;
const LIST_LIMIT: usize = 20;

/// A longer path is cut.
const PATH_LIMIT: usize = 200;

/// A request to one of Plaid's routes, and its reply. Serialises to an object with these names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// When it was answered, by the Sandbox's clock.
    #[serde(serialize_with = "time::serialize")]
    pub at: SystemTime,
    /// How long the reply took, an injected delay included.
    #[serde(rename = "took_ms", serialize_with = "time::serialize_millis")]
    pub took: Duration,
    /// The HTTP method.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// The fields that the route takes. Secrets and personal data are redacted; a token is shortened
    /// to its last four characters. `None` if the body was not read as fields, or the credentials were
    /// wrong.
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
    /// Whether Plaid has this route and the Sandbox does not: the reply was NOT_FOUND.
    pub not_emulated: bool,
}

impl LoggedRequest {
    /// A request that is not answered yet.
    pub(crate) fn new(method: &str, path: &str, route: Option<&RouteSpec>) -> Self {
        LoggedRequest {
            at: UNIX_EPOCH,
            took: Duration::ZERO,
            method: shown_method(method),
            path: route.map_or_else(|| shown_path(path), |route| route.path.to_owned()),
            fields: None,
            item_id: None,
            status: None,
            error_code: None,
            request_id: None,
            fault: None,
            not_emulated: false,
        }
    }

    /// About how many bytes it occupies.
    fn size(&self) -> usize {
        let texts = [&self.item_id, &self.request_id].into_iter().flatten();
        let texts: usize = texts.map(String::len).sum();
        let fields = self.fields.as_ref().map_or(0, json::memory);
        size_of::<Self>() + self.method.len() + self.path.len() + texts + fields
    }
}

/// The last requests.
#[derive(Default)]
pub(crate) struct Journal {
    requests: VecDeque<LoggedRequest>,
    bytes: usize,
    dropped: u64,
}

impl Journal {
    pub(crate) fn add(&mut self, request: LoggedRequest) {
        self.bytes += request.size();
        self.requests.push_back(request);
        while self.requests.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }

    /// Oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.requests.iter()
    }

    /// How many requests were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
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

/// The fields of `route` among `fields`, redacted. Long texts and lists are cut, and what is too large
/// beside the other fields is left out.
pub(crate) fn shown_fields(route: &RouteSpec, fields: &Map<String, Value>) -> Value {
    let mut shown = shown_object(route.fields, "", fields);
    let mut room = FIELDS_LIMIT;
    for value in shown
        .as_object_mut()
        .into_iter()
        .flatten()
        .map(|(_, value)| value)
    {
        match room.checked_sub(json::memory(value)) {
            Some(left) => room = left,
            None => *value = "[cut]".into(),
        }
    }
    shown
}

fn shown_object(specs: FieldSpecs, parent: &str, fields: &Map<String, Value>) -> Value {
    let mut shown = Map::new();
    for (name, value) in fields {
        let is_credential = parent.is_empty() && matches!(name.as_str(), "client_id" | "secret");
        let path = match parent {
            "" => name.clone(),
            _ => format!("{parent}.{name}"),
        };
        let value = match (specs.find(name), value) {
            (Some(spec), Value::Object(inner)) if spec.is_object() => {
                shown_object(spec.fields, &path, inner)
            }
            (Some(spec), Value::Array(list)) if spec.is_list() => {
                shown_list(list, |value| match value {
                    Value::Object(inner) => shown_object(spec.fields, &path, inner),
                    _ => "[redacted]".into(),
                })
            }
            // A value of the wrong type may contain anything.
            (Some(spec), value) if spec.is_object() || spec.is_list() => match value.is_null() {
                true => Value::Null,
                false => "[redacted]".into(),
            },
            (Some(_), value) => shown_value(&path, value),
            (None, value) if is_credential => shown_value(&path, value),
            (None, _) => continue,
        };
        shown.insert(name.clone(), value);
    }
    Value::Object(shown)
}

/// The first values of a list, and how many more it has.
fn shown_list(list: &[Value], shown: impl Fn(&Value) -> Value) -> Value {
    let mut values: Vec<Value> = list.iter().take(LIST_LIMIT).map(shown).collect();
    if list.len() > LIST_LIMIT {
        values.push(format!("[{} more]", list.len() - LIST_LIMIT).into());
    }
    values.into()
}

fn shown_text(text: &str) -> Value {
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Parts of the names of fields with personal data, on any route.
const PERSONAL: [&str; 14] = [
    "account_number",
    "address",
    "birth",
    "email",
    "family_name",
    "first_name",
    "given_name",
    "id_number",
    "identity.",
    "last_name",
    "legal_name",
    "middle_name",
    "phone",
    "ssn",
];

fn shown_value(path: &str, value: &Value) -> Value {
    let is_of_user = path.starts_with("user.") && path != "user.client_user_id";
    let is_personal = is_of_user || PERSONAL.iter().any(|word| path.contains(word));
    let is_secret = ["client_id", "secret", "token", "override", "signature"]
        .iter()
        .any(|word| path.contains(word));
    match value {
        Value::String(text) if is_secret => shortened(text).into(),
        Value::String(text) if is_personal || contains_secret(text) => "[redacted]".into(),
        Value::String(text) => shown_text(text),
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Array(_) | Value::Object(_) if is_secret || is_personal => "[redacted]".into(),
        Value::Array(values) => shown_list(values, |value| shown_value(path, value)),
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
