//! How the calls under one fault ended, for the table of `docs/reliability.md`.

use std::collections::BTreeMap;

use utdk_plaid_client::{Error, Outcome};

/// Prints itself at the end of its test, in one line of JSON, which is seen with `--nocapture`.
pub(crate) struct Tally {
    fault: &'static str,
    ends: BTreeMap<String, usize>,
    attempts: u32,
    worked_after: usize,
}

impl Tally {
    pub(crate) fn of(fault: &'static str) -> Self {
        Self {
            fault,
            ends: BTreeMap::new(),
            attempts: 0,
            worked_after: 0,
        }
    }

    /// A call under the fault.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        let end = match &outcome.result {
            Ok(_) => "a result",
            Err(Error::Response { .. }) => "PlaidResponseError",
            Err(error) => error.code(),
        };
        *self.ends.entry(end.to_owned()).or_default() += 1;
        self.attempts += outcome.attempts;
    }

    /// A call by the same client after the fault; it has to succeed.
    pub(crate) fn add_next(&mut self, outcome: &Outcome, after: impl std::fmt::Debug) {
        assert!(outcome.result.is_ok(), "after {after:?}: {outcome:?}");
        self.worked_after += 1;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Self {
            fault,
            ends,
            attempts,
            worked_after,
        } = self;
        // A line of its own: the test runner does not end its lines before a test does.
        println!(
            "\n{}",
            serde_json::json!({
                "fault": fault, "ends": ends, "attempts": attempts, "worked_after": worked_after,
            })
        );
    }
}
