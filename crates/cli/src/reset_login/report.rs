//! Tells what became of each token as it becomes known, and counts.

use std::sync::{Arc, atomic::Ordering};

use super::{
    finished::{Failure, Finished, Style},
    list::Origin,
    screen::{Progress, Screen},
    tally::{Hopeless, TOLD, Tally},
    text::printable,
};
use crate::output::Room;

/// What is told of a run, and to whom.
pub(super) struct Report {
    /// Of the results.
    pub(super) style: Style,
    pub(super) screen: Screen,
    /// Of what the screen shows.
    pub(super) screen_style: Style,
    pub(super) progress: Arc<Progress>,
    pub(super) origin: Origin,
    pub(super) tally: Tally,
    /// The token that has finished, as long as it is the only one.
    pub(super) only: Option<Finished>,
}

impl Report {
    /// Tells what became of a token, in the room that was kept for it; says if it makes no sense to
    /// go on.
    pub(super) fn add(&mut self, finished: Finished, room: Room) -> Option<Hopeless> {
        let hopeless = self.tally.add(&finished);
        let Tally { reset, failed, .. } = self.tally;
        self.progress
            .finished
            .store(reset + failed, Ordering::Relaxed);
        self.progress.failed.store(failed, Ordering::Relaxed);
        if self.style == Style::Json {
            room.print(finished.line(Style::Json, None));
        }
        if let Err(failure) = &finished.result {
            self.tell(&finished, failure);
        }
        self.only = (self.tally.finished() == 1).then_some(finished);
        hopeless
    }

    /// Says on the screen that a run is being stopped.
    pub(super) fn stopping(&self, in_flight: usize) {
        if in_flight > 0 {
            let calls = if in_flight == 1 { "call" } else { "calls" };
            self.screen.print(format!(
                "Stopping: {in_flight} {calls} in flight will be finished. Ctrl-C again ends it at \
                 once.\n"
            ));
        }
    }

    /// Says on the screen that a token failed, unless it would be the same again and again.
    fn tell(&mut self, finished: &Finished, failure: &Failure) {
        let count = self.tally.count(failure);
        let among = match self.progress.total.get() {
            Some(1) => None,
            _ => Some(self.origin),
        };
        if count <= TOLD {
            self.screen.print(finished.line(self.screen_style, among));
        } else if count == TOLD + 1 {
            let code = printable(&failure.code);
            self.screen.print(format!(
                "Further failures with {code} are counted, not shown.\n"
            ));
        }
    }
}
