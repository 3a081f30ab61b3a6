//! What can go wrong for the holder of a [`Sandbox`](crate::Sandbox). What goes wrong for its
//! HTTP clients is in `plaid_error`.

use std::time::Duration;

use crate::plaid_error::PlaidError;

/// An error of the [`Sandbox`](crate::Sandbox) handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A field of a [`NewItem`](crate::NewItem) breaks one of Plaid's rules.
    #[error("{message}")]
    Invalid {
        /// The field, as [`NewItem`](crate::NewItem) names it.
        field: &'static str,
        /// Plaid's `error_code`, such as `INVALID_FIELD`.
        code: &'static str,
        /// Plaid's `error_message`.
        message: String,
    },
    /// No Item of this Sandbox has this id.
    #[error("no Item has the id {item_id}")]
    ItemNotFound {
        /// The id that was asked for.
        item_id: String,
    },
    /// No webhook ended its delivery attempt in time.
    #[error("no {wanted} within {waited:?}; {fired}")]
    WebhookTimeout {
        /// What was waited for.
        wanted: String,
        /// How long.
        waited: Duration,
        /// How many webhooks were fired so far, in words.
        fired: String,
    },
    /// The Sandbox was closed or dropped.
    #[error("the Sandbox is closed")]
    Closed,
}

impl SandboxError {
    /// A stable upper-case name of this error: `INVALID_FIELD` and `INVALID_INSTITUTION` (of
    /// [`SandboxError::Invalid`]), `ITEM_NOT_FOUND`, `WEBHOOK_TIMEOUT`, `CLOSED`.
    pub fn code(&self) -> &'static str {
        match self {
            SandboxError::Invalid { code, .. } => code,
            SandboxError::ItemNotFound { .. } => "ITEM_NOT_FOUND",
            SandboxError::WebhookTimeout { .. } => "WEBHOOK_TIMEOUT",
            SandboxError::Closed => "CLOSED",
        }
    }

    pub(crate) fn invalid(field: &'static str) -> impl FnOnce(PlaidError) -> Self {
        move |error| SandboxError::Invalid {
            field,
            code: error.error_code,
            message: error.error_message.into_owned(),
        }
    }
}
