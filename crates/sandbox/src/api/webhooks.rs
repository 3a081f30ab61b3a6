//! The route that receivers of webhooks use.

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] =
    [("/webhook_verification_key/get", verification_key)];

fn verification_key(call: &mut Call) -> Result<Value, PlaidError> {
    let key_id = call.fields.text("key_id")?;
    match call.state.public_key(key_id) {
        Some(key) => Ok(json!({ "key": key })),
        None => Err(PlaidError::invalid_webhook_verification_key_id()),
    }
}
