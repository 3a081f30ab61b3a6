//! The routes of an Item: its state, accounts, tokens, webhook URL and removal.

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    model::item::Item,
    plaid::{catalog, error::PlaidError, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 7] = [
    ("/item/get", get),
    ("/accounts/get", accounts),
    ("/auth/get", auth),
    ("/item/remove", remove),
    ("/item/webhook/update", update_webhook),
    ("/item/access_token/invalidate", invalidate_access_token),
    ("/item/public_token/exchange", exchange_public_token),
];

/// A broken Item is answered too, with its error inside (observed).
fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    let item = call.state.item(index);
    let mut shown = item.to_json(call.request_id);
    shown["created_at"] = time::seconds(item.created_at).into();
    Ok(json!({ "item": shown, "status": item.status() }))
}

fn accounts(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let item = call.state.item(index);
    let accounts = chosen_accounts(call, item)?;
    Ok(json!({ "accounts": accounts, "item": item.to_json(call.request_id) }))
}

/// Shows every account, with or without numbers (observed). Adds Auth to an Item without it
/// (documented for products in general).
fn auth(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let accounts = chosen_accounts(call, call.state.item(index))?;
    let ach: Vec<Value> = accounts.iter().filter_map(ach_numbers).collect();
    // The code is documented; that a list of accounts can cause it is inferred.
    if ach.is_empty() {
        return Err(PlaidError::no_auth_accounts());
    }
    call.state.add_product(index, "auth");
    Ok(json!({
        "accounts": accounts,
        "item": call.state.item(index).to_json(call.request_id),
        "numbers": { "ach": ach, "bacs": [], "eft": [], "international": [] },
    }))
}

/// The numbers of a checking, savings or cash management account. Other accounts have none (both
/// observed).
fn ach_numbers(account: &Value) -> Option<Value> {
    let subtype = account["subtype"].as_str().unwrap_or_default();
    if !matches!(subtype, "checking" | "savings" | "cash management") {
        return None;
    }
    let mask = account["mask"].as_str().unwrap_or_default();
    Some(json!({
        "account": format!("111122223333{mask}"),
        "account_id": account["account_id"],
        "is_tokenized_account_number": false,
        "routing": "011401533",
        "wire_routing": "021000021",
    }))
}

/// The accounts of `options.account_ids`, in the order of the Item (inferred). The message for an
/// invalid list is observed for a string, and inferred for an empty list.
fn chosen_accounts(call: &Call, item: &Item) -> Result<Vec<Value>, PlaidError> {
    let mut accounts = item.accounts();
    if let Some(wanted) = call.fields.find("options.account_ids") {
        let wanted: Vec<&str> = wanted
            .as_array()
            .filter(|ids| !ids.is_empty())
            .and_then(|ids| ids.iter().map(Value::as_str).collect())
            .ok_or_else(|| {
                let must_be = "a non-empty array of valid account ids";
                PlaidError::invalid_field("options.account_ids", must_be)
            })?;
        let is_known = |id: &&str| accounts.iter().any(|known| known["account_id"] == **id);
        if !wanted.iter().all(is_known) {
            return Err(PlaidError::invalid_account_id());
        }
        accounts.retain(|account| wanted.iter().any(|id| account["account_id"] == **id));
    }
    Ok(accounts)
}

/// The reply has no `removed` since 2020 (documented).
fn remove(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    let fields = call.fields;
    if let Some(code) = fields.optional_text("reason_code")?
        && !REASON_CODES.contains(&code)
    {
        let must_be = format!("one of: {}", REASON_CODES.join(", "));
        return Err(PlaidError::invalid_field("reason_code", &must_be));
    }
    let note = fields.find("reason_note").filter(|note| !note.is_null());
    if note.is_some_and(|note| note.as_str().is_none_or(|note| note.chars().count() > 512)) {
        let must_be = "a string of at most 512 characters";
        return Err(PlaidError::invalid_field("reason_note", must_be));
    }
    call.state.remove_item(index);
    Ok(json!({}))
}

/// Documented.
const REASON_CODES: [&str; 6] = [
    "FRAUD_FIRST_PARTY",
    "FRAUD_FALSE_IDENTITY",
    "FRAUD_ABUSE",
    "FRAUD_OTHER",
    "CONNECTION_IS_NON_FUNCTIONAL",
    "OTHER",
];

/// Null removes the URL (documented); so does an absent field (inferred).
fn update_webhook(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    let webhook = match call.fields.find("webhook") {
        None | Some(Value::Null) => None,
        Some(url) => Some(catalog::webhook(
            "webhook",
            url.as_str().unwrap_or_default(),
        )?),
    };
    call.state.set_webhook(index, webhook);
    Ok(json!({ "item": call.state.item(index).to_json(call.request_id) }))
}

fn invalidate_access_token(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    Ok(json!({ "new_access_token": call.state.renew_access_token(index) }))
}

/// A second exchange gives the same Item (observed) and the same token (inferred).
fn exchange_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let public_token = call.fields.text("public_token")?;
    let index = call.state.item_of_public_token(public_token)?;
    call.item = Some(index);
    let item = call.state.item(index);
    let item_id = item.id.clone();
    let access_token = match item.access_token.clone() {
        Some(token) => token,
        None => call.state.renew_access_token(index),
    };
    Ok(json!({ "access_token": access_token, "item_id": item_id }))
}
