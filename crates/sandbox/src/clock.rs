//! The Sandbox's own clock, and what is due by it. It runs on like any clock, and can be moved
//! ahead.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::{error::SandboxError, state::Shared};

/// How long, in real time, a delivery under way is waited for before the clock moves past its time
/// limit: a receiver that answers is never late only because a test moved the clock.
const PATIENCE: Duration = Duration::from_secs(2);

/// A clock, and the timers set by it.
pub(crate) struct Clock {
    /// What it showed at `since`.
    shown: SystemTime,
    since: Instant,
    /// By when they are due, then in the order of being set.
    timers: BTreeMap<(SystemTime, u64), Timer>,
    last_set: u64,
    /// Told when the clock was moved, or when something is due earlier than anything was.
    moved: watch::Sender<()>,
}

/// What happens when its time has come.
#[derive(Clone, Copy)]
pub(crate) enum Timer {
    /// The Item at this index breaks by itself.
    BreakItem(usize),
    /// The webhook of this id is delivered again.
    Redeliver(u64),
}

impl Clock {
    /// A clock that shows `start` now; by default, real time.
    pub(crate) fn new(start: Option<SystemTime>) -> Self {
        Clock {
            shown: start.unwrap_or_else(SystemTime::now),
            since: Instant::now(),
            timers: BTreeMap::new(),
            last_set: 0,
            moved: watch::Sender::new(()),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.shown + self.since.elapsed()
    }

    /// Sets a timer for `due`.
    pub(crate) fn set(&mut self, due: SystemTime, timer: Timer) {
        let is_first = self.next_due().is_none_or(|first| due < first);
        self.last_set += 1;
        self.timers.insert((due, self.last_set), timer);
        if is_first {
            self.moved.send_replace(());
        }
    }

    pub(crate) fn next_due(&self) -> Option<SystemTime> {
        self.timers.keys().next().map(|&(due, _)| due)
    }

    /// When, in the runtime's time, this clock will show `time`, unless it is moved.
    pub(crate) fn instant_of(&self, time: SystemTime) -> Instant {
        let left = time.duration_since(self.now()).unwrap_or_default();
        Instant::now() + left
    }

    /// Changes when [`Clock::instant_of`] would answer differently, or there is a new first timer.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Removes what is due first, if it is due by now, with the instant it was due.
    pub(crate) fn take_due(&mut self) -> Option<(SystemTime, Timer)> {
        let now = self.now();
        let entry = self.timers.first_entry().filter(|it| it.key().0 <= now)?;
        let ((due, _), timer) = entry.remove_entry();
        Some((due, timer))
    }

    /// Shows `start` again, or real time, with no timers.
    pub(crate) fn restart(&mut self, start: Option<SystemTime>) {
        let moved = std::mem::take(&mut self.moved);
        *self = Clock {
            moved,
            ..Clock::new(start)
        };
        self.moved.send_replace(());
    }

    /// Never back.
    fn move_to(&mut self, time: SystemTime) {
        if let Ok(ahead) = time.duration_since(self.now()) {
            self.shown += ahead;
            self.moved.send_replace(());
        }
    }
}

impl Shared {
    /// Moves the clock ahead by `by`, stopping at everything that is due on the way, so that each
    /// thing happens at its time and what follows from it still counts. Returns what the clock
    /// shows then.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::Option`], and nothing is done, if that would be after `last`.
    /// - [`SandboxError::Closed`] when the Sandbox was closed meanwhile: no delivery ends any more.
    pub(crate) async fn advance(
        &self,
        by: Duration,
        last: SystemTime,
    ) -> Result<SystemTime, SandboxError> {
        // One at a time: two that overlap would pass each other's stops.
        let _alone = self.advancing.lock().await;
        let target = self.state().clock.now().checked_add(by);
        let target = target.filter(|target| *target <= last).ok_or_else(|| {
            SandboxError::option("ms", "must not move the clock past the year 9999")
        })?;
        loop {
            self.deliveries_to_end().await;
            let arrived = {
                let mut state = self.state();
                let state = &mut *state;
                if state.webhooks.is_closed() {
                    return Err(SandboxError::Closed);
                }
                let stops = [state.clock.next_due(), state.webhooks.next_deadline()];
                let next = stops.into_iter().flatten().min();
                let stop = next.map_or(target, |next| next.min(target));
                state.clock.move_to(stop);
                state.ring_timers();
                next.is_none_or(|next| next > target)
            };
            if arrived {
                return Ok(self.state().clock.now());
            }
        }
    }

    /// Until no delivery is under way, or patience is over.
    async fn deliveries_to_end(&self) {
        let mut ends = self.state().webhooks.watch_ends();
        let none_under_way = async {
            let are_under_way = || {
                let mailbox = &self.state().webhooks;
                mailbox.under_way() > 0 && !mailbox.is_closed()
            };
            while are_under_way() && ends.changed().await.is_ok() {}
        };
        let _ = timeout(PATIENCE, none_under_way).await;
    }
}
