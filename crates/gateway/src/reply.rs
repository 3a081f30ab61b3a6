//! The JSON replies of the gateway. An error has Plaid's fields, so that Plaid's own clients can read
//! it. Except on Plaid's route it also has the sentence `error`.

use std::{num::NonZeroU32, time::Duration};

use hyper::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utdk_plaid_client::{ApiError, Error, Outcome, Reply};

use crate::{input::CallRoute, refusal::Refusal};

/// The `error_type` of the gateway's own errors.
const GATEWAY_ERROR: &str = "GATEWAY_ERROR";

/// A JSON reply, with what the log and the metrics record.
pub(crate) struct JsonReply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    /// The value of `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// The value of `Allow`.
    pub(crate) allow: Option<&'static str>,
    /// One word for the log and the metrics: `ok`, `api_error`, `connection`, `timeout`,
    /// `response`, `refused`.
    pub(crate) outcome: &'static str,
    /// The error code of Plaid or of the gateway, for the log.
    pub(crate) code: Option<String>,
    /// How many requests went to Plaid.
    pub(crate) attempts: u32,
}

impl JsonReply {
    /// A success with this body.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        JsonReply {
            status: StatusCode::OK,
            body: json_text(body),
            retry_after: None,
            allow: None,
            outcome: "ok",
            code: None,
            attempts: 0,
        }
    }

    pub(crate) fn refusal(route: Option<CallRoute>, request_id: &str, refusal: Refusal) -> Self {
        let mut body = fields(refusal.code, GATEWAY_ERROR, &refusal.message, request_id);
        if let Some(field) = refusal.field {
            body.insert("field".to_owned(), field.into());
        }
        JsonReply {
            status: refusal.status,
            retry_after: refusal.retry_after.map(NonZeroU32::get),
            allow: refusal.allow,
            outcome: "refused",
            code: Some(refusal.code.to_owned()),
            attempts: 0,
            body: for_route(route, body, &refusal.message),
        }
    }

    /// The reply to a call that took `duration`.
    pub(crate) fn outcome(
        route: CallRoute,
        request_id: &str,
        duration: Duration,
        outcome: Outcome,
    ) -> Self {
        let attempts = outcome.attempts;
        // Plaid's own, so that callers wait as long as Plaid asks.
        let retry_after = outcome.retry_after.map(whole_seconds);
        let reply = match outcome.result {
            Ok(reply) => match route {
                CallRoute::Plaid => JsonReply::ok(&reply),
                CallRoute::Tool => JsonReply::ok(&Envelope {
                    data: &reply,
                    meta: Meta {
                        request_id,
                        duration_ms: milliseconds(duration),
                    },
                }),
            },
            Err(error) => JsonReply::failure(route, request_id, error),
        };
        JsonReply {
            attempts,
            retry_after,
            ..reply
        }
    }

    fn failure(route: CallRoute, request_id: &str, error: Error) -> Self {
        let message = error.to_string();
        let code = error.code().to_owned();
        let (status, outcome, error_type, kind) = match &error {
            Error::Api(api) => return JsonReply::api_error(route, request_id, api),
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
            // The token belongs to another environment. Nothing was sent.
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
        JsonReply {
            status,
            retry_after: None,
            allow: None,
            outcome,
            code: Some(code),
            attempts: 0,
            body: for_route(Some(route), body, &message),
        }
    }

    /// Plaid's error, with its status and its fields.
    fn api_error(route: CallRoute, request_id: &str, api: &ApiError) -> Self {
        let mut body = match json!(api) {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        // Plaid's body has no such field.
        body.remove("status");
        let absent = ["causes", "documentation_url", "error_code_reason"];
        body.retain(|name, value| !(value.is_null() && absent.contains(&name.as_str())));
        if route == CallRoute::Tool {
            body.insert("requestId".to_owned(), request_id.into());
        }
        let message = format!("{}: {}", api.error_code, api.error_message);
        JsonReply {
            status: StatusCode::from_u16(api.status).unwrap_or(StatusCode::BAD_GATEWAY),
            retry_after: None,
            allow: None,
            outcome: "api_error",
            code: Some(api.error_code.clone()).filter(|code| is_code(code)),
            attempts: 0,
            body: for_route(Some(route), body, &message),
        }
    }
}

/// Whether the text has the form of Plaid's codes. Other text could be anything, and of any length.
fn is_code(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.bytes().all(is_letter)
}

/// Rounds up: a caller that retries too early is rejected again.
fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// Rounded to the hundredth.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// The fields that Plaid's errors have. The `request_id` is the gateway's.
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

/// Adds the sentence `error`, except on Plaid's route, and writes the body.
fn for_route(route: Option<CallRoute>, mut body: Map<String, Value>, sentence: &str) -> Vec<u8> {
    if route != Some(CallRoute::Plaid) {
        body.insert("error".to_owned(), sentence.into());
    }
    json_text(&body)
}

/// A successful reply on the tool route.
#[derive(Serialize)]
struct Envelope<'a> {
    data: &'a Reply,
    meta: Meta<'a>,
}

#[derive(Serialize)]
struct Meta<'a> {
    #[serde(rename = "durationMs")]
    duration_ms: f64,
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

fn json_text(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies have only text as keys")
}
