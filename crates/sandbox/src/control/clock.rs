//! The controls of the clock.

use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use crate::{
    control::{controls::Controls, error::SandboxError},
    model::shared::Shared,
    plaid::time::LAST_INSTANT,
};

/// How long, in real time, to wait for deliveries under way before the clock moves past their
/// deadline: moving the clock must not make a receiver late that does answer.
const PATIENCE: Duration = Duration::from_secs(2);

impl Controls {
    /// What the Sandbox's clock shows.
    pub fn now(&self) -> SystemTime {
        self.shared.state().now()
    }

    /// Moves the Sandbox's clock ahead by `by`, and does everything that is due on the way, each at
    /// its time: webhooks are retried, tokens expire, Items break. Resolves with the new time when
    /// all of it has ended. If a receiver does not answer, this waits two seconds of real time
    /// before the clock moves past the timeout of the delivery.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::Option`] if that is past the year 9999. The clock does not move.
    /// - [`SandboxError::Closed`] if the Sandbox was closed or dropped meanwhile.
    pub async fn advance_clock(&self, by: Duration) -> Result<SystemTime, SandboxError> {
        let shared = &*self.shared;
        // Two that overlap would move past each other's stops.
        let _clock = shared.lock_clock().await;
        let last = SystemTime::UNIX_EPOCH + LAST_INSTANT;
        let target = shared.state().now().checked_add(by);
        let target = target.filter(|target| *target <= last).ok_or_else(|| {
            SandboxError::option("ms", "must not move the clock past the year 9999")
        })?;
        loop {
            deliveries_to_end(shared).await;
            let mut state = shared.state();
            if state.mailbox().is_closed() {
                return Err(SandboxError::Closed);
            }
            if state.step_clock(target) {
                return Ok(state.now());
            }
        }
    }
}

/// Waits until no delivery is under way, at most for [`PATIENCE`].
async fn deliveries_to_end(shared: &Shared) {
    let mut ends = shared.state().mailbox().watch_attempts();
    let none_under_way = async {
        while shared.state().mailbox().has_pending_attempts() && ends.changed().await.is_ok() {}
    };
    let _ = timeout(PATIENCE, none_under_way).await;
}
