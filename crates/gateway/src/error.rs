//! Why a gateway did not start. Errors of its callers are in `refusal` and `reply`.

use std::{io, net::SocketAddr};

use utdk_plaid_client::UsageError;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The address cannot be listened on.
    #[error("the gateway could not listen on {address}: {}", words(source))]
    Listen {
        /// The address that was tried.
        address: SocketAddr,
        /// Such as `AddrInUse`, when another program listens there.
        source: io::Error,
    },
    /// The address is not loopback, and no token is set.
    #[error(
        "{address} can be reached from other machines, and no token is set: set a token, or listen \
         on 127.0.0.1"
    )]
    TokenMissing {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// A setting has an invalid value.
    #[error("{message}")]
    Setting {
        /// The setting, as JavaScript names it.
        field: &'static str,
        /// What is wrong with it, without its value.
        message: String,
    },
    /// The client that makes the calls to Plaid refused a setting.
    #[error(transparent)]
    Client(#[from] UsageError),
}

/// An error of the system, without the number that Rust appends.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl GatewayError {
    /// A stable upper-case code: `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `GATEWAY_NOT_STARTED`,
    /// `TOKEN_MISSING`, `INVALID_OPTION`, or a code of the client.
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

    /// The setting to change, if the error is about a setting.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            GatewayError::Listen { .. } => None,
            GatewayError::TokenMissing { .. } => Some("token"),
            GatewayError::Setting { field, .. } => Some(field),
            GatewayError::Client(usage) => Some(usage.field),
        }
    }
}
