//! Removes the secrets of a call from what is kept of a reply: as they are, percent-encoded, in hex, and
//! in base64.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

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

/// Replaces secrets in text, also where they are encoded.
pub(crate) struct Scrubber<'a>(Vec<Needle<'a>>);

impl<'a> Secrets<'a> {
    pub(crate) fn scrubber(&self) -> Scrubber<'a> {
        let headers = self.headers.values().filter(|value| value.is_sensitive());
        let headers = headers.filter_map(|value| value.to_str().ok());
        Scrubber::new(self.credentials().chain(headers))
    }

    /// A scrubber for a successful reply. It keeps the caller's own headers: a reply may return a
    /// correlation id.
    pub(crate) fn credential_scrubber(&self) -> Scrubber<'a> {
        Scrubber::new(self.credentials())
    }

    /// Whether every credential is longer than `text`.
    pub(crate) fn are_longer_than(&self, text: &str) -> bool {
        self.credentials().all(|secret| text.len() < secret.len())
    }

    fn credentials(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let given = self.given.into_iter().flatten();
        given
            .map(|secret| secret.expose_secret())
            .filter(|secret| secret.len() >= SHORTEST_SCRUBBED)
    }
}

impl<'a> Scrubber<'a> {
    fn new(secrets: impl Iterator<Item = &'a str>) -> Self {
        let secrets = secrets.filter(|secret| secret.len() >= SHORTEST_SCRUBBED);
        Scrubber(secrets.map(Needle::new).collect())
    }

    /// `text` with every secret replaced, then shortened: a secret is never cut in two.
    pub(crate) fn text(&self, text: &str) -> String {
        shortened(self.redacted(text), LONGEST_TEXT)
    }

    /// `value` with every secret replaced, in its keys also, and its texts shortened.
    pub(crate) fn value(&self, value: &Value) -> Value {
        self.mapped(value, &Self::text)
    }

    fn mapped(&self, value: &Value, text: &dyn Fn(&Self, &str) -> String) -> Value {
        match value {
            Value::String(value) => Value::String(text(self, value)),
            Value::Array(items) => items.iter().map(|item| self.mapped(item, text)).collect(),
            Value::Object(fields) => Value::Object(self.fields(fields, text)),
            other => other.clone(),
        }
    }

    pub(crate) fn fields(
        &self,
        fields: &Map<String, Value>,
        text: &dyn Fn(&Self, &str) -> String,
    ) -> Map<String, Value> {
        fields
            .iter()
            .map(|(name, field)| (text(self, name), self.mapped(field, text)))
            .collect()
    }

    /// `text` with every secret replaced.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let views = Views::new(text);
        let mut found: Vec<_> = self.0.iter().flat_map(|it| it.find(&views)).collect();
        found.sort_unstable_by_key(|range| range.start);
        let mut scrubbed = String::new();
        let mut end = 0;
        for range in found {
            if range.start >= end {
                scrubbed.push_str(&text[end..range.start]);
                scrubbed.push_str("[redacted]");
            }
            end = end.max(range.end);
        }
        scrubbed.push_str(&text[end..]);
        scrubbed
    }
}

/// A secret in the forms to search for.
struct Needle<'a> {
    plain: &'a str,
    hex: String,
    /// In base64, a text looks different at each of three offsets in what is encoded.
    base64: [String; 3],
}

impl<'a> Needle<'a> {
    fn new(plain: &'a str) -> Self {
        Self {
            plain,
            hex: plain.bytes().map(|byte| format!("{byte:02x}")).collect(),
            base64: [0, 1, 2].map(|offset| base64_at(plain, offset)),
        }
    }

    /// Where the secret is in the text.
    fn find(&self, views: &Views<'_>) -> Vec<Range<usize>> {
        let mut found = ranges(views.text, self.plain);
        found.extend(ranges(&views.lower_case, &self.hex));
        for needle in &self.base64 {
            found.extend(ranges(&views.base64, needle));
        }
        if let Some((decoded, starts)) = &views.percent_decoded {
            let plain = self.plain.as_bytes();
            let windows = decoded.windows(plain.len()).enumerate();
            let matching = windows.filter(|(_, window)| *window == plain);
            found.extend(matching.map(|(at, _)| starts[at]..starts[at + plain.len()]));
        }
        found
    }
}

/// A text, prepared once for all needles. Byte positions are those of the text.
struct Views<'a> {
    text: &'a str,
    lower_case: String,
    /// The URL-safe alphabet replaced by the standard one.
    base64: String,
    /// The decoded bytes, and where each starts in the text. `None` without any escape.
    percent_decoded: Option<(Vec<u8>, Vec<usize>)>,
}

impl<'a> Views<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            lower_case: text.to_ascii_lowercase(),
            base64: text.replace('-', "+").replace('_', "/"),
            percent_decoded: text.contains('%').then(|| percent_decoded(text)),
        }
    }
}

fn percent_decoded(text: &str) -> (Vec<u8>, Vec<usize>) {
    let bytes = text.as_bytes();
    let (mut decoded, mut starts) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        starts.push(at);
        let digits = text.get(at + 1..at + 3);
        let digits = digits.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) if byte == b'%' => {
                decoded.push(escaped);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    starts.push(at);
    (decoded, starts)
}

/// The characters that `secret` alone decides where it is encoded after `offset` other bytes.
fn base64_at(secret: &str, offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret.as_bytes());
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    // A character has 6 bits: the first ones have bits of what is before, the last one of what is after.
    let start = (offset * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    encoded[start..end].to_owned()
}

fn ranges(text: &str, needle: &str) -> Vec<Range<usize>> {
    text.match_indices(needle)
        .map(|(at, found)| at..at + found.len())
        .collect()
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
