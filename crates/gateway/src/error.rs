//! What can go wrong for whoever starts a gateway. What goes wrong for its callers is in `reply`.

use std::{io, net::SocketAddr};

use utdk_plaid_client::UsageError;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// Nothing can listen there.
    #[error("the gateway could not listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Such as `AddrInUse`, when another program listens there.
        source: io::Error,
    },
    /// It was to listen for other machines without a token that they must have.
    #[error(
        "{address} can be reached from other machines, and there is no token: without one anybody \
         could call, so give one, or listen on 127.0.0.1"
    )]
    TokenMissing {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// A setting has a value that it cannot have.
    #[error("{message}")]
    Setting {
        /// The setting, as JavaScript names it.
        field: &'static str,
        /// What is wrong with it, without its value.
        message: String,
    },
    /// A setting of the client that makes the calls to Plaid was refused.
    #[error(transparent)]
    Client(#[from] UsageError),
}

impl GatewayError {
    /// A stable upper-case name of this error: `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`,
    /// `GATEWAY_NOT_STARTED`, `TOKEN_MISSING`, `INVALID_OPTION`, or the client's.
    pub fn code(&self) -> &'static str {
        match self {
            GatewayError::Listen { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => "EADDRINUSE",
                io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
                io::ErrorKind::PermissionDenied => "EACCES",
                _ => "GATEWAY_NOT_STARTED",
            },
            GatewayError::TokenMissing { .. } => "TOKEN_MISSING",
            GatewayError::Setting { .. } => "INVALID_OPTION",
            GatewayError::Client(usage) => usage.code,
        }
    }

    /// The setting that the error is about, if it is about one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            GatewayError::Listen { .. } => None,
            GatewayError::TokenMissing { .. } => Some("token"),
            GatewayError::Setting { field, .. } => Some(field),
            GatewayError::Client(usage) => Some(usage.field),
        }
    }
}
