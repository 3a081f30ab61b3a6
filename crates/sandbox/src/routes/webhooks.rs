//! What a receiver of webhooks asks for.

use serde_json::{Value, json};

use crate::{call::Call, plaid_error::PlaidError};

pub(super) fn verification_key(call: &mut Call) -> Result<Value, PlaidError> {
    let key_id = call.fields.text("key_id")?;
    match call.state.keys.jwk(key_id) {
        Some(key) => Ok(json!({ "key": key })),
        None => Err(PlaidError::invalid_webhook_verification_key_id()),
    }
}
