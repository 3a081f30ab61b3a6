//! The errors of the handle and the controls. The errors that Plaid's routes answer are in
//! `plaid/error.rs`.

use std::{io, net::SocketAddr, time::Duration};

use crate::plaid::{error::PlaidError, secrets::contains_secret};

/// An error of a [`Sandbox`](crate::Sandbox), its [`Controls`](crate::Controls) and its control
/// routes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The address is not available.
    #[error("the Sandbox could not listen on {address}: {}", words(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// For instance `AddrInUse` if another program listens there.
        source: io::Error,
    },
    /// A field of a [`NewItem`](crate::NewItem) breaks one of Plaid's rules.
    #[error("{message}")]
    Invalid {
        /// The field of [`NewItem`](crate::NewItem).
        field: &'static str,
        /// Plaid's `error_code`, for instance `INVALID_FIELD`.
        code: &'static str,
        /// Plaid's `error_message`.
        message: String,
    },
    /// An option has an invalid value.
    #[error("{message}")]
    Option {
        /// The option's name in JavaScript and in the control routes.
        field: String,
        /// What the value must be.
        message: String,
    },
    /// An option does not exist.
    #[error("{message}")]
    UnknownOption {
        /// Its name, or a placeholder if that may be a secret.
        field: String,
        /// Which options exist.
        message: String,
    },
    /// A link token cannot be used: it is unknown, has expired, or its session is completed.
    #[error("{message}")]
    Link {
        /// Why.
        message: String,
    },
    /// No Item has this id.
    #[error("no Item has the id {item_id}")]
    ItemNotFound {
        /// The id.
        item_id: String,
    },
    /// No remembered webhook has this id.
    #[error("no webhook has the id {id}")]
    WebhookNotFound {
        /// The id.
        id: u64,
    },
    /// The Item has no webhook URL, so no webhook about it comes.
    #[error(
        "Item {item_id} has no webhook URL, so no webhook comes; give `webhook` when you create the \
         Item, or call /item/webhook/update"
    )]
    NoWebhookUrl {
        /// The Item's id.
        item_id: String,
    },
    /// No webhook ended its delivery attempt in time.
    #[error("no {wanted} within {waited:?}; {fired}")]
    WebhookTimeout {
        /// The webhook, in words.
        wanted: String,
        /// The timeout.
        waited: Duration,
        /// How many webhooks were fired, in words.
        fired: String,
    },
    /// The control route does not exist.
    #[error("no such control route: {known}")]
    NoSuchRoute {
        /// Which routes exist.
        known: String,
    },
    /// The Sandbox was closed or dropped.
    #[error("the Sandbox is closed")]
    Closed,
}

/// An error of the system, without the number that Rust appends.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl SandboxError {
    /// The stable code of this error: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` and
    /// `SANDBOX_NOT_STARTED` (of [`SandboxError::Listen`]), `INVALID_FIELD` and
    /// `INVALID_INSTITUTION` (of [`SandboxError::Invalid`]), `INVALID_OPTION`, `UNKNOWN_OPTION`,
    /// `INVALID_LINK_TOKEN`, `ITEM_NOT_FOUND`, `WEBHOOK_NOT_FOUND`, `NO_WEBHOOK_URL`,
    /// `WEBHOOK_TIMEOUT`, `NOT_FOUND`, `CLOSED`.
    pub fn code(&self) -> &'static str {
        match self {
            SandboxError::Listen { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => "EADDRINUSE",
                io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
                io::ErrorKind::PermissionDenied => "EACCES",
                _ => "SANDBOX_NOT_STARTED",
            },
            SandboxError::Invalid { code, .. } => code,
            SandboxError::Option { .. } => "INVALID_OPTION",
            SandboxError::UnknownOption { .. } => "UNKNOWN_OPTION",
            SandboxError::Link { .. } => "INVALID_LINK_TOKEN",
            SandboxError::ItemNotFound { .. } => "ITEM_NOT_FOUND",
            SandboxError::WebhookNotFound { .. } => "WEBHOOK_NOT_FOUND",
            SandboxError::NoWebhookUrl { .. } => "NO_WEBHOOK_URL",
            SandboxError::WebhookTimeout { .. } => "WEBHOOK_TIMEOUT",
            SandboxError::NoSuchRoute { .. } => "NOT_FOUND",
            SandboxError::Closed => "CLOSED",
        }
    }

    /// The field or option that the error is about.
    pub fn field(&self) -> Option<&str> {
        match self {
            SandboxError::Invalid { field, .. } => Some(field),
            SandboxError::Option { field, .. } | SandboxError::UnknownOption { field, .. } => {
                Some(field)
            }
            _ => None,
        }
    }

    pub(crate) fn invalid(field: &'static str) -> impl FnOnce(PlaidError) -> Self {
        move |error| SandboxError::Invalid {
            field,
            code: error.error_code,
            message: match contains_secret(&error.error_message) {
                true => format!("{field} is invalid; its value looks like a secret"),
                false => error.error_message.into_owned(),
            },
        }
    }

    pub(crate) fn option(field: &str, problem: &str) -> Self {
        SandboxError::Option {
            field: field.to_owned(),
            message: format!("{field} {problem}"),
        }
    }

    pub(crate) fn link(error: PlaidError) -> Self {
        SandboxError::Link {
            message: error.error_message.into_owned(),
        }
    }
}
