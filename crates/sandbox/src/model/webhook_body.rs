//! The bodies of webhooks, by type and code. The fields are documented in Plaid's reference and
//! types; only ITEM / ERROR was ever published as delivered.

use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::{
    model::item::Item,
    plaid::{error::PlaidError, ids, time},
};

/// PENDING_DISCONNECT is sent this long before the Item is disconnected (documented).
const DISCONNECTED_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The body of a webhook, before the fields of its Item are added.
pub(crate) struct WebhookBody {
    pub(crate) webhook_type: &'static str,
    pub(crate) webhook_code: &'static str,
    /// The fields that only this webhook has.
    fields: Map<String, Value>,
    /// Whether it names the Item and its user: a report and a Link session belong to no Item.
    is_of_item: bool,
}

/// The codes of `/sandbox/item/fire_webhook`. For each: the type if the request names none, and the
/// product that the Item must have (documented).
const CODES: [(&str, &str, Option<&str>); 12] = [
    // Observed without a type; older pages document that it is TRANSACTIONS then.
    ("DEFAULT_UPDATE", "TRANSACTIONS", None),
    ("NEW_ACCOUNTS_AVAILABLE", "ITEM", None),
    ("SMS_MICRODEPOSITS_VERIFICATION", "AUTH", None),
    // Only the code is documented.
    ("AUTHORIZATION_GRANTED", "ITEM", None),
    ("USER_PERMISSION_REVOKED", "ITEM", None),
    ("USER_ACCOUNT_REVOKED", "ITEM", None),
    ("PENDING_DISCONNECT", "ITEM", None),
    (
        "RECURRING_TRANSACTIONS_UPDATE",
        "TRANSACTIONS",
        Some("transactions"),
    ),
    ("LOGIN_REPAIRED", "ITEM", None),
    (
        "SYNC_UPDATES_AVAILABLE",
        "TRANSACTIONS",
        Some("transactions"),
    ),
    ("PRODUCT_READY", "ASSETS", Some("assets")),
    ("ERROR", "ASSETS", Some("assets")),
];

/// The types of `/sandbox/item/fire_webhook`, and the product that DEFAULT_UPDATE needs for each
/// (documented).
const TYPES: [(&str, Option<&str>); 7] = [
    ("AUTH", Some("auth")),
    ("HOLDINGS", Some("investments")),
    ("INVESTMENTS_TRANSACTIONS", Some("investments")),
    ("ITEM", None),
    ("LIABILITIES", Some("liabilities")),
    ("TRANSACTIONS", Some("transactions")),
    ("ASSETS", None),
];

impl WebhookBody {
    /// ITEM / ERROR (observed).
    pub(crate) fn item_error() -> Self {
        let error = PlaidError::item_login_required().to_webhook_json();
        WebhookBody::of_item("ITEM", "ERROR", json!({ "error": error }))
    }

    /// Fired when an Item is repaired outside of the application's update mode (documented).
    pub(crate) fn login_repaired() -> Self {
        WebhookBody::of_item("ITEM", "LOGIN_REPAIRED", json!({}))
    }

    pub(crate) fn update_acknowledged(url: &str) -> Self {
        let fields = json!({ "error": null, "new_webhook_url": url });
        WebhookBody::of_item("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", fields)
    }

    /// INITIAL_UPDATE, HISTORICAL_UPDATE or DEFAULT_UPDATE of transactions (documented; the fields of
    /// HISTORICAL_UPDATE observed).
    pub(crate) fn transactions_update(code: &'static str, new_transactions: usize) -> Self {
        let fields = json!({ "error": null, "new_transactions": new_transactions });
        WebhookBody::of_item("TRANSACTIONS", code, fields)
    }

    /// TRANSACTIONS_REMOVED (documented).
    pub(crate) fn transactions_removed(ids: &[String]) -> Self {
        let fields = json!({ "error": null, "removed_transactions": ids });
        WebhookBody::of_item("TRANSACTIONS", "TRANSACTIONS_REMOVED", fields)
    }

