//! The routes of an Item's accounts: balances, numbers, owners.

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    model::item::Item,
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 4] = [
    ("/accounts/get", get),
    ("/accounts/balance/get", balance),
    ("/auth/get", auth),
    ("/identity/get", identity),
];

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let item = call.state.item(index);
    let accounts = chosen_accounts(call, item)?;
    Ok(json!({ "accounts": accounts, "item": item.to_json(call.request_id) }))
}

/// Balances never change, so this returns those of `/accounts/get` (observed).
fn balance(call: &mut Call) -> Result<Value, PlaidError> {
    call.fields
        .optional_text("options.min_last_updated_datetime")?;
    get(call)
}

/// Every account has the same owners (observed of the nine accounts of 2020, inferred for those
/// added since).
fn identity(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let mut accounts = chosen_accounts(call, call.state.item(index))?;
    let item = call.state.item(index);
    for account in &mut accounts {
        let id = account["account_id"].as_str().unwrap_or_default();
        account["owners"] = item.owners(id);
    }
    call.state.add_product(index, "identity");
    let item = call.state.item(index).to_json(call.request_id);
    Ok(json!({ "accounts": accounts, "item": item }))
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
pub(super) fn chosen_accounts(call: &Call, item: &Item) -> Result<Vec<Value>, PlaidError> {
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

/// The id of the account of the field `account_id`. The messages are observed for processor tokens.
pub(super) fn chosen_account(call: &Call, item: &Item) -> Result<String, PlaidError> {
    let id = call.fields.find("account_id").and_then(Value::as_str);
    let is_shaped = |id: &&str| id.len() == 37 && id.bytes().all(|it| it.is_ascii_alphanumeric());
    let id = id
        .filter(is_shaped)
        .ok_or_else(|| PlaidError::invalid_field("account_id", "a valid account ID"))?;
    match item.account_ids().iter().any(|known| known == id) {
        true => Ok(id.to_owned()),
        false => Err(PlaidError::invalid_account_id()),
    }
}
