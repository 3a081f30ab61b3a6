//! Why a webhook is refused. No error holds the body, the signature or a credential.

use utdk_plaid_client::{Error, UsageError};

/// Why a webhook is refused.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no `Plaid-Verification` header.
    #[error("the webhook has no Plaid-Verification header, so it is not signed")]
    MissingSignature,
    /// The header is not one that Plaid sends.
    #[error("the Plaid-Verification header {problem}")]
    MalformedSignature {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A forger may choose the algorithm: only Plaid's is accepted.
    #[error("the webhook is not signed with ES256, the only algorithm that Plaid uses")]
    WrongAlgorithm,
    /// It was signed too long ago, and may be a replay.
    #[error("the webhook was signed {age_s} s ago, and at most {max_s} s are allowed")]
    TooOld {
        /// Its age in seconds.
        age_s: u64,
        /// The highest age that is accepted.
        max_s: u64,
    },
    /// One of the two clocks is wrong.
    #[error("the webhook was signed {ahead_s} s in the future: check the clock of this machine")]
    FromTheFuture {
        /// By how many seconds.
        ahead_s: u64,
    },
    /// The body has another hash than the signed one.
    #[error("the body is not the one that was signed: {}", advice(*is_serialized_again))]
    BodyMismatch {
        /// Serialized as Plaid does, it has the signed hash.
        is_serialized_again: bool,
    },
    /// Plaid does not know the key.
    #[error(
        "Plaid does not know the key that signed the webhook: the webhook is forged, or from \
         another environment than baseUrl"
    )]
    UnknownKey,
    /// The key signs no more.
    #[error("the key that signed the webhook has expired")]
    ExpiredKey,
    /// The signature is not the key's.
    #[error("the signature is not the key's: the webhook is forged")]
    BadSignature,
    /// The key could not be fetched. Refuse the webhook, and Plaid sends it again.
    #[error("the key that signed the webhook could not be fetched: {source}")]
    KeyUnavailable {
        /// The error of the request.
        source: Box<Error>,
        /// How many requests were started.
        attempts: u32,
    },
    /// Many webhooks named keys that Plaid does not know. No request was made for this key.
    #[error(
        "the key that signed the webhook was not asked for: webhooks with many unknown keys came \
         just now"
    )]
    TooManyUnknownKeys,
    /// A setting is wrong or missing.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

fn advice(is_serialized_again: bool) -> &'static str {
    match is_serialized_again {
        true => {
            "it was parsed and serialized again, so pass the raw body, read before any JSON parser"
        }
        false => "pass the raw body, byte for byte as it was received",
    }
}

impl VerifyError {
    /// A stable, upper-case code.
    pub fn code(&self) -> &'static str {
        match self {
            VerifyError::MissingSignature => "MISSING_SIGNATURE",
            VerifyError::MalformedSignature { .. } => "MALFORMED_SIGNATURE",
            VerifyError::WrongAlgorithm => "WRONG_ALGORITHM",
            VerifyError::TooOld { .. } | VerifyError::FromTheFuture { .. } => "TOO_OLD",
            VerifyError::BodyMismatch { .. } => "BODY_MISMATCH",
            VerifyError::UnknownKey => "UNKNOWN_KEY",
            VerifyError::ExpiredKey => "EXPIRED_KEY",
            VerifyError::BadSignature => "BAD_SIGNATURE",
            VerifyError::KeyUnavailable { .. } | VerifyError::TooManyUnknownKeys => {
                "KEY_UNAVAILABLE"
            }
            VerifyError::Usage(usage) => usage.code,
        }
    }

    /// Whether the same webhook may be accepted later.
    pub fn retryable(&self) -> bool {
        self.code() == "KEY_UNAVAILABLE"
    }
}
