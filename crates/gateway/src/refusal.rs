//! Why a request is rejected before it reaches Plaid.

use std::num::NonZeroU32;

use hyper::StatusCode;

/// A rejected request: the status, the code and the sentence that go back.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    /// The value of `Retry-After`, in seconds.
    pub(crate) retry_after: Option<NonZeroU32>,
    /// The value of `Allow`.
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
            "this gateway needs its token: send it as Authorization: Bearer …",
        )
    }

    pub(crate) fn not_found() -> Self {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "unknown path: this gateway serves POST /sandbox/item/reset_login and POST \
             /tools/plaid/sandboxitemresetlogin; see GET /tools",
        )
    }

    pub(crate) fn wrong_method(allow: &'static str) -> Self {
        Refusal {
            allow: Some(allow),
            ..Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                &format!("this route takes {allow}"),
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
            "neither the gateway nor the call has Plaid's credentials: start the gateway with \
             PLAID_CLIENT_ID and PLAID_SECRET, or set them in its console",
        )
    }

    pub(crate) fn rate_limited(retry_after: NonZeroU32) -> Self {
        Refusal {
            retry_after: Some(retry_after),
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
