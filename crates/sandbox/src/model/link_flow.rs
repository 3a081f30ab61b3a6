//! The panes that a user of Link goes through, without tokens and sessions.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    model::{
        link_event::Details,
        link_pane::Pane,
        link_setup::Setup,
        products::test_user::TestUser,
        test_login::{Mfa, TestLogin},
    },
    plaid::{error::PlaidError, institutions::Institution},
};

/// A user's way through Link, up to where it is now.
pub(crate) struct Flow {
    setup: Setup,
    pane: Pane,
    institution: Option<&'static Institution>,
    /// Who has logged in.
    user: TestUser,
    mfa: Mfa,
    /// The number of the pane with questions, from 0.
    round: usize,
    /// The last error the user met.
    error: Option<PlaidError>,
    /// Whether the pane shows that error.
    shows_error: bool,
    /// The accounts that the user selected, by index.
    selected: Option<Vec<usize>>,
}

/// What a user does in a pane. Every text is hostile; one that fits no pane changes nothing.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Goes on from the consent.
    Consent {},
    /// Selects an institution, or one of its logins. `query`: what was searched for.
    Institution {
        institution_id: String,
        #[serde(default)]
        query: String,
    },
    Credentials {
        username: String,
        password: String,
    },
    /// Opens the window of the bank.
    OpenBank {},
    /// The window of the bank was closed: the user has agreed there, or has not.
    CloseBank {
        is_agreed: bool,
    },
    Device {},
    /// A code, or the answers to the questions of the pane.
    Answers {
        answers: Vec<String>,
    },
    /// The selected accounts, by index.
    Accounts {
        accounts: Vec<usize>,
    },
    /// Goes back to the pane before.
    Back {},
    /// Ends the flow after it has succeeded.
    Finish {},
    /// Leaves without finishing.
    Exit {},
}

