//! Writes the request and reads the reply: the only place where a secret is exposed.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::ResetLogin;
use crate::error::{ApiError, ConnectionError, Error};

/// A successful reply.
#[derive(Debug, Deserialize, Serialize)]
pub struct Reply {
    /// `true` if the Item is now in `ITEM_LOGIN_REQUIRED`.
    pub reset_login: bool,
    /// Plaid's id of this request, for its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whatever else the reply held.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Which of the two peers a request is for: they differ in the envelope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Peer {
    Plaid,
    Gateway,
}

/// The request's body.
pub(crate) fn body(peer: Peer, call: &ResetLogin) -> Bytes {
    #[derive(Serialize)]
    struct Arguments<'a> {
        access_token: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct ToGateway<'a> {
        args: Arguments<'a>,
    }

    let args = Arguments {
        access_token: call.access_token.expose_secret(),
        client_id: call.client_id.as_ref().map(|id| id.expose_secret()),
        secret: call.secret.as_ref().map(|secret| secret.expose_secret()),
    };
    let json = match peer {
        Peer::Plaid => serde_json::to_vec(&args),
        Peer::Gateway => serde_json::to_vec(&ToGateway { args }),
    };
    json.expect("strings are always JSON").into()
}

/// `prefix` and the secret as a header's value, or `None` if HTTP cannot carry it.
pub(crate) fn secret_header(prefix: &str, secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The values of a call that must not show in an error, whatever a reply quotes: `given` and every
/// header that is not of this crate's own making.
pub(crate) fn secrets(given: &[Option<&SecretString>], headers: &HeaderMap) -> Vec<SecretString> {
    let given = given.iter().flatten().map(|secret| (*secret).clone());
    let headers = headers
        .values()
        .filter(|value| value.is_sensitive())
        .filter_map(|value| Some(value.to_str().ok()?.into()));
    given.chain(headers).collect()
}

/// Reads a complete reply. `secrets` are struck out of whatever an error keeps of it.
///
/// # Errors
///
/// [`Error::Api`] if it is Plaid's (or the gateway's) error, otherwise [`Error::Response`].
pub(crate) fn reply(
    peer: Peer,
    status: u16,
    body: &[u8],
    secrets: impl FnOnce() -> Vec<SecretString>,
) -> Result<Reply, Error> {
    match (status, peer) {
        (200, Peer::Plaid) => success(status, body),
        (200, Peer::Gateway) => unwrap_gateway(status, body),
        (300..=399, _) => Err(unexpected(
            status,
            "is a redirect, which is not followed: the credentials would go with it",
        )),
        (400.., _) => Err(failure(peer, status, body, secrets())),
        _ => Err(unexpected(
            status,
            "has a status that this operation does not answer with",
        )),
    }
}

pub(crate) fn unexpected(status: u16, problem: impl Into<String>) -> Error {
    Error::Response {
        status,
        problem: problem.into(),
    }
}

fn success(status: u16, body: &[u8]) -> Result<Reply, Error> {
    /// The reply as Plaid sends it today: read without a map for further fields.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plain {
        reset_login: bool,
        request_id: String,
    }
    match serde_json::from_slice::<Plain>(body) {
        Ok(plain) => Ok(Reply {
            reset_login: plain.reset_login,
            request_id: Some(plain.request_id),
            rest: Map::new(),
        }),
        Err(_) => parse(status, body),
    }
}

/// Takes the reply out of the gateway's envelope, `{"data":…,"meta":…}`; with any other keys it is
/// the reply itself.
fn unwrap_gateway(status: u16, body: &[u8]) -> Result<Reply, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Envelope {
        data: Reply,
        #[serde(rename = "meta")]
        _meta: IgnoredAny,
    }
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => Ok(envelope.data),
        Err(_) => success(status, body),
    }
}

/// Parses a body, with an error that names the place and never quotes the content.
fn parse<'a, T: Deserialize<'a>>(status: u16, body: &'a [u8]) -> Result<T, Error> {
    if body.is_empty() {
        return Err(unexpected(status, "has no body, where JSON was expected"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        use serde_json::error::Category;
        let (line, column) = (error.inner().line(), error.inner().column());
        unexpected(
            status,
            match error.inner().classify() {
                Category::Eof => {
                    format!("is JSON that breaks off at line {line} column {column}")
                }
                Category::Data => {
                    format!("lacks a field that Plaid documents or has one of another type, at `{}`", error.path())
                }
                Category::Syntax | Category::Io => {
                    format!("is not JSON, from line {line} column {column} on: something between you and Plaid may have answered")
                }
            },
        )
    })?;
    json.end()
        .map_err(|_| unexpected(status, "has something after its JSON"))?;
    Ok(parsed)
}

/// Reads an error reply leniently: a field of an undocumented type is left out rather than hiding
/// the error code.
fn failure(peer: Peer, status: u16, body: &[u8], mut secrets: Vec<SecretString>) -> Error {
    let fields: Map<String, Value> = match parse(status, body) {
        Ok(fields) => fields,
        Err(error) => return error,
    };
    secrets.retain(|secret| secret.expose_secret().len() >= SHORTEST_SCRUBBED);
    // The longest first: where one begins with another, the whole of it must go.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
    let scrub = |text: &str| {
        secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[redacted]")
        })
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(scrub);
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
            return unexpected(
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
            Some(Value::Array(causes)) => Some(
                causes
                    .iter()
                    .map(|cause| scrub_all(cause, &scrub))
                    .collect(),
            ),
            _ => None,
        },
    }))
}

/// What went wrong between the gateway and Plaid, told as if it had been between here and Plaid.
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
        "response" => Some(unexpected(
            number("upstream_status")?.try_into().ok()?,
            text("upstream_problem")?,
        )),
        _ => None,
    }
}

/// Shorter secrets are made up: Plaid's have 24 characters and more, and striking out every `a`
/// would only make the message unreadable.
const SHORTEST_SCRUBBED: usize = 6;

fn scrub_all(value: &Value, scrub: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(scrub(text)),
        Value::Array(items) => items.iter().map(|item| scrub_all(item, scrub)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (scrub(name), scrub_all(field, scrub)))
            .collect(),
        other => other.clone(),
    }
}
