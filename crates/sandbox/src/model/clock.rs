//! The Sandbox's clock and its timers. It runs like any clock, and can be moved ahead.

use std::{collections::BTreeMap, time::SystemTime};

use tokio::{sync::watch, time::Instant};

use crate::model::item::ItemIndex;

/// A clock, and the timers set by it.
pub(crate) struct Clock {
    /// What the clock showed at `since`.
    shown: SystemTime,
    since: Instant,
    /// By due time, then in the order they were set.
    timers: BTreeMap<(SystemTime, u64), Timer>,
    last_set: u64,
    /// For [`Clock::watch`].
    moved: watch::Sender<()>,
}

/// What to do when a timer is due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Break the Item.
    BreakItem(ItemIndex),
    /// Fire the webhooks of an update of the Item's transactions.
    UpdateTransactions(ItemIndex, Update),
    /// Deliver the webhook with this id again.
    Redeliver(u64),
}

/// An update of an Item's transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Update {
    Initial,
    Historical,
    Daily,
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

    pub(crate) fn set(&mut self, due: SystemTime, timer: Timer) {
        let is_first = self.next_due().is_none_or(|first| due < first);
        self.last_set += 1;
        self.timers.insert((due, self.last_set), timer);
        if is_first {
            self.moved.send_replace(());
        }
    }

    /// Removes a timer that was set for `due`.
    pub(crate) fn cancel(&mut self, due: SystemTime, timer: Timer) {
        let mut same_time = self.timers.range((due, 0)..=(due, u64::MAX));
        let found = same_time
            .find(|(_, set)| **set == timer)
            .map(|(key, _)| *key);
        if let Some(key) = found {
            self.timers.remove(&key);
        }
    }

    /// How many timers are set.
    #[cfg(test)]
    pub(crate) fn timer_count(&self) -> usize {
        self.timers.len()
    }

    pub(crate) fn next_due(&self) -> Option<SystemTime> {
        self.timers.keys().next().map(|&(due, _)| due)
    }

    /// When the next timer is due, in the runtime's time.
    pub(crate) fn next_timer(&self) -> Option<Instant> {
        self.next_due().map(|due| self.instant_of(due))
    }

    /// When this clock will show `time`, in the runtime's time, if nothing moves the clock.
    pub(crate) fn instant_of(&self, time: SystemTime) -> Instant {
        let left = time.duration_since(self.now()).unwrap_or_default();
        Instant::now() + left
    }

    /// Changes when the clock is moved or gets a new first timer.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Removes the first timer if it is due. Returns it with its due time.
    pub(crate) fn take_due(&mut self) -> Option<(SystemTime, Timer)> {
        let now = self.now();
        let entry = self.timers.first_entry().filter(|it| it.key().0 <= now)?;
        let ((due, _), timer) = entry.remove_entry();
        Some((due, timer))
    }

    /// Shows `start` again, or real time, and removes all timers.
    pub(crate) fn restart(&mut self, start: Option<SystemTime>) {
        let moved = std::mem::take(&mut self.moved);
        *self = Clock {
            moved,
            ..Clock::new(start)
        };
        self.moved.send_replace(());
    }

    /// Moves the clock ahead to `time`; never back.
    pub(crate) fn move_to(&mut self, time: SystemTime) {
        if let Ok(ahead) = time.duration_since(self.now()) {
            self.shown += ahead;
            self.moved.send_replace(());
        }
    }
}
