//! An Item's own routes: what it is, its accounts, its tokens, its end.

use serde_json::{Value, json};

use crate::{call::Call, catalog, item::Item, notice::Notice, plaid_error::PlaidError, time};

/// A broken Item is still answered, with its error inside (observed).
pub(super) fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
    let item = &call.state.items[place];
    let mut shown = item.to_json(call.request_id);
    shown["created_at"] = time::seconds(item.created_at).into();
    Ok(json!({ "item": shown, "status": item.status() }))
}

pub(super) fn accounts(call: &mut Call) -> Result<Value, PlaidError> {
    let item = working_item(call)?;
    let item = &call.state.items[item];
    let accounts = chosen_accounts(call, item)?;
    Ok(json!({ "accounts": accounts, "item": item.to_json(call.request_id) }))
}

/// Every account is shown, whether it has numbers or not (observed). To an Item without Auth it
/// adds the product (documented, for products in general).
pub(super) fn auth(call: &mut Call) -> Result<Value, PlaidError> {
    let place = working_item(call)?;
    let accounts = chosen_accounts(call, &call.state.items[place])?;
    let ach: Vec<Value> = accounts.iter().filter_map(ach_numbers).collect();
    // Documented for the code; that a list of accounts leads to it is inferred.
    if ach.is_empty() {
        return Err(PlaidError::no_auth_accounts());
    }
    let item = &mut call.state.items[place];
    if !item.has("auth") {
        item.products.push("auth");
        item.products.sort_unstable();
    }
    Ok(json!({
        "accounts": accounts,
        "item": item.to_json(call.request_id),
        "numbers": { "ach": ach, "bacs": [], "eft": [], "international": [] },
    }))
}

/// The numbers of a checking, savings or cash management account (observed, and that no other has
/// any).
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

/// The place of an Item whose data can be had.
fn working_item(call: &mut Call) -> Result<usize, PlaidError> {
    let place = call.item()?;
    match call.state.items[place].is_broken() {
        true => Err(PlaidError::item_login_required()),
        false => Ok(place),
    }
}

/// In the Item's order (inferred). The sentence for a list that is none is observed for a string,
/// and inferred for an empty list.
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

/// Since 2020 without `removed` (documented).
pub(super) fn remove(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
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
    call.state.remove_item(place);
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

/// Null takes the URL away (documented), and so does leaving it out (inferred). A new one gets a
/// webhook that says so (documented).
pub(super) fn update_webhook(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
    let webhook = match call.fields.find("webhook") {
        None | Some(Value::Null) => None,
        Some(url) => Some(catalog::webhook(
            "webhook",
            url.as_str().unwrap_or_default(),
        )?),
    };
    call.state.items[place].webhook = webhook.clone();
    if let Some(url) = webhook {
        call.state
            .fire(place, Notice::webhook_update_acknowledged(&url));
    }
    Ok(json!({ "item": call.state.items[place].to_json(call.request_id) }))
}

pub(super) fn invalidate_access_token(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
    Ok(json!({ "new_access_token": call.state.renew_access_token(place) }))
}

/// A second exchange gives the same Item again (observed), with the same token (inferred).
pub(super) fn exchange_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let public_token = call.fields.text("public_token")?;
    let place = call.state.item_of_public_token(public_token)?;
    call.concerns(place);
    let item = &call.state.items[place];
    let item_id = item.id.clone();
    let access_token = match item.access_token.clone() {
        Some(token) => token,
        None => call.state.renew_access_token(place),
    };
    Ok(json!({ "access_token": access_token, "item_id": item_id }))
}
