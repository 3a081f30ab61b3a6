//! An Item: the login of one user at one institution, and how Plaid's replies show it.

use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    model::products::{
        day::Day, feed::Keyed, investments::InvestmentRow, ledger::Ledger, streams::FoundStream,
        test_user::TestUser,
    },
    plaid::{error::PlaidError, ids, institutions::Institution, time},
};

/// A healthy Item breaks by itself after 30 days (documented). That a repair starts the 30 days
/// again is inferred.
pub(crate) const HEALTHY_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a public token can be exchanged (documented).
pub(crate) const PUBLIC_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) institution: &'static Institution,
    /// In alphabetical order.
    pub(crate) products: Vec<&'static str>,
    pub(crate) webhook: Option<String>,
    pub(crate) user: Option<User>,
    /// The current token; none until the public token is exchanged.
    pub(crate) access_token: Option<String>,
    /// The ids of the accounts follow from it.
    pub(crate) accounts_seed: u64,
    pub(crate) created_at: SystemTime,
    pub(crate) state: ItemState,
    /// When the Item breaks by itself, if it is healthy then.
    pub(crate) breaks_at: SystemTime,
    /// Who logged in.
    pub(crate) test_user: TestUser,
    /// The accounts that the user selected in Link, by index; by default all.
    pub(crate) selected: Option<Vec<usize>>,
    /// Its transactions, once it has the product.
    pub(crate) ledger: Option<Ledger>,
    /// The first and the last day of its statements.
    pub(crate) statements: Option<[Day; 2]>,
    /// The code of the last webhook, and when it was fired.
    pub(crate) last_webhook: Option<(&'static str, SystemTime)>,
}

/// Identifies an Item within one Sandbox, until the next reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemIndex(pub(super) usize);

/// The fields of a new Item, validated.
pub(crate) struct ItemPlan {
    pub(crate) institution: &'static Institution,
    pub(crate) products: Vec<&'static str>,
    pub(crate) webhook: Option<String>,
    pub(crate) user: Option<User>,
    pub(crate) test_user: TestUser,
    /// The accounts that the user selected in Link, by index; by default all.
    pub(crate) selected: Option<Vec<usize>>,
    /// How many days of transactions it has; 90 by default.
    pub(crate) days_requested: Option<i32>,
    /// The first and the last day of its statements.
    pub(crate) statements: Option<[Day; 2]>,
}

/// The user of an Item, as the request named it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum User {
    Id(String),
    /// A `user_token`. It is a secret: no webhook, event or log contains it.
    Token(String),
}

/// What an id derived from an Item's seed identifies.
enum IdKind {
    Transaction = 1,
    InvestmentTransaction,
    Stream,
    Statement,
}

/// An Item, as the controls and events show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemSummary {
    /// The Item's id.
    pub item_id: String,
    /// The institution's id.
    pub institution_id: &'static str,
    /// The Item's products.
    pub products: Vec<&'static str>,
    /// The URL of its webhooks.
    pub webhook: Option<String>,
    /// The `user_id` it was created with.
    pub user_id: Option<String>,
    /// The Item's state.
    pub state: ItemState,
}

/// The state of an Item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// The login works.
    Healthy,
    /// `ITEM_LOGIN_REQUIRED`: the user must log in again.
    LoginRequired,
    /// Removed by `/item/remove`.
    Removed,
}

impl Item {
    /// The `item` of a reply with this `request_id`. `/item/get` adds `created_at`.
    ///
    /// A broken Item has the error that a data route answers, with a `request_id` (observed by a
    /// third party; that it is the id of this reply is inferred). An Item without Auth has no
    /// `auth_method` (observed); that it is Instant Auth for the others is inferred.
    pub(crate) fn to_json(&self, request_id: &str) -> Value {
        let error = self.is_broken().then(|| {
            let mut error = PlaidError::item_login_required().to_json();
            error["request_id"] = request_id.into();
            error
        });
        let available: Vec<&str> = self
            .institution
            .products()
            .filter(|product| !self.has(product))
            .collect();
        let mut item = json!({
            "available_products": available,
            "billed_products": self.products,
            "consent_expiration_time": null,
            "error": error,
            "institution_id": self.institution.id,
            "institution_name": self.institution.name,
            "item_id": self.id,
            "products": self.products,
            "update_type": "background",
            "webhook": self.webhook.as_deref().unwrap_or_default(),
        });
        if self.has("auth") {
            item["auth_method"] = "INSTANT_AUTH".into();
        }
        item
    }

