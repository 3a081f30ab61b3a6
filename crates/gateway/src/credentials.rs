//! Plaid's credentials, as the gateway holds them: given at the start, or set while it runs, in
//! memory only, and never given out again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

/// Plaid's `client_id` and `secret`.
#[derive(Clone)]
pub struct Pair {
    /// Plaid's `client_id`.
    pub client_id: SecretString,
    /// Plaid's `secret`.
    pub secret: SecretString,
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