/// An event without id and time.
pub(super) type Happening = (&'static str, Details);

/// The longest search that is recorded, in characters: this Sandbox's own limit.
const MAX_QUERY: usize = 100;

impl Flow {
    /// The first pane. In update mode the institution is known, so there is nothing to select and
    /// no consent (documented as the shortest flow possible; which panes it has is inferred).
    pub(super) fn start(setup: Setup) -> (Self, Vec<Happening>) {
        let institution = setup.update.as_ref().map(|updated| updated.institution);
        let mut flow = Flow {
            pane: match (institution, setup.is_embedded) {
                (Some(institution), _) => Pane::login(institution),
                (None, true) => Pane::Institutions,
                (None, false) => Pane::Consent,
            },
            institution,
            user: TestUser::Good,
            mfa: Mfa::None,
            round: 0,
            error: None,
            shows_error: false,
            selected: None,
            setup,
        };
        let is_update_mode = flow.setup.update.is_some();
        let opened = Details {
            is_update_mode: Some(if is_update_mode { "true" } else { "false" }),
            view: (!is_update_mode).then_some("CONSENT"),
            ..flow.details()
        };
        let mut happened = vec![("OPEN", opened)];
        if is_update_mode {
            flow.go_to(flow.pane, &mut happened);
        }
        (flow, happened)
    }

    /// Does what the user did, and returns the events of it.
    pub(super) fn act(&mut self, action: Action) -> Vec<Happening> {
        let mut happened = Vec::new();
        match (self.pane, action) {
            (Pane::Consent, Action::Consent {}) => {
                // The button says that no phone number is given (documented name of the event).
                happened.push(("SKIP_SUBMIT_PHONE", self.details()));
                self.go_to(Pane::Institutions, &mut happened);
            }
            (
                Pane::Institutions | Pane::Logins,
                Action::Institution {
                    institution_id,
                    query,
                },
            ) => self.select(&institution_id, &query, &mut happened),
            (Pane::Credentials, Action::Credentials { username, password }) => {
                happened.push(("SUBMIT_CREDENTIALS", self.details()));
                self.load(&mut happened);
                match TestLogin::of(&username, &password) {
                    Ok(login) => {
                        self.user = login.user;
                        self.mfa = login.mfa;
                        self.round = 0;
                        self.after_credentials(&mut happened);
                    }
                    Err(error) if error.error_code == "INVALID_CREDENTIALS" => {
                        self.refuse(error, &mut happened);
                    }
                    Err(error) => self.fail(error, &mut happened),
                }
            }
            (Pane::Oauth, Action::OpenBank {}) => {
                happened.push(("OPEN_OAUTH", self.details()));
            }
            (Pane::Oauth, Action::CloseBank { is_agreed }) => match is_agreed {
                true => {
                    self.user = TestUser::Good;
                    self.load(&mut happened);
                    self.after_login(&mut happened);
                }
                false => happened.push(("CLOSE_OAUTH", self.details())),
            },
            (Pane::Device, Action::Device {}) => {
                happened.push(("SUBMIT_MFA", self.of_mfa("device")));
                self.load(&mut happened);
                self.go_to(Pane::Mfa, &mut happened);
            }
            (Pane::Mfa, Action::Answers { answers }) => {
                let kind = self.mfa.kind().unwrap_or_default();
                happened.push(("SUBMIT_MFA", self.of_mfa(kind)));
                self.load(&mut happened);
                match self.mfa.accepts(self.round, &answers) {
                    false => self.refuse(PlaidError::invalid_mfa(), &mut happened),
                    true => {
                        self.round += 1;
                        match self.round < self.mfa.rounds() {
                            true => self.go_to(Pane::Mfa, &mut happened),
                            false => self.after_login(&mut happened),
                        }
                    }
                }
            }
            (Pane::Accounts, Action::Accounts { mut accounts }) => {
                let offered: Vec<usize> = self.offered().map(|(index, _)| index).collect();
                accounts.sort_unstable();
                accounts.dedup();
                if !accounts.is_empty() && accounts.iter().all(|it| offered.contains(it)) {
                    self.selected = Some(accounts);
                    self.load(&mut happened);
                    self.go_to(Pane::Connected, &mut happened);
                }
            }
            (Pane::Credentials | Pane::Logins | Pane::Failed(_), Action::Back {}) => {
                let back = match (&self.setup.update, self.pane) {
                    (None, Pane::Credentials | Pane::Logins) => Pane::Institutions,
                    (None, _) if self.status() == "institution_not_supported" => Pane::Institutions,
                    _ => Pane::Credentials,
                };
                if back == Pane::Institutions {
                    self.institution = None;
                }
                self.go_to(back, &mut happened);
            }
            _ => {}
        }
        happened
    }

    /// The `status` of `onExit`, for a user who leaves now.
    pub(super) fn status(&self) -> &'static str {
        self.pane.status(self.mfa)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.pane == Pane::Connected
    }

    /// The last error the user met.
    pub(super) fn error(&self) -> Option<&PlaidError> {
        self.error.as_ref()
    }

    pub(super) fn institution(&self) -> Option<&'static Institution> {
        self.institution
    }

    /// Who has logged in.
    pub(super) fn user(&self) -> &TestUser {
        &self.user
    }

    /// The accounts that the user selected, by index.
    pub(super) fn selected(&self) -> Option<Vec<usize>> {
        self.selected.clone()
    }

    /// The details that every event has.
    pub(super) fn details(&self) -> Details {
        Details {
            institution: self.institution,
            ..Details::default()
        }
    }

    /// What the page shows.
    pub(super) fn pane_json(&self) -> Value {
        let error = self.error.as_ref().filter(|_| self.shows_error);
        let mut pane = json!({
            "pane": self.pane.name(),
            "client_name": self.setup.client_name,
            "institution": self.institution.map(|it| it.name),
            "update": self.setup.update.is_some(),
            "error": error.map(|error| json!({
                "code": error.error_code,
                "message": error.display_message.unwrap_or(&error.error_message),
            })),
        });
        let institution = |it: &Institution| json!({ "id": it.id, "name": it.name });
        match self.pane {
            Pane::Institutions => {
                pane["institutions"] = self.setup.institutions().map(institution).collect();
            }
            Pane::Logins => {
                let logins = self.institution.into_iter().flat_map(Institution::logins);
                pane["institutions"] = logins.map(institution).collect();
            }
            Pane::Mfa => {
                let questions = self.mfa.questions(self.round).into_iter();
                pane["questions"] = questions
                    .map(|(text, options)| json!({ "text": text, "options": options }))
                    .collect();
            }
            Pane::Accounts => {
                let before = self
                    .setup
                    .update
                    .as_ref()
                    .and_then(|it| it.selected.as_ref());
                let shown = self.offered().map(|(index, account)| {
                    json!({
                        "index": index,
                        "is_selected": before.is_none_or(|before| before.contains(&index)),
                        "mask": account["mask"],
                        "name": account["name"],
                        "subtype": account["subtype"],
                    })
                });
                pane["accounts"] = shown.collect();
            }
            _ => {}
        }
        pane
    }

    /// The accounts to select from, with their indexes.
    fn offered(&self) -> impl Iterator<Item = (usize, &Value)> {
        self.setup.offered(&self.user)
    }

    fn select(&mut self, id: &str, query: &str, happened: &mut Vec<Happening>) {
        let found = match (self.pane, self.institution) {
            (Pane::Logins, Some(brand)) => brand.logins().into_iter().find(|it| it.id == id),
            _ => self.setup.institutions().find(|it| it.id == id),
        };
        let Some(institution) = found else {
            return;
        };
        if !query.is_empty() {
            let query = query.chars().take(MAX_QUERY).collect();
            let searched = Details {
                query: Some(query),
                ..self.details()
            };
            happened.push(("SEARCH_INSTITUTION", searched));
        }
        let is_brand = self.pane == Pane::Institutions && !institution.logins().is_empty();
        self.institution = Some(institution);
        if is_brand {
            happened.push(("SELECT_BRAND", self.details()));
            return self.go_to(Pane::Logins, happened);
        }
        happened.push(("SELECT_INSTITUTION", self.details()));
        match institution.check_health() {
            Ok(()) => self.go_to(Pane::login(institution), happened),
            Err(error) => {
                self.meet(error, happened);
                self.go_to(Pane::Failed("institution_not_supported"), happened);
                self.shows_error = true;
            }
        }
    }

    fn after_credentials(&mut self, happened: &mut Vec<Happening>) {
        match self.mfa {
            Mfa::None => self.after_login(happened),
            Mfa::Device => self.go_to(Pane::Device, happened),
            Mfa::Questions { .. } | Mfa::Selections { .. } => self.go_to(Pane::Mfa, happened),
        }
    }

    fn after_login(&mut self, happened: &mut Vec<Happening>) {
        let selects = self
            .setup
            .update
            .as_ref()
            .is_none_or(|it| it.selects_accounts);
        let has_accounts = self.offered().next().is_some();
        match (selects, has_accounts) {
            (false, _) => self.go_to(Pane::Connected, happened),
            (true, true) => self.go_to(Pane::Accounts, happened),
            // Documented as the error where no account is compatible.
            (true, false) => self.fail(PlaidError::no_accounts("NO_ACCOUNTS"), happened),
        }
    }

    /// The user corrects what they entered.
    fn refuse(&mut self, error: PlaidError, happened: &mut Vec<Happening>) {
        self.meet(error, happened);
        self.go_to(self.pane, happened);
        self.shows_error = true;
    }

    fn fail(&mut self, error: PlaidError, happened: &mut Vec<Happening>) {
        self.meet(error, happened);
        self.go_to(Pane::Failed(self.status()), happened);
        self.shows_error = true;
    }

    fn meet(&mut self, error: PlaidError, happened: &mut Vec<Happening>) {
        let details = Details {
            error: Some(error.clone()),
            ..self.details()
        };
        happened.push(("ERROR", details));
        self.error = Some(error);
    }

    fn load(&self, happened: &mut Vec<Happening>) {
        let loading = Details {
            view: Some("LOADING"),
            ..self.details()
        };
        happened.push(("TRANSITION_VIEW", loading));
    }

    fn go_to(&mut self, pane: Pane, happened: &mut Vec<Happening>) {
        self.pane = pane;
        self.shows_error = false;
        let mfa_type = match pane {
            Pane::Device => Some("device"),
            Pane::Mfa => self.mfa.kind(),
            _ => None,
        };
        let details = Details {
            mfa_type,
            view: Some(pane.view()),
            ..self.details()
        };
        happened.push(("TRANSITION_VIEW", details));
    }

    fn of_mfa(&self, kind: &'static str) -> Details {
        Details {
            mfa_type: Some(kind),
            ..self.details()
        }
    }
}
