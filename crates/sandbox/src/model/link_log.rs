//! What happened last in Link sessions, for the console.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

/// How many are remembered: each has less than 2 KB.
const KEPT: usize = 500;

/// An event of a Link session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkActivity {
    /// The Item of update mode.
    pub item_id: Option<String>,
    /// The arguments of Link's `onEvent`: `eventName` and `metadata`.
    pub event: Value,
}

/// The last events of all sessions.
#[derive(Default)]
pub(crate) struct LinkLog(VecDeque<LinkActivity>);

impl LinkLog {
    pub(crate) fn add(&mut self, activity: LinkActivity) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(activity);
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &LinkActivity> {
        self.0.iter()
    }
}
