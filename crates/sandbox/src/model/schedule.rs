//! Plaid's retry schedule for one webhook.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::plaid::time;

/// The wait between the first and the second attempt (documented).
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// Each wait is this many times longer than the wait before it (documented).
const GROWTH: u32 = 4;

/// How long after it was fired a webhook is retried (documented). That makes seven attempts.
const RETRIED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// When a webhook is attempted next. Serialises to that time, or null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    next_attempt_at: Option<SystemTime>,
    next_wait: Duration,
    gives_up_at: SystemTime,
}

impl Schedule {
    /// The schedule of a webhook fired at `fired_at`, whose first attempt is under way.
    pub(crate) fn new(fired_at: SystemTime) -> Self {
        Schedule {
            next_attempt_at: None,
            next_wait: FIRST_WAIT,
            gives_up_at: fired_at + RETRIED_FOR,
        }
    }

    pub(crate) fn next_attempt_at(&self) -> Option<SystemTime> {
        self.next_attempt_at
    }

    /// Plans the attempt after one that failed at `now`: after the receiver's `retry_after` if it
    /// sent one. Returns when it is due; nothing if Plaid gives up before.
    pub(crate) fn plan(
        &mut self,
        now: SystemTime,
        retry_after: Option<Duration>,
    ) -> Option<SystemTime> {
        let due = now.checked_add(retry_after.unwrap_or(self.next_wait));
        // A receiver may ask for any number of short waits.
        self.next_wait = self.next_wait.saturating_mul(GROWTH);
        self.next_attempt_at = due.filter(|due| *due <= self.gives_up_at);
        self.next_attempt_at
    }

    /// Starts the attempt that is due at `due`. Returns false if that is no longer planned.
    pub(crate) fn start(&mut self, due: SystemTime) -> bool {
        self.next_attempt_at.take_if(|it| *it == due).is_some()
    }

    /// Plans no further attempt.
    pub(crate) fn stop(&mut self) {
        self.next_attempt_at = None;
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.next_attempt_at {
            Some(due) => time::serialize(due, to),
            None => to.serialize_none(),
        }
    }
}
