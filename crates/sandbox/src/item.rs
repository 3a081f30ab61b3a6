//! An Item: one user's login at one institution, and how Plaid's replies show it.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{
    catalog::{ACCOUNTS, Institution, OFFERED_PRODUCTS},
    event::{ItemState, ItemSummary},
    plaid_error::PlaidError,
    random::Random,
    time,
};

pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) institution: &'static Institution,
    /// In alphabetical order.
    pub(crate) products: Vec<&'static str>,
    pub(crate) webhook: Option<String>,
    pub(crate) user: Option<User>,
    /// The one in force; none before the public token is exchanged.
    pub(crate) access_token: Option<String>,
    /// From which the ids of its accounts follow.
    pub(crate) accounts_seed: u64,
    pub(crate) created_at: SystemTime,
    pub(crate) state: ItemState,
    /// When it breaks by itself, unless it is broken or repaired before.
    pub(crate) breaks_at: SystemTime,
    pub(crate) last_webhook: Option<(&'static str, SystemTime)>,
}

/// Whose Item it is, as it was told.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum User {
    Id(String),
    /// A `user_token`: a secret, that stands in no webhook and that nobody is told.
    Token(String),
}

impl Item {
    /// The `item` of a reply with this `request_id`. `/item/get` adds `created_at`.
    ///
    /// The error of a broken Item is the one a data route would answer with, its `request_id`
    /// included (observed by a third party; that the id is the reply's own is inferred). That
    /// `auth_method` is there only for an Item with Auth is observed of an Item without, that it is
    /// Instant Auth then is inferred.
    pub(crate) fn to_json(&self, request_id: &str) -> Value {
        let error = self.is_broken().then(|| {
            let mut error = PlaidError::item_login_required().to_json();
            error["request_id"] = request_id.into();
            error
        });
        let available: Vec<&str> = OFFERED_PRODUCTS
            .into_iter()
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

    /// The `status` of `/item/get`. Observed with `transactions`; that `investments` appears
    /// with its product, and either is absent without, is inferred.
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
        ACCOUNTS
            .iter()
            .zip(self.account_ids())
            .map(with_id)
            .collect()
    }

    /// One for each of its accounts, in their order; the same for the Item's life.
    pub(crate) fn account_ids(&self) -> Vec<String> {
        let mut random = Random::seeded(self.accounts_seed);
        ACCOUNTS.iter().map(|_| random.object_id()).collect()
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

    /// Whether it is in ITEM_LOGIN_REQUIRED.
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
