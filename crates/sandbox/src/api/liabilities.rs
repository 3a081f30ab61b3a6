//! The route of liabilities.

use serde_json::{Value, json};

use crate::{
    api::{
        accounts::chosen_accounts,
        call::{Call, RouteFn},
    },
    model::products::liabilities::liabilities,
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/liabilities/get", get)];

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let accounts = chosen_accounts(call, call.state.item(index))?;
    let liabilities = liabilities(|mask| {
        let account = accounts.iter().find(|account| account["mask"] == mask)?;
        account["account_id"].as_str().map(str::to_owned)
    });
    if liabilities.values().all(Value::is_null) {
        return Err(PlaidError::no_accounts("NO_LIABILITY_ACCOUNTS"));
    }
    call.state.add_product(index, "liabilities");
    Ok(json!({
        "accounts": accounts,
        "item": call.state.item(index).to_json(call.request_id),
        "liabilities": liabilities,
    }))
}
