//! What the handle, the connections and the deliveries of one Sandbox share.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use secrecy::SecretString;
use tokio::{sync::mpsc::UnboundedSender, time::sleep_until};

use crate::{
    model::{delivery::DeliveryCommand, products::ledger::Arrival, random::Streams, state::State},
    plaid::ids,
};

/// The URL and the credentials, which do not change, and the state behind one lock.
pub(crate) struct Shared {
    pub(crate) url: String,
    pub(crate) client_id: String,
    pub(crate) secret: SecretString,
    /// Whether the secret was made up at the start: it opens nothing but this Sandbox.
    pub(crate) has_own_secret: bool,
    /// Whether every well-formed pair of credentials is accepted.
    pub(crate) takes_any_credentials: bool,
    start: Start,
    on_unemulated: Option<fn(&'static str)>,
    /// The paths that it got.
    unemulated: Mutex<HashSet<&'static str>>,
    /// Held while the clock is moved, and during a reset.
    clock_lock: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// The credentials that a Sandbox accepts. `None` means random ones.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) client_id: Option<String>,
    pub(crate) secret: Option<SecretString>,
    /// Whether every other well-formed pair is accepted too.
    pub(crate) any: bool,
}

/// How a Sandbox starts, and starts again after a reset.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    /// Makes everything random repeat.
    pub(crate) seed: Option<u64>,
    /// What the clock shows; by default real time.
    pub(crate) now: Option<SystemTime>,
    /// How the transactions of a new Item arrive.
    pub(crate) arrival: Arrival,
}

impl Shared {
    /// A Sandbox reached at `url`, whose webhooks leave through `deliveries`.
    pub(crate) fn new(
        url: String,
        credentials: Credentials,
        start: Start,
        on_unemulated: Option<fn(&'static str)>,
        deliveries: UnboundedSender<DeliveryCommand>,
    ) -> Self {
        let mut streams = Streams::new(start.seed);
        let client_id = ids::hex(&mut streams.credentials, 24);
        let secret = ids::hex(&mut streams.credentials, 30);
        Shared {
            url,
            client_id: credentials.client_id.unwrap_or(client_id),
            has_own_secret: credentials.secret.is_none(),
            secret: credentials.secret.unwrap_or_else(|| secret.into()),
            takes_any_credentials: credentials.any,
            start,
            on_unemulated,
            unemulated: Mutex::default(),
            clock_lock: tokio::sync::Mutex::default(),
            state: Mutex::new(State::new(streams, start.now, start.arrival, deliveries)),
        }
    }

    /// Says once that the route at `path` is not emulated.
    pub(crate) fn warn_of(&self, path: &'static str) {
        let mut known = self
            .unemulated
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(warn) = self.on_unemulated
            && known.insert(path)
        {
            warn(path);
        }
    }

    /// A panic while the lock was held leaves the state usable.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing else moves the clock, and keeps it so.
    pub(crate) async fn lock_clock(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.clock_lock.lock().await
    }

    /// Starts over as a new Sandbox with the same URL and credentials.
    pub(crate) async fn reset(&self) {
        let _clock = self.lock_clock().await;
        let streams = Streams::new(self.start.seed);
        self.state().reset(streams, self.start.now);
    }

    /// Waits until the Sandbox's clock shows `time`.
    pub(crate) async fn until(&self, time: SystemTime) {
        loop {
            let (instant, mut moved) = {
                let state = self.state();
                if state.now() >= time {
                    return;
                }
                (state.clock().instant_of(time), state.clock().watch())
            };
            tokio::select! {
                () = sleep_until(instant) => {}
                _ = moved.changed() => {}
            }
        }
    }
}
