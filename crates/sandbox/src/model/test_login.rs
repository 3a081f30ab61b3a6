//! What the credentials of Plaid's Sandbox do in Link.

use crate::{model::products::test_user::TestUser, plaid::error::PlaidError};

/// A login that Link accepts, after the questions it asks.
pub(super) struct TestLogin {
    pub(super) user: TestUser,
    pub(super) mfa: Mfa,
}

/// What Link asks after the credentials. A round is one pane, with this many questions.
#[derive(Clone, Copy)]
pub(super) enum Mfa {
    None,
    /// Choose a device, and enter the code that was sent to it.
    Device,
    Questions {
        rounds: usize,
        questions: usize,
    },
    /// Questions with answers to select from. `options`: `None` for Yes and No.
    Selections {
        rounds: usize,
        questions: usize,
        options: Option<usize>,
    },
}

/// The code of each device (documented).
const CODE: &str = "1234";

/// The most rounds, questions and options: this Sandbox's own limit.
const MOST: usize = 9;

/// Users whose password may be anything (documented; their data is that of `user_good`, inferred).
const OF_ANY_PASSWORD: [&str; 4] = [
    "user_transactions_dynamic",
    "user_ewa_user",
    "user_yuppie",
    "user_small_business",
];

impl TestLogin {
    /// The login of these credentials (documented, except where a comment says otherwise).
    ///
    /// # Errors
    ///
    /// The error that Link shows: INVALID_CREDENTIALS, or that of a password `error_CODE`.
    pub(super) fn of(username: &str, password: &str) -> Result<Self, PlaidError> {
        let login = |user, mfa| Ok(TestLogin { user, mfa });
        let user = TestUser::new(Some(username), Some(password));
        match (username, password) {
            ("user_good", "pass_good") => login(TestUser::Good, Mfa::None),
            ("user_good", "mfa_device") => login(TestUser::Good, Mfa::Device),
            ("user_good", _) => {
                if let Some(code) = password.strip_prefix("error_") {
                    let error = PlaidError::of_code(code, "");
                    return Err(error.unwrap_or_else(PlaidError::invalid_credentials));
                }
                match Mfa::parse(password) {
                    Some(mfa) => login(TestUser::Good, mfa),
                    None => Err(PlaidError::invalid_credentials()),
                }
            }
            // That a configuration with mistakes is answered so is inferred.
            ("user_custom", _) => match user {
                Ok(user) => login(user, Mfa::None),
                Err(_) => Err(PlaidError::invalid_credentials()),
            },
            (name, password) if OF_ANY_PASSWORD.contains(&name) && !password.trim().is_empty() => {
                login(user.unwrap_or_default(), Mfa::None)
            }
            _ => Err(PlaidError::invalid_credentials()),
        }
    }
}

impl Mfa {
    /// `mfa_questions_N_M`, `mfa_selections` or `mfa_selections_N_M_O`.
    fn parse(password: &str) -> Option<Self> {
        if password == "mfa_selections" {
            return Some(Mfa::Selections {
                rounds: 1,
                questions: 1,
                options: None,
            });
        }
        let is_questions = password.starts_with("mfa_questions_");
        let numbers = password
            .strip_prefix("mfa_questions_")
            .or_else(|| password.strip_prefix("mfa_selections_"))?;
        let numbers: Vec<usize> = numbers
            .split('_')
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        if !numbers.iter().all(|number| (1..=MOST).contains(number)) {
            return None;
        }
        match (numbers.as_slice(), is_questions) {
            (&[rounds, questions], true) => Some(Mfa::Questions { rounds, questions }),
            (&[rounds, questions, options], false) => Some(Mfa::Selections {
                rounds,
                questions,
                options: Some(options),
            }),
            _ => None,
        }
    }

    /// How many panes with questions it has.
    pub(super) fn rounds(self) -> usize {
        match self {
            Mfa::None => 0,
            Mfa::Device => 1,
            Mfa::Questions { rounds, .. } | Mfa::Selections { rounds, .. } => rounds,
        }
    }

    /// `mfa_type` of the events.
    pub(super) fn kind(self) -> Option<&'static str> {
        match self {
            Mfa::None => None,
            Mfa::Device => Some("code"),
            Mfa::Questions { .. } => Some("questions"),
            Mfa::Selections { .. } => Some("selections"),
        }
    }

    /// The questions of a round, each with the options to select from. The wording is this Sandbox's own.
    pub(super) fn questions(self, round: usize) -> Vec<(String, Vec<String>)> {
        match self {
            Mfa::None | Mfa::Device => Vec::new(),
            Mfa::Questions { questions, .. } => (0..questions)
                .map(|question| (format!("Question {round}-{question}"), Vec::new()))
                .collect(),
            Mfa::Selections {
                questions, options, ..
            } => (0..questions)
                .map(|question| {
                    let options = match options {
                        None => vec!["Yes".to_owned(), "No".to_owned()],
                        Some(options) => (0..options)
                            .map(|option| format!("answer_{round}_{question}_{option}"))
                            .collect(),
                    };
                    (format!("Question {round}-{question}"), options)
                })
                .collect(),
        }
    }

    /// Whether these are the right answers to a round.
    pub(super) fn accepts(self, round: usize, answers: &[String]) -> bool {
        let expected: Vec<String> = match self {
            Mfa::None => Vec::new(),
            Mfa::Device => vec![CODE.to_owned()],
            Mfa::Questions { questions, .. } => (0..questions)
                .map(|question| format!("answer_{round}_{question}"))
                .collect(),
            Mfa::Selections { .. } => self
                .questions(round)
                .into_iter()
                .map(|(_, options)| options.into_iter().next().unwrap_or_default())
                .collect(),
        };
        answers.iter().map(|answer| answer.trim()).eq(expected)
    }
}
