//! When the next call starts. Calls start at once until the server answers 429. Then all of them
//! wait as long as it asks, and start at the rate that it let through so far.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    select,
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The wait where the server does not say how long. It doubles while no call gets through.
const WAIT: Duration = Duration::from_secs(1);

/// The longest wait before the run gives up instead.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How many waits that let no call through end the run.
const MOST_IN_VAIN: u32 = 10;

/// Shared by the calls of a run.
pub(super) struct Pace {
    state: Mutex<State>,
    closed: Notify,
}

struct State {
    is_closed: bool,
    /// No call starts before this.
    pause_end: Instant,
    /// When the next call starts.
    next: Instant,
    /// The time between two starts.
    gap: Duration,
    /// When the last pause started. It splits the calls that ran into it from later ones.
    epoch: Instant,
    /// How many calls of this epoch got through.
    passed: u32,
    /// How many pauses in a row let no call through.
    in_vain: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                is_closed: false,
                pause_end: now,
                next: now,
                gap: Duration::ZERO,
                epoch: now,
                passed: 0,
                in_vain: 0,
            }),
            closed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may start. Returns `false` once no more calls start.
    pub(super) async fn start(&self) -> bool {
        loop {
            let closed = self.closed.notified();
            let start = {
                let mut state = self.state();
                if state.is_closed {
                    return false;
                }
                let now = Instant::now();
                let start = state.next.max(now);
                state.next = start + state.gap;
                (start > now).then_some(start)
            };
            // A timer takes a millisecond, even for a time that has passed.
            if let Some(start) = start {
                select! {
                    () = sleep_until(start) => {}
                    () = closed => return false,
                }
            }
            // Meanwhile another call may have run into the limit.
            if self.state().pause_end <= Instant::now() {
                return true;
            }
        }
    }

    /// Makes every call that waits, and any later one, return `false` from [`Pace::start`].
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.closed.notify_waiters();
    }

    /// Whether a call has run into the limit.
    pub(super) fn is_limited(&self) -> bool {
        !self.state().gap.is_zero()
    }

    /// A call that started at `started` got through: the next ones may be a little faster.
    pub(super) fn passed(&self, started: Instant) {
        let mut state = self.state();
        if started >= state.epoch {
            state.passed += 1;
            state.gap = state.gap * 99 / 100;
        }
    }

    /// A call that started at `started` ran into the limit. Returns whether it is worth waiting.
    pub(super) fn limited(&self, started: Instant, retry_after: Option<Duration>) -> bool {
        let mut state = self.state();
        if started < state.epoch {
            // It ran into the same limit as the call that started this pause.
            return state.in_vain < MOST_IN_VAIN;
        }
        let now = Instant::now();
        match state.passed {
            0 => {
                state.gap *= 2;
                state.in_vain += 1;
            }
            passed => {
                state.gap = (now - state.epoch) / passed;
                state.in_vain = 0;
            }
        }
        let doubled = WAIT * 2_u32.pow(state.in_vain.min(6));
        let wait = retry_after.unwrap_or(doubled);
        state.epoch = now;
        state.passed = 0;
        // Other clients wait for the same limit: not all of them come back at the same moment.
        state.pause_end = now + wait.min(LONGEST_WAIT).mul_f64(1.0 + fastrand::f64() / 4.0);
        state.next = state.pause_end;
        state.in_vain < MOST_IN_VAIN && wait <= LONGEST_WAIT
    }
}
