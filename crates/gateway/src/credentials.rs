//! Plaid's credentials, read from a file, passed at the start, or set while the gateway runs. They
//! are kept in memory only, and no route returns them.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};

use crate::{env_file, error::GatewayError, secret_file};

/// Plaid's `client_id` and `secret`.
#[derive(Clone)]
pub struct Pair {
    /// Plaid's `client_id`.
    pub client_id: SecretString,
    /// Plaid's `secret`.
    pub secret: SecretString,
}

impl Pair {
    /// Reads an environment file with the lines `PLAID_CLIENT_ID=…` and `PLAID_SECRET=…`. Other lines
    /// are ignored.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Setting`] if the file cannot be read, if other users can access it, or if a
    /// line is missing. The message never quotes the file.
    pub fn from_file(path: &Path) -> Result<Self, GatewayError> {
        let text = secret_file::read(path, "credentialsFile")?;
        let value = |name: &str| {
            env_file::value(text.expose_secret(), name)
                .filter(|value| !value.is_empty())
                .map(|value| SecretString::from(value.into_owned()))
        };
        match (value("PLAID_CLIENT_ID"), value("PLAID_SECRET")) {
            (Some(client_id), Some(secret)) => Ok(Pair { client_id, secret }),
            _ => Err(GatewayError::Setting {
                field: "credentialsFile",
                message: "credentialsFile must have a line PLAID_CLIENT_ID=… and a line \
                          PLAID_SECRET=…"
                    .to_owned(),
            }),
        }
    }
}

/// Reads a token from a file that contains nothing else.
///
/// # Errors
///
/// [`GatewayError::Setting`] if the file cannot be read, or if other users can access it.
pub fn token_from_file(path: &Path) -> Result<SecretString, GatewayError> {
    let text = secret_file::read(path, "tokenFile")?;
    Ok(text.expose_secret().trim().into())
}

/// The credentials of a gateway.
pub(crate) struct Credentials {
    at_start: Option<Pair>,
    set: Mutex<Option<Pair>>,
}

impl Credentials {
    pub(crate) fn new(at_start: Option<Pair>) -> Self {
        Credentials {
            at_start,
            set: Mutex::new(None),
        }
    }

    /// The credentials in force: those set last, otherwise those of the start.
    pub(crate) fn pair(&self) -> Option<Pair> {
        self.lock().clone().or_else(|| self.at_start.clone())
    }

    pub(crate) fn set(&self, pair: Pair) {
        *self.lock() = Some(pair);
    }

    /// Removes the credentials that were set. Those of the start are in force again.
    pub(crate) fn clear(&self) {
        *self.lock() = None;
    }

    /// The source of the credentials in force: `console`, `start`, or `none`.
    pub(crate) fn source(&self) -> &'static str {
        match (&*self.lock(), &self.at_start) {
            (Some(_), _) => "console",
            (None, Some(_)) => "start",
            (None, None) => "none",
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pair>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
