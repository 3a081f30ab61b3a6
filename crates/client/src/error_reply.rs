//! Reads an error reply of Plaid's or of a gateway's, and scrubs what an error keeps of it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::{ApiError, ConnectionError, Error};
use crate::scrub::{Scrubber, Secrets};
use crate::wire::{self, Peer};

/// Reads an error reply leniently: a field of an undocumented type is dropped and does not hide the
/// error code.
pub(crate) fn error(peer: Peer, status: u16, body: &[u8], secrets: &Secrets<'_>) -> Error {
    let fields: Map<String, Value> = match wire::parse(status, body) {
        Ok(fields) => fields,
        Err(error) => return error,
    };
    let scrubber = secrets.scrubber();
    let text = |name: &str| {
        let text = fields.get(name).and_then(Value::as_str);
        text.map(|text| scrubber.text(text))
    };
    let gateway_sentence = match peer {
        Peer::Gateway => text("error"),
        Peer::Plaid => None,
    };
    if peer == Peer::Gateway
        && let Some(error) = behind_gateway(&fields, &text)
    {
        return error;
    }
    let (error_code, error_message) = match (text("error_code"), gateway_sentence) {
        (Some(code), sentence) => (code, text("error_message").or(sentence).unwrap_or_default()),
        (None, Some(sentence)) => ("GATEWAY_ERROR".to_owned(), sentence),
        (None, None) => {
            return Error::response(
                status,
                "is JSON, but not a Plaid error: it has no `error_code`",
            );
        }
    };
    Error::Api(Box::new(ApiError {
        status,
        error_type: text("error_type").unwrap_or_else(|| "API_ERROR".to_owned()),
        error_code,
        error_code_reason: text("error_code_reason"),
        error_message,
        display_message: text("display_message"),
        documentation_url: text("documentation_url"),
        suggested_action: text("suggested_action"),
        request_id: text("request_id"),
        causes: match fields.get("causes") {
            Some(Value::Array(causes)) => Some(kept(causes, &scrubber)),
            _ => None,
        },
    }))
}

/// The longest that the causes may be together, in bytes of JSON; further ones are dropped.
const LONGEST_CAUSES: usize = 64 << 10;

fn kept(causes: &[Value], scrubber: &Scrubber<'_>) -> Vec<Value> {
    let mut length = 0;
    causes
        .iter()
        .map(|cause| scrubber.value(cause))
        .take_while(|cause| {
            length += cause.to_string().len();
            length <= LONGEST_CAUSES
        })
        .collect()
}

/// A failure between the gateway and Plaid, reported as if no gateway were between.
fn behind_gateway(
    fields: &Map<String, Value>,
    text: &impl Fn(&str) -> Option<String>,
) -> Option<Error> {
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    match fields.get("kind")?.as_str()? {
        "connection" => {
            let is_code = |code: &String| {
                let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                code.len() <= 24 && code.bytes().all(is_letter)
            };
            let code = text("error_code").filter(is_code);
            Some(Error::Connection(ConnectionError {
                code: code.map_or("CONNECTION_FAILED".into(), Cow::from),
                problem: text("error_message")?,
                chain: Vec::new(),
            }))
        }
        "timeout" => Some(Error::Timeout {
            timeout_ms: number("timeout_ms")?,
            last: None,
        }),
        "response" => Some(Error::response(
            number("upstream_status")?.try_into().ok()?,
            text("upstream_problem")?,
        )),
        _ => None,
    }
}
