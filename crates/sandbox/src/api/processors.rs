//! The route of processor tokens, with which a partner of Plaid reads one account.

use serde_json::{Value, json};

use crate::{
    api::{
        accounts::chosen_account,
        call::{Call, RouteFn},
    },
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/processor/token/create", create_token)];

/// Accepts any processor: Plaid's error for an unknown one was never published.
fn create_token(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    chosen_account(call, call.state.item(index))?;
    call.fields.text("processor")?;
    Ok(json!({ "processor_token": format!("processor-sandbox-{}", call.state.new_uuid()) }))
}
