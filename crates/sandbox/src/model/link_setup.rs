//! What a link token asks of Link: which institutions and accounts it offers.

use serde_json::Value;

use crate::{model::products::test_user::TestUser, plaid::institutions::Institution};

pub(super) struct Setup {
    pub(super) client_name: String,
    pub(super) countries: Vec<String>,
    /// The subtypes of accounts to offer, by type.
    pub(super) filters: Option<Value>,
    pub(super) products: Vec<&'static str>,
    /// Whether the user starts at a search that the application shows in its page.
    pub(super) is_embedded: bool,
    /// The Item of update mode.
    pub(super) update: Option<Updated>,
}

pub(super) struct Updated {
    pub(super) institution: &'static Institution,
    pub(super) user: TestUser,
    pub(super) selected: Option<Vec<usize>>,
    /// Whether the user selects accounts again.
    pub(super) selects_accounts: bool,
}

/// The subtypes of accounts that Auth is for (documented).
const AUTH_SUBTYPES: [&str; 3] = ["cash management", "checking", "savings"];

impl Setup {
    /// The institutions that the token's countries and products allow.
    pub(super) fn institutions(&self) -> impl Iterator<Item = &'static Institution> {
        Institution::all().filter(|institution| {
            let offers = |product| institution.products().any(|it| it == product);
            institution.is_listed()
                && self.countries.iter().any(|it| it == institution.country)
                && self.products.iter().all(|product| offers(*product))
        })
    }

    /// The accounts to select from, with their indexes. A type without a filter is omitted, `all` stands
    /// for every subtype, and Auth is only for some subtypes (documented).
    pub(super) fn offered<'a>(
        &'a self,
        user: &'a TestUser,
    ) -> impl Iterator<Item = (usize, &'a Value)> {
        let user = self.update.as_ref().map_or(user, |updated| &updated.user);
        let needs_auth = self.products.contains(&"auth");
        let is_offered = move |(_, account): &(usize, &Value)| {
            let subtype = &account["subtype"];
            let has_auth = || AUTH_SUBTYPES.iter().any(|it| subtype == it);
            let passes = |filters: &Value| {
                let kind = account["type"].as_str().unwrap_or_default();
                let subtypes = filters[kind]["account_subtypes"].as_array();
                let mut subtypes = subtypes.into_iter().flatten();
                subtypes.any(|it| it == "all" || it == subtype)
            };
            (!needs_auth || has_auth()) && self.filters.as_ref().is_none_or(passes)
        };
        user.accounts().into_iter().enumerate().filter(is_offered)
    }
}
