//! The table of Plaid's routes served here. What each one does once a call is admitted stands in
//! `routes/`.

mod items;
mod link;
mod sandbox;
mod webhooks;

use serde_json::Value;

use crate::{call::Call, plaid_error::PlaidError};

/// One route of Plaid's API.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) required: &'static [&'static str],
    /// Dotted where they stand inside an object.
    pub(crate) optional: &'static [&'static str],
    /// The reply, but for its `request_id`.
    pub(crate) act: fn(&mut Call) -> Result<Value, PlaidError>,
}

/// Paths and fields are documented, in Plaid's OpenAPI file.
pub(crate) const ROUTES: [Route; 14] = [
    Route {
        path: "/sandbox/item/reset_login",
        required: &["access_token"],
        optional: &[],
        act: sandbox::reset_login,
    },
    Route {
        path: "/item/get",
        required: &["access_token"],
        optional: &[],
        act: items::get,
    },
    Route {
        path: "/accounts/get",
        required: &["access_token"],
        optional: &["options.account_ids"],
        act: items::accounts,
    },
    Route {
        path: "/auth/get",
        required: &["access_token"],
        optional: &["options.account_ids"],
        act: items::auth,
    },
    Route {
        path: "/item/remove",
        required: &["access_token"],
        optional: &["reason_code", "reason_note"],
        act: items::remove,
    },
    Route {
        path: "/item/webhook/update",
        required: &["access_token"],
        optional: &["webhook"],
        act: items::update_webhook,
    },
    Route {
        path: "/item/access_token/invalidate",
        required: &["access_token"],
        optional: &[],
        act: items::invalidate_access_token,
    },
    Route {
        path: "/item/public_token/exchange",
        required: &["public_token"],
        optional: &[],
        act: items::exchange_public_token,
    },
    Route {
        path: "/sandbox/public_token/create",
        required: &["institution_id", "initial_products"],
        optional: &[
            "options.webhook",
            "options.override_username",
            "options.override_password",
            "options.transactions.start_date",
            "options.transactions.end_date",
            "options.transactions.days_requested",
            "options.statements.start_date",
            "options.statements.end_date",
            "options.income_verification.income_source_types",
            "options.income_verification.bank_income.days_requested",
            "user_token",
            "user_id",
        ],
        act: sandbox::create_public_token,
    },
    Route {
        path: "/sandbox/user/reset_login",
        required: &[],
        optional: &["user_id", "user_token", "item_ids"],
        act: sandbox::reset_logins_of_user,
    },
    Route {
        path: "/sandbox/item/fire_webhook",
        required: &["access_token", "webhook_code"],
        optional: &["webhook_type"],
        act: sandbox::fire_webhook,
    },
    Route {
        path: "/link/token/create",
        required: &["client_name", "language", "country_codes"],
        optional: &link::OPTIONAL_FIELDS,
        act: link::create_token,
    },
    Route {
        path: "/link/token/get",
        required: &["link_token"],
        optional: &[],
        act: link::token,
    },
    Route {
        path: "/webhook_verification_key/get",
        required: &["key_id"],
        optional: &[],
        act: webhooks::verification_key,
    },
];

impl Route {
    /// Whether `path` is a field of this route; every route takes the credentials.
    pub(crate) fn takes(&self, path: &str) -> bool {
        matches!(path, "client_id" | "secret")
            || self.required.contains(&path)
            || self.optional.contains(&path)
    }

    /// Whether `path` is an object of this route that holds fields.
    pub(crate) fn is_parent(&self, path: &str) -> bool {
        self.optional.iter().any(|field| {
            let rest = field.strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with('.'))
        })
    }
}
