//! What can go wrong for the holder of a [`Sandbox`](crate::Sandbox). What goes wrong for its
//! HTTP clients is in `plaid_error`.

use std::{io, net::SocketAddr, time::Duration};

use crate::plaid::{error::PlaidError, secrets::contains_secret};

/// An error of the [`Sandbox`](crate::Sandbox) handle, and of its control routes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Nothing can listen there.
    #[error("the Sandbox could not listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Such as `AddrInUse`, when another program listens there.
        source: io::Error,
    },
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
    /// An option of the Sandbox's own has a value that it cannot have.
    #[error("{message}")]
    Option {
        /// The option, as JavaScript and the control routes name it.
        field: String,
        /// What it must be.
        message: String,
    },
    /// An option that there is not.
    #[error("{message}")]
    UnknownOption {
        /// Its name, or what stands for it where it does not look like one.
        field: String,
        /// Which there are.
        message: String,
    },
    /// A link token that cannot be completed or left: it is unknown, has expired, or its session
    /// was completed before.
    #[error("{message}")]
    Link {
        /// What is wrong with it.
        message: String,
    },
    /// No Item of this Sandbox has this id.
    #[error("no Item has the id {item_id}")]
    ItemNotFound {
        /// The id that was asked for.
        item_id: String,
    },
    /// No webhook that is remembered has this id.
    #[error("no webhook has the id {id}")]
    WebhookNotFound {
        /// The id that was asked for.
        id: u64,
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
    /// There is no such control route.
    #[error("no such control route: {known}")]
    NoSuchRoute {
        /// Which there are.
        known: String,
    },
    /// The Sandbox was closed or dropped.
    #[error("the Sandbox is closed")]
    Closed,
}

impl SandboxError {
    /// A stable upper-case name of this error: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` and
    /// `SANDBOX_NOT_STARTED` (of [`SandboxError::Listen`]), `INVALID_FIELD` and
    /// `INVALID_INSTITUTION` (of [`SandboxError::Invalid`]), `INVALID_OPTION`, `UNKNOWN_OPTION`,
    /// `INVALID_LINK_TOKEN`, `ITEM_NOT_FOUND`, `WEBHOOK_NOT_FOUND`, `WEBHOOK_TIMEOUT`, `NOT_FOUND`,
    /// `CLOSED`.
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
            SandboxError::WebhookTimeout { .. } => "WEBHOOK_TIMEOUT",
            SandboxError::NoSuchRoute { .. } => "NOT_FOUND",
            SandboxError::Closed => "CLOSED",
        }
    }

    /// The field or option that the error is about, if it is about one.
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
                true => format!("{field} has a value that it cannot have, and that looks secret"),
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
