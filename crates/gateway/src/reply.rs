//! What comes back to the caller, for either door. An error has Plaid's fields, so that a client of
//! Plaid's reads it; at the tool door it has the gateway's `error` sentence beside them.

use std::{num::NonZeroU32, time::Duration};

use hyper::StatusCode;
use serde_json::{Map, Value, json};
use utdk_plaid_client::{ApiError, Error, Outcome};

use crate::input::Door;

/// The `error_type` of what this gateway says by itself.
const GATEWAY_ERROR: &str = "GATEWAY_ERROR";

/// A request that goes no further.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    /// Seconds after which it may be tried again.
    pub(crate) retry_after: Option<NonZeroU32>,
    /// The methods that would have been right.
    pub(crate) allow: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Refusal {
            status,
            code,
            field: None,
            message: message.to_owned(),
            retry_after: None,
            allow: None,
        }
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(crate) fn forbidden(code: &'static str, message: &str) -> Self {
        Refusal::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "this gateway needs its own token: send it as Authorization: Bearer …",
        )
    }

    pub(crate) fn not_found() -> Self {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "there is nothing here: this gateway serves POST /sandbox/item/reset_login and POST \
             /tools/plaid/sandboxitemresetlogin; GET /tools tells more",
        )
    }

    pub(crate) fn wrong_method(methods: &'static str) -> Self {
        Refusal {
            allow: Some(methods),
            ..Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                &format!("this route takes {methods}"),
            )
        }
    }

    pub(crate) fn bad_input(code: &'static str, field: Option<&str>, message: &str) -> Self {
        Refusal {
            field: field.map(str::to_owned),
            ..Refusal::new(StatusCode::BAD_REQUEST, code, message)
        }
    }

    pub(crate) fn no_credentials() -> Self {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "MISSING_CREDENTIALS",
            "the gateway has no credentials of Plaid's, and the call brought none: start it with \
             PLAID_CLIENT_ID and PLAID_SECRET, or set them in its console",
        )
    }

    pub(crate) fn too_often(wait: NonZeroU32) -> Self {
        Refusal {
            retry_after: Some(wait),
            ..Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "too many calls from this address: wait as long as Retry-After says",
            )
        }
    }

    pub(crate) fn overloaded() -> Self {
        Refusal {
            retry_after: Some(NonZeroU32::MIN),
            ..Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "OVERLOADED",
                "too many calls wait for Plaid already: wait as long as Retry-After says",
            )
        }
    }
}

/// What goes back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) retry_after: Option<NonZeroU32>,
    /// The methods that would have been right.
    pub(crate) allow: Option<&'static str>,
    /// In one word, for the log and the metrics: `ok`, `api_error`, `connection`, `timeout`,
    /// `response`, `refused`.
    pub(crate) outcome: &'static str,
    /// Plaid's, or the gateway's, code of an error, for the log.
    pub(crate) code: Option<String>,
    /// How many requests went to Plaid.
    pub(crate) attempts: u32,
}

impl Reply {
    /// JSON of the gateway's own.
    pub(crate) fn json(body: Value) -> Self {
        Reply {
            status: StatusCode::OK,
            body,
            retry_after: None,
            allow: None,
            outcome: "ok",
            code: None,
            attempts: 0,
        }
    }

    pub(crate) fn refusal(door: Option<Door>, request_id: &str, refusal: Refusal) -> Self {
        let mut body = fields(refusal.code, GATEWAY_ERROR, &refusal.message, request_id);
        if let Some(field) = refusal.field {
            body.insert("field".to_owned(), field.into());
        }
        Reply {
            status: refusal.status,
            retry_after: refusal.retry_after,
            allow: refusal.allow,
            outcome: "refused",
            code: Some(refusal.code.to_owned()),
            attempts: 0,
            body: at_door(door, body, &refusal.message),
        }
    }

