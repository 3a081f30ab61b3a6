//! The table of Plaid's routes served here, and what each one does once a call is admitted.

use serde_json::{Value, json};

use crate::{call::Call, catalog, item::Item, plaid_error::PlaidError, state::ItemPlan, time};

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
pub(crate) const ROUTES: [Route; 6] = [
    Route {
        path: "/sandbox/item/reset_login",
        required: &["access_token"],
        optional: &[],
        act: reset_login,
    },
    Route {
        path: "/item/get",
        required: &["access_token"],
        optional: &[],
        act: item,
    },
    Route {
        path: "/accounts/get",
        required: &["access_token"],
        optional: &["options.account_ids"],
        act: accounts,
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
        act: create_public_token,
    },
    Route {
        path: "/item/public_token/exchange",
        required: &["public_token"],
        optional: &[],
        act: exchange_public_token,
    },
    Route {
        path: "/webhook_verification_key/get",
        required: &["key_id"],
        optional: &[],
        act: verification_key,
    },
];

impl Route {
    /// Whether `path` is a field of this route; every route takes the credentials.
    pub(crate) fn takes(&self, path: &str) -> bool {
        matches!(path, "client_id" | "secret")
            || self.required.contains(&path)
            || self.optional.contains(&path)
    }
}

/// A second reset succeeds too, and fires again (both inferred).
fn reset_login(call: &mut Call) -> Result<Value, PlaidError> {
    let item = call.state.item_of(call.fields.text("access_token")?)?;
    item.login_required = true;
    if item.webhook.is_some() {
        let item_id = item.id.clone();
        call.state.fire_item_error(&item_id);
    }
    Ok(json!({ "reset_login": true }))
}

/// A broken Item is still answered, with its error inside (observed).
fn item(call: &mut Call) -> Result<Value, PlaidError> {
    let item = call.state.item_of(call.fields.text("access_token")?)?;
    let mut shown = item.to_json(call.request_id);
    shown["created_at"] = time::seconds(item.created_at).into();
    Ok(json!({ "item": shown, "status": item.status() }))
}

fn accounts(call: &mut Call) -> Result<Value, PlaidError> {
    let item = call.state.item_of(call.fields.text("access_token")?)?;
    if item.login_required {
        return Err(PlaidError::item_login_required());
    }
    let accounts = match call.fields.find("options.account_ids") {
        None => item.accounts(),
        Some(wanted) => chosen_accounts(item, wanted)?,
    };
    Ok(json!({ "accounts": accounts, "item": item.to_json(call.request_id) }))
}

/// In the Item's order (inferred). The sentence for a list that is none is inferred as well.
fn chosen_accounts(item: &Item, wanted: &Value) -> Result<Vec<Value>, PlaidError> {
    let wanted: Vec<&str> = wanted
        .as_array()
        .and_then(|ids| ids.iter().map(Value::as_str).collect())
        .ok_or_else(|| PlaidError::invalid_field("options.account_ids", "a list of strings"))?;
    let known = |id: &&str| item.account_ids.iter().any(|known| known == id);
    if !wanted.iter().all(known) {
        return Err(PlaidError::invalid_account_id());
    }
    let mut accounts = item.accounts();
    accounts.retain(|account| wanted.iter().any(|id| account["account_id"] == **id));
    Ok(accounts)
}

fn create_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let institution_id = fields.text("institution_id")?;
    // What is not a list of strings is answered as an empty list is (observed for a string).
    let products = fields
        .find("initial_products")
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default();
    let products = catalog::products("initial_products", products)?;
    let webhook = fields
        .find("options.webhook")
        .map(|url| catalog::webhook("options.webhook", url.as_str().unwrap_or_default()))
        .transpose()?;
    let user_id = fields
        .find("user_id")
        .map(|_| fields.text("user_id").map(str::to_owned))
        .transpose()?;
    let item_id = call.state.add_item(ItemPlan {
        products,
        webhook,
        institution: catalog::institution(institution_id)?,
        user_id,
    });
    Ok(json!({ "public_token": call.state.add_public_token(item_id) }))
}

fn exchange_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let public_token = call.fields.text("public_token")?;
    let item_id = call.state.exchange(public_token, time::now())?;
    let access_token = call.state.add_access_token(item_id.clone());
    Ok(json!({ "access_token": access_token, "item_id": item_id }))
}

fn verification_key(call: &mut Call) -> Result<Value, PlaidError> {
    let signer = &call.shared.signer;
    match call.fields.text("key_id")? {
        key_id if key_id == signer.kid() => Ok(json!({ "key": signer.jwk() })),
        _ => Err(PlaidError::invalid_webhook_verification_key_id()),
    }
}
