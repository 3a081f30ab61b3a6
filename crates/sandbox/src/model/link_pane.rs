//! The panes of Link, and the names that the page, the events and `onExit` have for them.

use crate::{model::test_login::Mfa, plaid::institutions::Institution};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    Consent,
    Institutions,
    /// The logins of one brand.
    Logins,
    Credentials,
    /// The page of the bank opens in a window of its own.
    Oauth,
    Device,
    /// A code, questions or selections.
    Mfa,
    Accounts,
    /// An error that the user cannot fix in the pane before, where this status came from.
    Failed(&'static str),
    Connected,
}

impl Pane {
    /// The pane that logs in at an institution.
    pub(super) fn login(institution: &Institution) -> Self {
        match institution.oauth {
            true => Pane::Oauth,
            false => Pane::Credentials,
        }
    }

    /// The page's name of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Pane::Consent => "consent",
            Pane::Institutions => "institutions",
            Pane::Logins => "logins",
            Pane::Credentials => "credentials",
            Pane::Oauth => "oauth",
            Pane::Device => "device",
            Pane::Mfa => "mfa",
            Pane::Accounts => "accounts",
            Pane::Failed(_) => "failed",
            Pane::Connected => "connected",
        }
    }

    /// `view_name` of the events (documented).
    pub(super) fn view(self) -> &'static str {
        match self {
            Pane::Consent => "CONSENT",
            Pane::Institutions => "SELECT_INSTITUTION",
            Pane::Logins => "SELECT_BRAND",
            Pane::Credentials => "CREDENTIAL",
            Pane::Oauth => "OAUTH",
            Pane::Device | Pane::Mfa => "MFA",
            Pane::Accounts => "SELECT_ACCOUNT",
            Pane::Failed(_) => "ERROR",
            Pane::Connected => "CONNECTED",
        }
    }

    /// The `status` of `onExit`, for a user who leaves now. Documented; that the consent has that of
    /// the credentials is inferred ("or has not yet selected a financial institution").
    pub(super) fn status(self, mfa: Mfa) -> &'static str {
        match self {
            Pane::Consent | Pane::Logins | Pane::Credentials => "requires_credentials",
            Pane::Institutions => "institution_not_found",
            Pane::Oauth => "requires_oauth",
            Pane::Device => "choose_device",
            Pane::Mfa => match mfa {
                Mfa::Questions { .. } => "requires_questions",
                Mfa::Selections { .. } => "requires_selections",
                Mfa::Device | Mfa::None => "requires_code",
            },
            Pane::Accounts => "requires_account_selection",
            Pane::Failed(status) => status,
            Pane::Connected => "connected",
        }
    }
}