    /// What became of the call, `took` after it came in.
    pub(crate) fn outcome(door: Door, request_id: &str, took: Duration, outcome: Outcome) -> Self {
        let attempts = outcome.attempts;
        let reply = match outcome.result {
            Ok(reply) => Reply::json(match door {
                Door::Plaid => json!(reply),
                Door::Tool => {
                    let meta = json!({
                        "requestId": request_id,
                        "durationMs": milliseconds(took),
                    });
                    json!({ "data": reply, "meta": meta })
                }
            }),
            Err(error) => Reply::failure(door, request_id, error),
        };
        Reply { attempts, ..reply }
    }

    fn failure(door: Door, request_id: &str, error: Error) -> Self {
        let message = error.to_string();
        let code = error.code().to_owned();
        let (status, outcome, error_type, kind) = match &error {
            Error::Api(api) => return Reply::api_error(door, request_id, api),
            Error::Timeout { .. } => (
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "GATEWAY_TIMEOUT",
                "timeout",
            ),
            Error::Response { .. } => (
                StatusCode::BAD_GATEWAY,
                "response",
                "BAD_GATEWAY",
                "response",
            ),
            // A token of another environment: nothing was sent.
            Error::Usage(_) => (StatusCode::BAD_REQUEST, "refused", GATEWAY_ERROR, "usage"),
            _ => (
                StatusCode::BAD_GATEWAY,
                "connection",
                "BAD_GATEWAY",
                "connection",
            ),
        };
        let mut body = fields(&code, error_type, &message, request_id);
        body.insert("kind".to_owned(), kind.into());
        match &error {
            Error::Usage(usage) => {
                body.insert("field".to_owned(), usage.field.into());
            }
            Error::Timeout { timeout_ms, .. } => {
                body.insert("timeout_ms".to_owned(), (*timeout_ms).into());
            }
            Error::Response { status, problem } => {
                body.insert("upstream_status".to_owned(), (*status).into());
                body.insert("upstream_problem".to_owned(), problem.as_str().into());
            }
            _ => {}
        }
        Reply {
            status,
            retry_after: None,
            allow: None,
            outcome,
            code: Some(code),
            attempts: 0,
            body: at_door(Some(door), body, &message),
        }
    }

    /// Plaid's own, with its own status and fields.
    fn api_error(door: Door, request_id: &str, api: &ApiError) -> Self {
        let mut body = match json!(api) {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        // In Plaid's replies it is the HTTP status alone.
        body.remove("status");
        let absent = ["causes", "documentation_url", "error_code_reason"];
        body.retain(|name, value| !(value.is_null() && absent.contains(&name.as_str())));
        if door == Door::Tool {
            body.insert("requestId".to_owned(), request_id.into());
        }
        let message = format!("{}: {}", api.error_code, api.error_message);
        Reply {
            status: StatusCode::from_u16(api.status).unwrap_or(StatusCode::BAD_GATEWAY),
            retry_after: None,
            allow: None,
            outcome: "api_error",
            code: Some(api.error_code.clone()).filter(|code| is_code(code)),
            attempts: 0,
            body: at_door(Some(door), body, &message),
        }
    }
}

/// Whether it is written as Plaid's codes are: what is not may be anything, and of any length.
fn is_code(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.bytes().all(is_letter)
}

/// To the hundredth.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}

/// The fields of an error of Plaid's, with the gateway's request id for an id.
fn fields(code: &str, error_type: &str, message: &str, request_id: &str) -> Map<String, Value> {
    let fields = json!({
        "display_message": null,
        "error_code": code,
        "error_message": message,
        "error_type": error_type,
        "request_id": request_id,
        "suggested_action": null,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Everywhere but at Plaid's own door an error has a sentence under `error`.
fn at_door(door: Option<Door>, mut body: Map<String, Value>, sentence: &str) -> Value {
    if door != Some(Door::Plaid) {
        body.insert("error".to_owned(), sentence.into());
    }
    Value::Object(body)
}
