//! The route of bank statements.

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    model::{item::Item, products::day::Day},
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/statements/list", list)];

/// The statements of the depository accounts (inferred: no recording names the accounts). A call does
/// not add the product, because it needs dates (inferred).
fn list(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let item = call.state.item(index);
    let [start, end] = item
        .statements
        .ok_or_else(PlaidError::product_not_enabled)?;
    let accounts = item.accounts();
    let with_statements = accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| account["type"] == "depository")
        .map(|(place, account)| {
            json!({
                "account_id": account["account_id"],
                "account_mask": account["mask"],
                "account_name": account["name"],
                "account_official_name": account["official_name"].as_str().unwrap_or_default(),
                "account_subtype": account["subtype"],
                "account_type": account["type"],
                "statements": statements(item, place as u64, start, end),
            })
        });
    Ok(json!({
        "accounts": with_statements.collect::<Vec<_>>(),
        "institution_id": item.institution.id,
        "institution_name": item.institution.name,
        "item_id": item.id,
    }))
}

/// One for each calendar month of the days, newest first: three months gave four (observed).
fn statements(item: &Item, account: u64, start: Day, end: Day) -> Vec<Value> {
    let mut month = start.first_of_month();
    let mut statements = Vec::new();
    while month <= end {
        let text = month.to_string();
        let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or_default();
        let key = account << 32 | u64::from(month.number().unsigned_abs());
        statements.push(json!({
            "date_posted": month.next_month().to_string(),
            "month": number(5..7),
            "statement_id": item.statement_id(key),
            "year": number(0..4),
        }));
        month = month.next_month();
    }
    statements.reverse();
    statements
}