    /// The `status` of `/item/get`. Observed with `transactions`; that each of the two keys appears
    /// only with its product is inferred.
    pub(crate) fn status(&self) -> Value {
        let last_webhook = self
            .last_webhook
            .map(|(code, at)| json!({ "code_sent": code, "sent_at": time::milliseconds(at) }));
        let mut status = json!({ "last_webhook": last_webhook });
        for product in ["investments", "transactions"] {
            if self.has(product) {
                status[product] =
                    json!({ "last_failed_update": null, "last_successful_update": null });
            }
        }
        status
    }

    /// The `accounts` of `/accounts/get`.
    pub(crate) fn accounts(&self) -> Vec<Value> {
        let with_id = |(account, id): (&Value, String)| {
            let mut account = account.clone();
            account["account_id"] = id.into();
            account
        };
        self.selected_accounts().map(with_id).collect()
    }

    /// The ids of the accounts, in order. They do not change, whichever accounts are selected.
    pub(crate) fn account_ids(&self) -> Vec<String> {
        self.selected_accounts().map(|(_, id)| id).collect()
    }

    /// The id of the account with this mask.
    pub(crate) fn account_id(&self, mask: &str) -> Option<String> {
        let mut accounts = self.selected_accounts();
        let (_, id) = accounts.find(|(account, _)| account["mask"] == mask)?;
        Some(id)
    }

    /// The `owners` of the account with this id.
    pub(crate) fn owners(&self, account_id: &str) -> Value {
        let index = self.all_accounts().position(|(_, id)| id == account_id);
        index.map_or(Value::Null, |index| self.test_user.owners(index))
    }

    fn selected_accounts(&self) -> impl Iterator<Item = (&Value, String)> {
        let is_selected = |(index, _): &(usize, _)| {
            let selected = self.selected.as_ref();
            selected.is_none_or(|selected| selected.contains(index))
        };
        let selected = self.all_accounts().enumerate().filter(is_selected);
        selected.map(|(_, account)| account)
    }

    fn all_accounts(&self) -> impl Iterator<Item = (&Value, String)> {
        let mut random = Rng::with_seed(self.accounts_seed);
        let accounts = self.test_user.accounts().into_iter();
        accounts.map(move |account| (account, ids::object_id(&mut random)))
    }

    /// The id of the transaction with this key.
    pub(crate) fn transaction_id(&self, key: u64) -> String {
        self.derived_id(IdKind::Transaction, key)
    }

    pub(crate) fn investment_transaction_id(&self, row: InvestmentRow) -> String {
        self.derived_id(IdKind::InvestmentTransaction, row.key())
    }

    pub(crate) fn stream_id(&self, stream: &FoundStream) -> String {
        self.derived_id(IdKind::Stream, stream.key())
    }

    pub(crate) fn statement_id(&self, key: u64) -> String {
        self.derived_id(IdKind::Statement, key)
    }

    /// Identifies the changes of all accounts, or of the account with this index, for cursors.
    pub(crate) fn cursor_stream(&self, account: Option<usize>) -> u64 {
        let account = account.map_or(0, |index| index as u64 + 1);
        self.accounts_seed.rotate_left(32).wrapping_add(account)
    }

    /// Two Items never share such ids (observed).
    fn derived_id(&self, kind: IdKind, key: u64) -> String {
        ids::derived_id(self.accounts_seed, (kind as u64) << 48 | key)
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        match &self.user {
            Some(User::Id(id)) => Some(id),
            Some(User::Token(_)) | None => None,
        }
    }

    pub(crate) fn has(&self, product: &str) -> bool {
        self.products.contains(&product)
    }

    /// Whether the Item is in ITEM_LOGIN_REQUIRED.
    pub(crate) fn is_broken(&self) -> bool {
        self.state == ItemState::LoginRequired
    }

    pub(crate) fn summary(&self) -> ItemSummary {
        ItemSummary {
            item_id: self.id.clone(),
            institution_id: self.institution.id,
            products: self.products.clone(),
            webhook: self.webhook.clone(),
            user_id: self.user_id().map(str::to_owned),
            state: self.state,
        }
    }
}