    /// SYNC_UPDATES_AVAILABLE (documented).
    pub(crate) fn sync_updates_available(historical_update_complete: bool) -> Self {
        let fields = json!({
            "historical_update_complete": historical_update_complete,
            "initial_update_complete": true,
        });
        WebhookBody::of_item("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", fields)
    }

    /// ASSETS / PRODUCT_READY of a report (documented).
    pub(crate) fn report_ready(asset_report_id: &str) -> Self {
        let fields = json!({ "asset_report_id": asset_report_id, "report_type": "FULL" });
        WebhookBody {
            is_of_item: false,
            ..WebhookBody::of_item("ASSETS", "PRODUCT_READY", fields)
        }
    }

    /// A LINK webhook (documented; none was ever recorded). It names a Link session, and no Item.
    pub(crate) fn of_link(code: &'static str, fields: Value) -> Self {
        WebhookBody {
            is_of_item: false,
            ..WebhookBody::of_item("LINK", code, fields)
        }
    }

    /// AUTH / AUTOMATICALLY_VERIFIED or VERIFICATION_EXPIRED (documented).
    pub(crate) fn verification(code: &'static str, account_id: &str) -> Self {
        WebhookBody::of_item("AUTH", code, json!({ "account_id": account_id }))
    }

    /// The body that `/sandbox/item/fire_webhook` fires for a code. The type matters only for
    /// DEFAULT_UPDATE, and for ERROR: documented for ASSETS, it is ITEM / ERROR with the type ITEM
    /// (both inferred).
    ///
    /// # Errors
    ///
    /// INVALID_FIELD for an unknown code or type (inferred), SANDBOX_PRODUCT_NOT_ENABLED if the Item
    /// does not have the webhook's product.
    pub(crate) fn of_code(
        webhook_type: Option<&str>,
        code: &str,
        item: &Item,
        now: SystemTime,
        random: &mut Rng,
    ) -> Result<Self, PlaidError> {
        let row = CODES.into_iter().find(|row| row.0 == code);
        let (code, own_type, own_product) = row.ok_or_else(|| {
            let codes = CODES.map(|row| row.0).join(", ");
            PlaidError::invalid_field("webhook_code", &format!("one of: {codes}"))
        })?;
        let given = webhook_type.map(|wanted| TYPES.into_iter().find(|(name, _)| *name == wanted));
        let wrong_type =
            |types: &str| PlaidError::invalid_field("webhook_type", &format!("one of: {types}"));
        let (webhook_type, product) = match (code, given) {
            (_, Some(None)) => return Err(wrong_type(&TYPES.map(|row| row.0).join(", "))),
            ("DEFAULT_UPDATE", Some(Some((_, None)))) => {
                return Err(wrong_type(
                    "AUTH, HOLDINGS, INVESTMENTS_TRANSACTIONS, LIABILITIES, TRANSACTIONS",
                ));
            }
            ("ERROR", Some(Some(("ITEM", _)))) => return Ok(WebhookBody::item_error()),
            ("DEFAULT_UPDATE", Some(Some((name, product)))) => (name, product),
            ("DEFAULT_UPDATE", None) => (own_type, Some("transactions")),
            _ => (own_type, own_product),
        };
        match product {
            Some(product) if !item.has(product) => {
                return Err(PlaidError::sandbox_product_not_enabled(product));
            }
            _ => {}
        }
        if webhook_type == "ASSETS" {
            return Ok(WebhookBody::of_report(code, random));
        }
        let fields = fields(webhook_type, code, item, now);
        Ok(WebhookBody::of_item(webhook_type, code, fields))
    }

    /// Whether [`WebhookBody::of_code`] knows this code.
    pub(crate) fn is_code(code: &str) -> bool {
        CODES.iter().any(|(known, ..)| *known == code)
    }

