//! The input of the operation, parsed from the body and the headers of a request. Unknown fields are
//! rejected, so nothing that a caller writes reaches Plaid unchecked.

use hyper::{HeaderMap, header::HeaderName};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{credentials::Pair, json, refusal::Refusal};

/// Which of the two routes of the operation a call came by. They differ in the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallRoute {
    /// `POST /tools/plaid/sandboxitemresetlogin`: `{"args":{…}}` or the bare arguments.
    Tool,
    /// `POST /sandbox/item/reset_login`: the body that Plaid documents.
    Plaid,
}

/// The input of one call.
pub(crate) struct Input {
    pub(crate) access_token: SecretString,
    /// The caller's own `client_id`. It replaces the gateway's.
    pub(crate) client_id: Option<SecretString>,
    /// The caller's own `secret`. It replaces the gateway's.
    pub(crate) secret: Option<SecretString>,
    /// The W3C trace context to continue.
    pub(crate) traceparent: Option<String>,
}

impl Input {
    /// # Errors
    ///
    /// A refusal that names the field.
    pub(crate) fn parse(
        route: CallRoute,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Refusal> {
        let body = json::parse(body).ok_or_else(|| {
            let problem = "the body is not JSON, or an object in it has a repeated name";
            Refusal::bad_input("INVALID_BODY", None, problem)
        })?;
        let Value::Object(mut body) = body else {
            let problem = "the body must be a JSON object such as {\"access_token\":\"…\"}";
            return Err(Refusal::bad_input("INVALID_BODY", None, problem));
        };
        let mut credential = Map::new();
        if route == CallRoute::Tool && body.contains_key("args") {
            credential = object(body.remove("credential"), "credential")?;
            let args = object(body.remove("args"), "args")?;
            no_more_fields(&body, "args and credential")?;
            body = args;
        }
        let access_token = text(&mut body, "access_token")?.ok_or_else(|| {
            let problem = "access_token is missing: give the Item's access token";
            Refusal::bad_input("MISSING_FIELD", Some("access_token"), problem)
        })?;
        let client_id = text(&mut body, "client_id")?;
        let secret = text(&mut body, "secret")?;
        no_more_fields(&body, "access_token, client_id and secret")?;
        let credential_id = text(&mut credential, "client_id")?;
        let credential_secret = text(&mut credential, "secret")?;
        no_more_fields(&credential, "client_id and secret")?;
        Ok(Input {
            access_token,
            client_id: client_id
                .or(credential_id)
                .or(header(headers, "plaid-client-id")?),
            secret: secret
                .or(credential_secret)
                .or(header(headers, "plaid-secret")?),
            traceparent: traceparent(headers),
        })
    }
}

/// Parses the body of `PUT /credentials`.
///
/// # Errors
///
/// A refusal that names the field.
pub(crate) fn credentials(body: &[u8]) -> Result<Pair, Refusal> {
    let Some(Value::Object(mut body)) = json::parse(body) else {
        let problem = "the body must be {\"client_id\":\"…\",\"secret\":\"…\"}";
        return Err(Refusal::bad_input("INVALID_BODY", None, problem));
    };
    let mut required = |name: &'static str| {
        text(&mut body, name)?.ok_or_else(|| {
            let problem = format!("{name} is missing: give both client_id and secret");
            Refusal::bad_input("MISSING_FIELD", Some(name), &problem)
        })
    };
    let pair = Pair {
        client_id: required("client_id")?,
        secret: required("secret")?,
    };
    no_more_fields(&body, "client_id and secret")?;
    Ok(pair)
}

/// An optional object.
fn object(value: Option<Value>, name: &'static str) -> Result<Map<String, Value>, Refusal> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => {
            let problem = format!("{name} must be an object");
            Err(Refusal::bad_input("INVALID_FIELD", Some(name), &problem))
        }
    }
}

/// Takes an optional field; if it is present it must be a non-empty string.
fn text(
    fields: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<SecretString>, Refusal> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && !text.contains(char::is_control) => {
            Ok(Some(text.into()))
        }
        Some(_) => {
            let problem = format!("{name} must be a non-empty string without control characters");
            Err(Refusal::bad_input("INVALID_FIELD", Some(name), &problem))
        }
    }
}

/// A credential in a header, as Plaid's own clients send it.
fn header(headers: &HeaderMap, name: &'static str) -> Result<Option<SecretString>, Refusal> {
    let mut values = headers.get_all(HeaderName::from_static(name)).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok("") => Ok(None),
            Ok(value) => Ok(Some(value.into())),
            Err(_) => {
                let problem = format!("the header {name} must be ASCII text");
                Err(Refusal::bad_input("INVALID_HEADER", None, &problem))
            }
        },
        (Some(_), Some(_)) => {
            let problem = format!("the header {name} is repeated");
            Err(Refusal::bad_input("INVALID_HEADER", None, &problem))
        }
    }
}

/// The `traceparent` header: `00-<trace>-<span>-<flags>` in lower-case hex, neither id all zeros.
/// Anything else is dropped.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.to_str().ok()?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let parts: Vec<&str> = value.split('-').collect();
    let is_trace = match parts[..] {
        ["00", trace, span, flags] => {
            let ids = [(trace, 32), (span, 16)];
            let is_id = |(id, length): (&str, usize)| {
                id.len() == length && !id.trim_matches('0').is_empty()
            };
            ids.into_iter().all(is_id)
                && flags.len() == 2
                && parts.iter().all(|part| part.bytes().all(is_hex))
        }
        _ => false,
    };
    is_trace.then(|| value.to_owned())
}

/// Rejects the first field that is left.
fn no_more_fields(fields: &Map<String, Value>, known: &str) -> Result<(), Refusal> {
    let Some(name) = fields.keys().next() else {
        return Ok(());
    };
    // Anything that does not look like a field name could be a secret.
    let is_name = (1..=24).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let shown = if is_name { name } else { "(not shown)" };
    let problem = format!("unknown field {shown}: the known fields are {known}");
    Err(Refusal::bad_input("UNKNOWN_FIELD", Some(shown), &problem))
}
