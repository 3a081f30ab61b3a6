//! What has become of the tokens so far: counts, and the errors by their codes. It stays small,
//! however many tokens and whatever the errors.

use serde::Serialize;

use super::finished::{Failure, Finished, Reach};

/// So many failures of one code are told as they come; further ones are counted.
pub(super) const TOLD: u64 = 5;

/// So many positions are kept of an error.
const POSITIONS: usize = 5;

/// So many codes are told apart; Plaid has fewer that this operation may answer with.
const CODES: usize = 32;

/// The code under which all others are counted.
const OTHER: &str = "OTHER";

/// So many calls in a row that failed for no fault of their tokens end a run.
pub(super) const IN_A_ROW: u32 = 50;

/// The counts of a run.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) reset: u64,
    pub(super) failed: u64,
    /// By code.
    errors: Vec<Failures>,
    trouble: Trouble,
}

/// The failures of one code, as the summary has them in JSON.
#[derive(Debug, Serialize)]
pub(super) struct Failures {
    #[serde(rename = "error_code")]
    pub(super) code: String,
    /// Of the first of them.
    pub(super) message: String,
    pub(super) count: u64,
    /// The first that came.
    pub(super) positions: Vec<u64>,
}

/// Calls that failed for no fault of their tokens, one after another.
#[derive(Default)]
struct Trouble {
    in_a_row: u32,
    /// The first of them in the list.
    from: Option<u64>,
}

/// Why it makes no sense to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hopeless {
    /// Every other token would meet this error.
    Error { code: String },
    /// [`IN_A_ROW`] calls failed, and the last of them with this error.
    InARow { code: String },
}

impl Tally {
    /// Counts it; says whether it is one too many.
    pub(super) fn add(&mut self, finished: &Finished) -> Option<Hopeless> {
        let failure = match &finished.result {
            Ok(_) => {
                self.reset += 1;
                self.trouble = Trouble::default();
                return None;
            }
            Err(failure) => failure,
        };
        self.failed += 1;
        self.of(failure).add(finished.position);
        if failure.reach == Reach::Token {
            // Before it was sent it tells nothing of the way.
            if finished.was_sent() {
                self.trouble = Trouble::default();
            }
            return None;
        }
        self.trouble.add(finished.position);
        let code = failure.code.clone();
        match failure.reach {
            Reach::All => Some(Hopeless::Error { code }),
            _ if self.trouble.in_a_row >= IN_A_ROW => Some(Hopeless::InARow { code }),
            _ => None,
        }
    }

    /// The first token of the list that failed for no fault of its own, among the last to fail.
    pub(super) fn trouble_from(&self) -> Option<u64> {
        self.trouble.from
    }

    /// How many failures of the code there were.
    pub(super) fn count(&mut self, failure: &Failure) -> u64 {
        self.of(failure).count
    }

    pub(super) fn finished(&self) -> u64 {
        self.reset + self.failed
    }

    /// The errors, the most frequent first.
    pub(super) fn errors(&self) -> Vec<&Failures> {
        let mut errors: Vec<_> = self.errors.iter().collect();
        errors.sort_by_key(|failures| std::cmp::Reverse(failures.count));
        errors
    }

    fn of(&mut self, failure: &Failure) -> &mut Failures {
        let place = |code: &str| self.errors.iter().position(|known| known.code == code);
        let code = match place(&failure.code) {
            None if self.errors.len() >= CODES => OTHER,
            _ => &failure.code,
        };
        let index = place(code).unwrap_or(self.errors.len());
        if index == self.errors.len() {
            self.errors.push(Failures {
                code: code.to_owned(),
                message: failure.message.clone(),
                count: 0,
                positions: Vec::new(),
            });
        }
        &mut self.errors[index]
    }
}

impl Failures {
    fn add(&mut self, position: u64) {
        self.count += 1;
        if self.positions.len() < POSITIONS {
            self.positions.push(position);
        }
    }
}

impl Trouble {
    fn add(&mut self, position: u64) {
        self.in_a_row += 1;
        self.from = Some(self.from.map_or(position, |from| from.min(position)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use utdk_plaid_client::{ApiError, ConnectionError, Error, Outcome};

    use super::*;
    use crate::reset_login::tokens::Defect;

    fn failed(position: u64, error: Error) -> Finished {
        let outcome = Outcome {
            result: Err(error),
            attempts: 1,
            status: None,
            retry_after: None,
        };
        Finished::called(position, None, outcome, Duration::ZERO)
    }

    fn answered(position: u64, code: &str) -> Finished {
        let api = ApiError {
            status: 400,
            error_code: code.to_owned(),
            ..ApiError::default()
        };
        failed(position, Error::Api(Box::new(api)))
    }

    fn unreached(position: u64) -> Finished {
        let refused = ConnectionError {
            code: "ECONNREFUSED".into(),
            problem: "nothing listens there".to_owned(),
            chain: Vec::new(),
        };
        failed(position, Error::Connection(refused))
    }

    #[test]
    fn however_many_codes_there_are_few_are_kept() {
        let mut tally = Tally::default();
        for position in 1..=1_000 {
            tally.add(&answered(position, &format!("CODE_{position}")));
            tally.add(&answered(position, "CODE_1"));
        }
        let errors = tally.errors();
        assert_eq!(errors.len(), CODES + 1);
        assert_eq!(
            (errors[0].code.as_str(), errors[0].count),
            ("CODE_1", 1_001)
        );
        assert_eq!(errors[0].positions.len(), POSITIONS);
        assert_eq!((errors[1].code.as_str(), errors[1].count), (OTHER, 968));
        assert_eq!(
            errors.iter().map(|each| each.count).sum::<u64>(),
            tally.failed
        );
    }

    #[test]
    fn calls_that_nothing_answers_are_given_up_only_in_a_row() {
        let mut tally = Tally::default();
        for position in 1..u64::from(IN_A_ROW) {
            assert_eq!(tally.add(&unreached(position)), None);
        }
        assert_eq!(tally.add(&answered(100, "INVALID_ACCESS_TOKEN")), None);
        assert_eq!(tally.trouble_from(), None);
        for position in (201..200 + u64::from(IN_A_ROW)).rev() {
            assert_eq!(tally.add(&unreached(position)), None);
        }
        // It says nothing of the way to Plaid.
        assert_eq!(tally.add(&Finished::refused(300, Defect::NotUtf8)), None);
        let code = "ECONNREFUSED".to_owned();
        assert_eq!(tally.add(&unreached(301)), Some(Hopeless::InARow { code }));
        assert_eq!(tally.trouble_from(), Some(201));
    }

    #[test]
    fn what_every_token_would_meet_is_given_up_at_once() {
        for code in ["INVALID_API_KEYS", "MISSING_CREDENTIALS", "NOT_FOUND"] {
            let mut tally = Tally::default();
            let expected = Some(Hopeless::Error {
                code: code.to_owned(),
            });
            assert_eq!(tally.add(&answered(7, code)), expected);
            assert_eq!(tally.trouble_from(), Some(7));
        }
        for code in ["INVALID_ACCESS_TOKEN", "ITEM_NOT_FOUND", "INVALID_FIELD"] {
            assert_eq!(Tally::default().add(&answered(7, code)), None);
        }
    }
}