    /// The complete body, for the Item it is about.
    pub(crate) fn into_json(self, item: Option<&Item>) -> Value {
        let mut body = self.fields;
        // Documented: EVENTS does not have it.
        if (self.webhook_type, self.webhook_code) != ("LINK", "EVENTS") {
            body.insert("environment".to_owned(), "sandbox".into());
        }
        body.insert("webhook_code".to_owned(), self.webhook_code.into());
        body.insert("webhook_type".to_owned(), self.webhook_type.into());
        if let (Some(item), true) = (item, self.is_of_item) {
            body.insert("item_id".to_owned(), item.id.as_str().into());
        }
        // Documented: only these name the user, if the Item has one.
        let names_user =
            self.webhook_type == "ITEM" && self.webhook_code != "WEBHOOK_UPDATE_ACKNOWLEDGED";
        if let (Some(user_id), true) = (item.and_then(Item::user_id), names_user) {
            body.insert("user_id".to_owned(), user_id.into());
        }
        Value::Object(body)
    }

    fn of_item(webhook_type: &'static str, webhook_code: &'static str, fields: Value) -> Self {
        WebhookBody {
            webhook_type,
            webhook_code,
            fields: match fields {
                Value::Object(fields) => fields,
                _ => Map::new(),
            },
            is_of_item: true,
        }
    }

    /// An Asset Report has an id of its own; this Sandbox has no reports.
    fn of_report(webhook_code: &'static str, random: &mut Rng) -> Self {
        let mut fields = json!({ "asset_report_id": ids::uuid(random) });
        match webhook_code {
            "ERROR" => {
                fields["error"] = json!({
                    "display_message": null,
                    "error_code": "PRODUCT_NOT_ENABLED",
                    "error_message": "the 'assets' product is not enabled for the following access \
                                      tokens: access-sandbox-fb88b20c-7b74-4197-8d01-0ab122dad0bc. \
                                      please ensure that 'assets' is included in the 'product' \
                                      array when initializing Link and create the Item(s) again.",
                    "error_type": "ASSET_REPORT_ERROR",
                    "status": 400,
                });
            }
            _ => fields["report_type"] = "FULL".into(),
        }
        WebhookBody {
            is_of_item: false,
            ..WebhookBody::of_item("ASSETS", webhook_code, fields)
        }
    }
}

/// The fields that only this webhook has. Counts are 0 and lists name the first account: nothing
/// changes in this Sandbox.
fn fields(webhook_type: &str, code: &str, item: &Item, now: SystemTime) -> Value {
    let account_id = || item.account_ids().swap_remove(0);
    match (webhook_type, code) {
        ("TRANSACTIONS", "DEFAULT_UPDATE") => json!({ "error": null, "new_transactions": 0 }),
        ("AUTH", "DEFAULT_UPDATE") => json!({
            "account_ids_with_new_auth": [],
            "account_ids_with_updated_auth": { account_id(): ["ACCOUNT_NUMBER"] },
            "error": null,
        }),
        ("HOLDINGS", _) => json!({ "error": null, "new_holdings": 0, "updated_holdings": 0 }),
        ("INVESTMENTS_TRANSACTIONS", _) => json!({
            "cancelled_investments_transactions": 0,
            "error": null,
            "new_investments_transactions": 0,
        }),
        ("LIABILITIES", _) => json!({
            "account_ids_with_new_liabilities": [],
            "account_ids_with_updated_liabilities": { account_id(): ["past_amount_due"] },
            "error": null,
        }),
        (_, "NEW_ACCOUNTS_AVAILABLE" | "AUTHORIZATION_GRANTED") => json!({ "error": null }),
        (_, "SMS_MICRODEPOSITS_VERIFICATION") => {
            json!({ "account_id": account_id(), "status": "MANUALLY_VERIFIED" })
        }
        (_, "USER_PERMISSION_REVOKED") => {
            json!({ "error": PlaidError::user_permission_revoked().to_webhook_json() })
        }
        (_, "USER_ACCOUNT_REVOKED") => json!({ "account_id": account_id() }),
        (_, "PENDING_DISCONNECT") => json!({
            "disconnect_time": time::milliseconds(now + DISCONNECTED_AFTER),
            "reason": "INSTITUTION_MIGRATION",
        }),
        (_, "RECURRING_TRANSACTIONS_UPDATE") => json!({ "account_ids": item.account_ids() }),
        (_, "SYNC_UPDATES_AVAILABLE") => {
            // Observed in September 2026.
            json!({ "historical_update_complete": true, "initial_update_complete": true })
        }
        // LOGIN_REPAIRED
        _ => json!({}),
    }
}
