//! Every error of this crate, named by what the caller can do about it.
//!
//! No variant holds a URL, a header, a body or a credential, so printing one cannot leak.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

/// Why a call did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Plaid or the gateway returned an error: read its code.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// DNS, TCP, TLS or a proxy failed. Worth a retry, unless a certificate was refused.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The deadline of the whole call passed.
    #[error("no reply within {timeout_ms} ms")]
    Timeout {
        /// The deadline, in milliseconds from the start of the call.
        timeout_ms: u64,
        /// What the last finished attempt ended with, if one had finished.
        last: Option<Box<Error>>,
    },
    /// The reply is not what Plaid documents: look for a proxy or another server between you and
    /// Plaid.
    #[error("the reply (HTTP {status}) {problem}")]
    Response {
        /// The HTTP status of the reply.
        status: u16,
        /// What is wrong with it and where, never its content.
        problem: String,
    },
    /// The input or the configuration is wrong; nothing was sent.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl Error {
    /// A stable, upper-case code: Plaid's own `error_code` for [`Error::Api`].
    pub fn code(&self) -> &str {
        match self {
            Error::Api(api) => &api.error_code,
            Error::Connection(connection) => &connection.code,
            Error::Timeout { .. } => "TIMEOUT",
            Error::Response { .. } => "UNEXPECTED_RESPONSE",
            Error::Usage(usage) => usage.code,
        }
    }

    pub(crate) fn response(status: u16, problem: impl Into<String>) -> Self {
        Error::Response {
            status,
            problem: problem.into(),
        }
    }

    /// Whether the same call can succeed when it is made again later, with nothing changed.
    pub fn retryable(&self) -> bool {
        match self {
            Error::Api(api) => is_retryable_status(api.status),
            Error::Connection(connection) => connection.retryable(),
            Error::Timeout { .. } => true,
            Error::Response { status, .. } => is_retryable_status(*status),
            Error::Usage(_) => false,
        }
    }
}

/// Statuses of a temporary failure. The operation is idempotent, so a retry is always safe.
fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// An error reply, field for field as Plaid documents it; an absent field is `None`.
///
/// Strings are scrubbed: `[redacted]` replaces any credential or token of this call. Each is at most
/// 4 KiB long; a longer one ends in `…`.
#[derive(Debug, Clone, Default, Serialize, thiserror::Error)]
#[error("{error_code}: {error_message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The category, such as `INVALID_INPUT`.
    pub error_type: String,
    /// The error, such as `INVALID_ACCESS_TOKEN`; `GATEWAY_ERROR` when a gateway gave none.
    pub error_code: String,
    /// Why, for OAuth-based Item errors.
    pub error_code_reason: Option<String>,
    /// For developers; may change over time.
    pub error_message: String,
    /// For end users; `None` if they cannot fix the error.
    pub display_message: Option<String>,
    /// Plaid's page on this error.
    pub documentation_url: Option<String>,
    /// Steps that may resolve it.
    pub suggested_action: Option<String>,
    /// Plaid's id of this request, for its support.
    pub request_id: Option<String>,
    /// The errors of each Item, where a request concerns several.
    pub causes: Option<Vec<Value>>,
}

/// A failure below HTTP.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{problem}")]
pub struct ConnectionError {
    /// An errno name such as `ECONNREFUSED`, or one of `ENOTFOUND`, `CERT_UNTRUSTED`,
    /// `CERT_EXPIRED`, `CERT_NOT_YET_VALID`, `CERT_WRONG_HOST`, `CERT_INVALID`, `TLS_FAILED`,
    /// `PROXY_FAILED`, `PROXY_AUTH_REQUIRED`, `PROXY_REFUSED`, `CONNECTION_FAILED`.
    pub code: Cow<'static, str>,
    /// One sentence.
    pub problem: String,
    /// The underlying errors, outermost first, as the libraries word them.
    pub chain: Vec<String>,
}

impl ConnectionError {
    /// A certificate stays refused. A proxy that refuses is not asked again either: repeating a
    /// wrong password can lock an account. Every other failure can be temporary.
    fn retryable(&self) -> bool {
        !self.code.starts_with("CERT_")
            && !matches!(&*self.code, "PROXY_AUTH_REQUIRED" | "PROXY_REFUSED")
    }
}

/// Bad input, found before anything was sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{problem}")]
pub struct UsageError {
    /// A stable code such as `NOT_A_SANDBOX_TOKEN`.
    pub code: &'static str,
    /// The input or option, by its name in the public API.
    pub field: &'static str,
    /// One sentence: what was wrong and what to do. It never quotes the value.
    pub problem: String,
}

impl UsageError {
    pub(crate) fn new(code: &'static str, field: &'static str, problem: impl Into<String>) -> Self {
        Self {
            code,
            field,
            problem: problem.into(),
        }
    }
}
