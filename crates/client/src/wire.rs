//! What crosses the network as JSON: the request's body and a successful reply.

use bytes::Bytes;
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::request::ResetLogin;
use crate::scrub::{Scrubber, Secrets, shortened};

/// A successful reply.
#[derive(Debug, Deserialize, Serialize)]
pub struct Reply {
    /// `true` if the Item is now in `ITEM_LOGIN_REQUIRED`.
    pub reset_login: bool,
    /// Plaid's id of this request, for its support.
    pub request_id: String,
    /// All other fields of the reply.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Reply {
    /// Replaces credentials that the reply echoes.
    pub(crate) fn scrubbed(self, secrets: &Secrets<'_>) -> Self {
        // Nearly always: a text that is shorter than a secret cannot contain it, in any encoding.
        if self.rest.is_empty() && secrets.are_longer_than(&self.request_id) {
            return self;
        }
        let scrubber = secrets.credential_scrubber();
        Reply {
            reset_login: self.reset_login,
            request_id: scrubber.redacted(&self.request_id),
            rest: scrubber.fields(&self.rest, &Scrubber::redacted),
        }
    }
}

/// Who answers the requests: the two differ in the envelope.
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

/// Reads the body of a 200.
///
/// # Errors
///
/// [`Error::Response`] if it is not what Plaid documents.
pub(crate) fn success(peer: Peer, status: u16, body: &[u8]) -> Result<Reply, Error> {
    match peer {
        Peer::Plaid => reply(status, body),
        Peer::Gateway => unwrap_gateway(status, body),
    }
}

fn reply(status: u16, body: &[u8]) -> Result<Reply, Error> {
    /// The reply as Plaid sends it today: parsed without a map for further fields.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plain {
        reset_login: bool,
        request_id: String,
    }
    match serde_json::from_slice::<Plain>(body) {
        Ok(plain) => Ok(Reply {
            reset_login: plain.reset_login,
            request_id: plain.request_id,
            rest: Map::new(),
        }),
        Err(_) => parse(status, body),
    }
}

/// Takes the reply out of the gateway's envelope, `{"data":…,"meta":…}`. A body with any other keys
/// is the reply itself.
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
        Err(_) => reply(status, body),
    }
}

/// Parses a body, with an error that names the place and never quotes the content.
///
/// # Errors
///
/// [`Error::Response`].
pub(crate) fn parse<'a, T: Deserialize<'a>>(status: u16, body: &'a [u8]) -> Result<T, Error> {
    if body.is_empty() {
        return Err(Error::response(
            status,
            "has no body, where JSON was expected",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        use serde_json::error::Category;
        let (line, column) = (error.inner().line(), error.inner().column());
        Error::response(
            status,
            match error.inner().classify() {
                Category::Eof => {
                    format!("is JSON that breaks off at line {line} column {column}")
                }
                Category::Data => {
                    // A path can hold a name that the reply chose.
                    let path = shortened(error.path().to_string(), 200);
                    format!("lacks a field that Plaid documents or has one of another type, at `{path}`")
                }
                Category::Syntax | Category::Io => {
                    format!("is not JSON, from line {line} column {column}: something between you and Plaid may have answered")
                }
            },
        )
    })?;
    json.end()
        .map_err(|_| Error::response(status, "has more data after its JSON"))?;
    Ok(parsed)
}
