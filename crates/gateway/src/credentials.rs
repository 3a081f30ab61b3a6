//! Plaid's credentials, as the gateway holds them: given at the start, or set while it runs, in
//! memory only, and never given out again.

use std::{
    fs, io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};

use crate::error::GatewayError;

/// Plaid's `client_id` and `secret`.
#[derive(Clone)]
pub struct Pair {
    /// Plaid's `client_id`.
    pub client_id: SecretString,
    /// Plaid's `secret`.
    pub secret: SecretString,
}

impl Pair {
    /// Reads them out of a file that has the lines `PLAID_CLIENT_ID=…` and `PLAID_SECRET=…`, as
    /// environment files do; other lines are passed over.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Setting`] when it cannot be read, when others than its owner could read it,
    /// or when a line is missing. It never says what is in the file.
    pub fn from_file(path: &Path) -> Result<Self, GatewayError> {
        let text = read_private(path, "credentialsFile")?;
        let line = |name: &str| {
            text.expose_secret().lines().find_map(|line| {
                let (key, value) = line.trim().split_once('=')?;
                let value = value.trim().trim_matches(['"', '\'']);
                (key.trim() == name && !value.is_empty()).then(|| SecretString::from(value))
            })
        };
        match (line("PLAID_CLIENT_ID"), line("PLAID_SECRET")) {
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

/// Reads a token out of a file that holds nothing else.
///
/// # Errors
///
/// [`GatewayError::Setting`] when it cannot be read, or when others than its owner could read it.
pub fn token_from_file(path: &Path) -> Result<SecretString, GatewayError> {
    let text = read_private(path, "tokenFile")?;
    Ok(text.expose_secret().trim().into())
}

/// A file that its owner alone may read; where files have no such permissions, any.
fn read_private(path: &Path, field: &'static str) -> Result<SecretString, GatewayError> {
    let refused = |why: &str| GatewayError::Setting {
        field,
        // Without the path: it may be the secret itself, given by mistake.
        message: format!("{field} {why}"),
    };
    let failed = |error: io::Error| refused(&format!("could not be read: {error}"));
    // Opened once, so that it is this file whose permissions are looked at.
    let mut file = fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata().map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(refused(
                "can be read by others than its owner: change that with chmod 600",
            ));
        }
    }
    let mut text = String::new();
    io::Read::read_to_string(&mut file, &mut text).map_err(failed)?;
    Ok(text.into())
}

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

    /// Those set last, otherwise those of the start.
    pub(crate) fn pair(&self) -> Option<Pair> {
        self.lock().clone().or_else(|| self.at_start.clone())
    }

    pub(crate) fn set(&self, pair: Pair) {
        *self.lock() = Some(pair);
    }

    /// Forgets those that were set; those of the start count again.
    pub(crate) fn forget(&self) {
        *self.lock() = None;
    }

    /// Where the ones in force come from: `console`, `start`, or `none`.
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
