//! The routes that exist in Plaid's Sandbox alone: making Items, breaking them, firing webhooks.

use serde_json::{Value, json};

use crate::{
    call::Call, catalog, event::ItemState, item::User, notice::Notice, plaid_error::PlaidError,
    state::ItemPlan,
};

/// A second reset succeeds too, and fires again (both inferred).
pub(super) fn reset_login(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
    call.state.break_item(place);
    Ok(json!({ "reset_login": true }))
}

/// Of the user's Items, those of `item_ids`, or all of them if it is empty, null or left out
/// (documented). Which error comes when is inferred, and that a user is known once an Item was
/// created for it.
pub(super) fn reset_logins_of_user(call: &mut Call) -> Result<Value, PlaidError> {
    let user_id = call.fields.optional_text("user_id")?;
    let user_token = call.fields.optional_text("user_token")?;
    let (user, unknown): (_, fn() -> PlaidError) = match (user_id, user_token) {
        (Some(id), _) => (User::Id(id.to_owned()), PlaidError::user_not_found),
        (None, Some(token)) => (
            User::Token(token.to_owned()),
            PlaidError::invalid_user_token,
        ),
        (None, None) => return Err(PlaidError::missing_fields(&["user_id"])),
    };
    let wanted = call.fields.texts("item_ids")?.unwrap_or_default();
    let items = &call.state.items;
    let is_theirs = |place: &usize| items[*place].user.as_ref() == Some(&user);
    let mut places: Vec<usize> = (0..items.len()).filter(is_theirs).collect();
    if places.is_empty() {
        return Err(unknown());
    }
    places.retain(|place| items[*place].state != ItemState::Removed);
    if !wanted.is_empty() {
        let is_known = |id: &&str| places.iter().any(|place| items[*place].id == **id);
        if !wanted.iter().all(is_known) {
            return Err(PlaidError::item_not_found());
        }
        places.retain(|place| wanted.contains(&items[*place].id.as_str()));
    }
    for place in places {
        call.state.break_item(place);
    }
    Ok(json!({}))
}

pub(super) fn create_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let institution_id = fields.text("institution_id")?;
    // What is not a list of strings is answered as an empty list is (observed for a string).
    let products = fields.texts("initial_products").ok().flatten();
    let products = catalog::products("initial_products", &products.unwrap_or_default())?;
    let webhook = fields
        .find("options.webhook")
        .map(|url| catalog::webhook("options.webhook", url.as_str().unwrap_or_default()))
        .transpose()?;
    let user = match fields.optional_text("user_id")? {
        Some(id) => Some(User::Id(id.to_owned())),
        None => fields
            .optional_text("user_token")?
            .map(|token| User::Token(token.to_owned())),
    };
    let place = call.state.add_item(ItemPlan {
        products,
        webhook,
        institution: catalog::institution(institution_id)?,
        user,
    });
    call.concerns(place);
    Ok(json!({ "public_token": call.state.add_public_token(place) }))
}

/// What fires here changes nothing else: ITEM / LOGIN_REPAIRED heals no Item (inferred).
pub(super) fn fire_webhook(call: &mut Call) -> Result<Value, PlaidError> {
    let place = call.item()?;
    let code = call.fields.text("webhook_code")?;
    let webhook_type = call.fields.optional_text("webhook_type")?;
    let now = call.state.clock.now();
    let item = &call.state.items[place];
    // That the URL is looked at before the product is inferred.
    if item.webhook.is_none() {
        return Err(PlaidError::sandbox_webhook_invalid());
    }
    let notice = Notice::of_code(webhook_type, code, item, now, &mut call.state.objects)?;
    call.state.fire(place, notice);
    Ok(json!({ "webhook_fired": true }))
}
