//! The routes of an Item: its state, tokens, webhook URL and removal.

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    model::item::PUBLIC_TOKEN_LIFETIME,
    plaid::{catalog, error::PlaidError, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 6] = [
    ("/item/get", get),
    ("/item/remove", remove),
    ("/item/webhook/update", update_webhook),
    ("/item/access_token/invalidate", invalidate_access_token),
    ("/item/public_token/create", create_public_token),
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

/// A public token of an Item that has an access token, as update mode once used it (observed, with
/// the expiration after 30 minutes).
fn create_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    let public_token = call.state.add_public_token(index);
    let expiration = call.state.clock().now() + PUBLIC_TOKEN_LIFETIME;
    Ok(json!({ "expiration": time::seconds(expiration), "public_token": public_token }))
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
