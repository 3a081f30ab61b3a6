//! The routes of investments.

use serde_json::{Value, json};

use crate::{
    api::{
        accounts::chosen_accounts,
        call::{Call, RouteFn},
    },
    model::{
        item::Item,
        products::{
            day::Day,
            investments::{self, InvestmentRow},
            ledger::MAX_DAYS,
        },
    },
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 3] = [
    ("/investments/holdings/get", holdings),
    ("/investments/transactions/get", transactions),
    ("/investments/refresh", refresh),
];

/// The largest `count`, and the default (both documented).
const MAX_COUNT: i64 = 500;
const DEFAULT_COUNT: i64 = 100;

fn holdings(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let accounts = investment_accounts(call)?;
    call.state.add_product(index, "investments");
    let item = call.state.item(index);
    let holdings = investments::holdings(|mask| id_of(&accounts, mask));
    let securities = securities(call, item, &holdings);
    Ok(json!({
        "accounts": accounts,
        "holdings": holdings,
        "item": item.to_json(call.request_id),
        "securities": securities,
    }))
}

fn transactions(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let fields = call.fields;
    let window = fields.window()?;
    let count = fields
        .integer("options.count", 1, MAX_COUNT)?
        .unwrap_or(DEFAULT_COUNT);
    let offset = fields.integer("options.offset", 0, i64::MAX)?.unwrap_or(0);
    fields.flag("options.async_update")?;
    let accounts = investment_accounts(call)?;
    call.state.add_product(index, "investments");
    let item = call.state.item(index);
    // At most two years (documented), and no day after today.
    let today = Day::of(call.state.clock().now());
    let oldest = (today + -MAX_DAYS).max(*window.start());
    let mut rows = investments::rows(oldest..=today.min(*window.end()));
    rows.retain(|row| id_of(&accounts, row.mask()).is_some());
    let total = rows.len();
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(total);
    let until = from
        .saturating_add(usize::try_from(count).unwrap_or_default())
        .min(total);
    let shown = |row: &InvestmentRow| {
        let account_id = id_of(&accounts, row.mask()).unwrap_or_default();
        row.to_json(&account_id, &item.investment_transaction_id(*row))
    };
    let shown: Vec<Value> = rows[from..until].iter().map(shown).collect();
    let securities = securities(call, item, &shown);
    Ok(json!({
        "accounts": accounts,
        "investment_transactions": shown,
        "item": item.to_json(call.request_id),
        "securities": securities,
        "total_investment_transactions": total,
    }))
}

/// The securities for these holdings or transactions: all of them without chosen accounts, also one
/// that no account holds; otherwise those that the rows name (both observed for holdings).
fn securities(call: &Call, item: &Item, rows: &[Value]) -> Vec<Value> {
    let mut securities = investments::securities(item.institution.id);
    if call.fields.find("options.account_ids").is_some() {
        let is_named = |security: &Value| {
            let id = &security["security_id"];
            rows.iter().any(|row| row["security_id"] == *id)
        };
        securities.retain(is_named);
    }
    securities
}

/// It changes nothing: the holdings of `user_good` are fixed (observed).
fn refresh(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    call.state.add_product(index, "investments");
    Ok(json!({}))
}

/// The chosen accounts, with the key that only these routes have.
///
/// # Errors
///
/// NO_INVESTMENT_ACCOUNTS if none of the chosen accounts is one (documented for an Item without any).
fn investment_accounts(call: &mut Call) -> Result<Vec<Value>, PlaidError> {
    let index = call.working_item()?;
    let mut accounts = chosen_accounts(call, call.state.item(index))?;
    if !accounts
        .iter()
        .any(|account| account["type"] == "investment")
    {
        return Err(PlaidError::no_accounts("NO_INVESTMENT_ACCOUNTS"));
    }
    for account in &mut accounts {
        let mask = account["mask"].as_str().unwrap_or_default();
        account["balances"]["margin_loan_amount"] = investments::margin_loan_amount(mask);
    }
    Ok(accounts)
}

fn id_of(accounts: &[Value], mask: &str) -> Option<String> {
    let account = accounts.iter().find(|account| account["mask"] == mask)?;
    account["account_id"].as_str().map(str::to_owned)
}
