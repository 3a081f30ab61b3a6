//! The route of Signal, which rates the risk of an ACH return.

use serde_json::{Value, json};

use crate::{
    api::{
        accounts::chosen_account,
        call::{Call, RouteFn},
    },
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/signal/evaluate", evaluate)];

/// Amounts with a fixed score (documented).
const SCORES: [(f64, u64); 3] = [(3.53, 10), (12.17, 60), (27.53, 90)];

/// A broken Item gets scores and a warning (documented). Scores of other amounts are random
/// (documented).
fn evaluate(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    chosen_account(call, call.state.item(index))?;
    call.fields.text("client_transaction_id")?;
    let amount = call.fields.find("amount").and_then(Value::as_f64);
    let amount = amount
        .filter(|amount| *amount >= 0.0)
        .ok_or_else(|| PlaidError::invalid_field("amount", "a non-negative number"))?;
    let fixed = SCORES.iter().find(|(known, _)| *known == amount);
    let mut score = || fixed.map_or_else(|| call.state.random_score(), |(_, score)| *score);
    let (customer, bank) = (score(), score());
    let warnings = match call.state.item(index).is_broken() {
        false => json!([]),
        true => json!([{
            "warning_code": "ITEM_LOGIN_REQUIRED",
            "warning_message": PlaidError::item_login_required().error_message,
            "warning_type": "ITEM_ERROR",
        }]),
    };
    call.state.add_product(index, "signal");
    Ok(json!({
        "core_attributes": {},
        "risk_profile": null,
        "ruleset": null,
        "scores": {
            "bank_initiated_return_risk": { "risk_tier": tier(bank, 8), "score": bank },
            "customer_initiated_return_risk": { "risk_tier": tier(customer, 5), "score": customer },
        },
        "warnings": warnings,
    }))
}

/// The tier of a score, from 1 to `tiers`. The number of tiers is documented; that they divide the
/// scores evenly is inferred.
fn tier(score: u64, tiers: u64) -> u64 {
    1 + score.min(99) * tiers / 100
}
