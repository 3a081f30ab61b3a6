//! The calls to Plaid, with a limit on those in flight and on those that wait.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use utdk_plaid_client::{Client, Config, Outcome, ResetLogin, UsageError};

use crate::{credentials::Pair, input::Input, refusal::Refusal};

pub(crate) struct Upstream {
    client: Client,
    in_flight: Semaphore,
    /// Calls in flight, or waiting for a permit.
    admitted: AtomicUsize,
    max_admitted: usize,
}

impl Upstream {
    pub(crate) fn new(
        config: Config,
        max_in_flight: usize,
        max_waiting: usize,
    ) -> Result<Self, UsageError> {
        let client = Client::new(Config {
            client_id: None,
            secret: None,
            gateway: None,
            ..config
        })?;
        Ok(Upstream {
            client,
            in_flight: Semaphore::new(max_in_flight.min(Semaphore::MAX_PERMITS)),
            admitted: AtomicUsize::new(0),
            max_admitted: max_in_flight.saturating_add(max_waiting),
        })
    }

    /// The host that the calls go to.
    pub(crate) fn host(&self) -> &str {
        self.client.host()
    }

    /// Calls in flight, or waiting for a permit.
    pub(crate) fn admitted(&self) -> usize {
        self.admitted.load(Ordering::Relaxed)
    }

    /// Makes the call, with `pair` for the credentials that the caller does not bring. Dropping the
    /// future cancels the call and closes its connection to Plaid.
    ///
    /// # Returns
    ///
    /// The outcome, and how long the call took without the wait for a permit.
    ///
    /// # Errors
    ///
    /// A refusal if the queue is full, or a credential is missing.
    pub(crate) async fn reset_login(
        &self,
        input: Input,
        pair: Option<Pair>,
    ) -> Result<(Outcome, Duration), Refusal> {
        let (client_id, secret) = match pair {
            Some(pair) => (Some(pair.client_id), Some(pair.secret)),
            None => (None, None),
        };
        let call = ResetLogin {
            client_id: input.client_id.or(client_id),
            secret: input.secret.or(secret),
            headers: input
                .traceparent
                .map(|value| ("traceparent".to_owned(), value))
                .into_iter()
                .collect(),
            ..ResetLogin::new(input.access_token)
        };
        let is_missing = |credential: &Option<SecretString>| {
            credential
                .as_ref()
                .is_none_or(|credential| credential.expose_secret().is_empty())
        };
        if is_missing(&call.client_id) || is_missing(&call.secret) {
            return Err(Refusal::no_credentials());
        }
        let _admitted = self.admit()?;
        let _permit = self.in_flight.acquire().await;
        let start = Instant::now();
        let outcome = self.client.reset_login(call).await;
        Ok((outcome, start.elapsed()))
    }

    fn admit(&self) -> Result<Admitted<'_>, Refusal> {
        let before = self.admitted.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted(&self.admitted);
        match before < self.max_admitted {
            true => Ok(admitted),
            false => Err(Refusal::overloaded()),
        }
    }
}

/// Decrements `admitted` on drop.
struct Admitted<'a>(&'a AtomicUsize);

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
