//! An Item: one user's login at one institution, and how Plaid's replies show it.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{
    catalog::{ACCOUNTS, Institution, OFFERED_PRODUCTS},
    plaid_error::PlaidError,
    time,
};

pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) institution: &'static Institution,
    /// In alphabetical order.
    pub(crate) products: Vec<String>,
    pub(crate) webhook: Option<String>,
    pub(crate) user_id: Option<String>,
    /// One for each of the institution's accounts, in their order.
    pub(crate) account_ids: Vec<String>,
    pub(crate) created_at: SystemTime,
    /// Whether the Item is in ITEM_LOGIN_REQUIRED.
    pub(crate) login_required: bool,
    pub(crate) last_webhook: Option<(&'static str, SystemTime)>,
}

impl Item {
    /// The `item` of a reply with this `request_id`. `/item/get` adds `created_at`.
    ///
    /// The error of a broken Item is the one a data route would answer with, its `request_id`
    /// included (observed by a third party; that the id is the reply's own is inferred).
    pub(crate) fn to_json(&self, request_id: &str) -> Value {
        let error = self.login_required.then(|| {
            let mut error = PlaidError::item_login_required().to_json();
            error["request_id"] = request_id.into();
            error
        });
        let available: Vec<&str> = OFFERED_PRODUCTS
            .into_iter()
            .filter(|product| !self.has(product))
            .collect();
        json!({
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
        })
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
        let with_id = |(account, id): (&Value, &String)| {
            let mut account = account.clone();
            account["account_id"] = id.as_str().into();
            account
        };
        ACCOUNTS
            .iter()
            .zip(&self.account_ids)
            .map(with_id)
            .collect()
    }

    /// The body of the ITEM / ERROR webhook. The keys are observed; `display_message`,
    /// `error_code_reason`, `user_id` (of an Item that has a user) and the absence of
    /// `request_id` are documented. That it is indented as replies are is inferred.
    pub(crate) fn error_webhook(&self) -> Value {
        let error = PlaidError::item_login_required();
        let mut body = json!({
            "environment": "sandbox",
            "error": {
                "display_message": null,
                "error_code": error.error_code,
                "error_code_reason": null,
                "error_message": error.error_message,
                "error_type": error.error_type,
                "status": error.status.as_u16(),
            },
            "item_id": self.id,
            "webhook_code": "ERROR",
            "webhook_type": "ITEM",
        });
        if let Some(user_id) = &self.user_id {
            body["user_id"] = user_id.as_str().into();
        }
        body
    }

    fn has(&self, product: &str) -> bool {
        self.products.iter().any(|held| held == product)
    }
}
