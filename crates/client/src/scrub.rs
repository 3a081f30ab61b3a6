//! Removes the secrets of a call from what an error keeps of a reply.

use std::cmp::Reverse;

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The secrets of one call, by reference: most calls succeed and scrub nothing.
pub(crate) struct Secrets<'a> {
    /// Tokens and credentials, of the call and of its client.
    pub(crate) given: [Option<&'a SecretString>; 6],
    /// The request's headers; those marked sensitive are secrets.
    pub(crate) headers: &'a HeaderMap,
}

/// Shorter secrets are made up: Plaid's have 24 characters and more, and removing every `a` would
/// only make the message unreadable.
const SHORTEST_SCRUBBED: usize = 6;

/// The longest text that an error keeps of a reply, in bytes.
const LONGEST_TEXT: usize = 4 << 10;

/// Replaces secrets in text, and shortens it to [`LONGEST_TEXT`].
pub(crate) struct Scrubber<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    pub(crate) fn scrubber(&self) -> Scrubber<'a> {
        let given = self.given.iter().flatten();
        let given = given.map(|secret| secret.expose_secret());
        let headers = self.headers.values().filter(|value| value.is_sensitive());
        let headers = headers.filter_map(|value| value.to_str().ok());
        let mut secrets: Vec<_> = given
            .chain(headers)
            .filter(|secret| secret.len() >= SHORTEST_SCRUBBED)
            .collect();
        // The longest first: where one starts with another, the whole of it must be removed.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        Scrubber(secrets)
    }
}

impl Scrubber<'_> {
    /// `text` with every secret replaced, then shortened: a secret is never cut in two.
    pub(crate) fn text(&self, text: &str) -> String {
        let scrubbed = self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret, "[redacted]")
        });
        shortened(scrubbed, LONGEST_TEXT)
    }

    /// `value` with every secret replaced, in its keys also.
    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (self.text(name), self.value(field)))
                .collect(),
            other => other.clone(),
        }
    }
}

/// `text`, or its start and an ellipsis: at most `longest` bytes together.
pub(crate) fn shortened(mut text: String, longest: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest - ELLIPSIS.len()));
        text.push_str(ELLIPSIS);
    }
    text
}
