//! The routes that only Plaid's Sandbox has: create Items, break them, fire webhooks.

use serde_json::{Value, json};

use crate::{
    api::{
        accounts::chosen_account,
        call::{Call, RouteFn},
    },
    model::{
        item::{ItemPlan, ItemState, User},
        products::{day::Day, ledger::MAX_DAYS, test_user::TestUser},
        webhook_body::WebhookBody,
    },
    plaid::{catalog, error::PlaidError, institutions::Institution},
};

pub(super) const ROUTES: [(&str, RouteFn); 5] = [
    (
        "/sandbox/item/set_verification_status",
        set_verification_status,
    ),
    ("/sandbox/item/reset_login", reset_login),
    ("/sandbox/user/reset_login", reset_logins_of_user),
    ("/sandbox/public_token/create", create_public_token),
    ("/sandbox/item/fire_webhook", fire_webhook),
];

/// A second reset also succeeds, and fires again (both inferred).
fn reset_login(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    call.state.break_item(index);
    Ok(json!({ "reset_login": true }))
}

/// Resets the user's Items that `item_ids` names, or all of them if it is empty, null or absent
/// (documented). The errors are inferred, and that a user exists once an Item was created for it.
fn reset_logins_of_user(call: &mut Call) -> Result<Value, PlaidError> {
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
    let state = &mut *call.state;
    let mut items = state.items_of_user(&user);
    if items.is_empty() {
        return Err(unknown());
    }
    items.retain(|index| state.item(*index).state != ItemState::Removed);
    if !wanted.is_empty() {
        let is_known = |id: &&str| items.iter().any(|index| state.item(*index).id == **id);
        if !wanted.iter().all(is_known) {
            return Err(PlaidError::item_not_found());
        }
        items.retain(|index| wanted.contains(&state.item(*index).id.as_str()));
    }
    for index in items {
        state.break_item(index);
    }
    Ok(json!({}))
}

/// A test user with the password `error_` and one of these codes gets that error (documented;
/// observed for ITEM_LOCKED).
const ERRORS_OF_TEST_USERS: [&str; 12] = [
    "INSTITUTION_NOT_RESPONDING",
    "INSTITUTION_NO_LONGER_SUPPORTED",
    "INVALID_CREDENTIALS",
    "INVALID_LINK_TOKEN",
    "INVALID_MFA",
    "ITEM_LOCKED",
    "ITEM_LOGIN_REQUIRED",
    "ITEM_NOT_SUPPORTED",
    "MFA_NOT_SUPPORTED",
    "NO_ACCOUNTS",
    "USER_INPUT_TIMEOUT",
    "USER_SETUP_REQUIRED",
];

fn create_public_token(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let institution_id = fields.text("institution_id")?;
    // The error for another type is that for an empty list (observed for a string).
    let products = fields.texts("initial_products").ok().flatten();
    let products = products.unwrap_or_default();
    if products.contains(&"recurring_transactions") {
        return Err(PlaidError::not_an_initial_product());
    }
    if products.contains(&"balance") {
        return Err(PlaidError::balance_in_products());
    }
    let products = catalog::products("initial_products", &products)?;
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
    let institution = Institution::find(institution_id)?;
    institution.check_health()?;
    let password = fields.find("options.override_password");
    let forced = password.and_then(|it| it.as_str()?.strip_prefix("error_"));
    if let Some(code) = forced.filter(|code| ERRORS_OF_TEST_USERS.contains(code))
        && let Some(error) = PlaidError::of_code(code, "")
    {
        return Err(error);
    }
    let name = fields.optional_text("options.override_username")?;
    let test_user = TestUser::new(name, fields.optional_text("options.override_password")?)
        .map_err(|must_be| PlaidError::invalid_field("options.override_password", must_be))?;
    let days_requested = days_requested(call)?;
    let statements = statements(call, &products)?;
    let index = call.state.add_item(ItemPlan {
        test_user,
        selected: None,
        days_requested,
        statements,
        products,
        webhook,
        institution,
        user,
    });
    call.item = Some(index);
    Ok(json!({ "public_token": call.state.add_public_token(index) }))
}

/// The days of history: `days_requested`, or those since `start_date`, cut to 24 months (observed).
fn days_requested(call: &Call) -> Result<Option<i32>, PlaidError> {
    let fields = call.fields;
    let days = fields.integer(
        "options.transactions.days_requested",
        1,
        i64::from(MAX_DAYS),
    )?;
    let start = fields.day("options.transactions.start_date")?;
    fields.day("options.transactions.end_date")?;
    let today = Day::of(call.state.clock().now());
    let since = start.map(|start| (today.number() - start.number()).clamp(1, MAX_DAYS));
    Ok(days.and_then(|days| i32::try_from(days).ok()).or(since))
}

/// Plaid answers this only for an Item with micro-deposits; here every Item has them (inferred). Fires
/// the webhook of the new status (documented).
fn set_verification_status(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.item()?;
    let account_id = chosen_account(call, call.state.item(index))?;
    let code = match call.fields.text("verification_status")? {
        "automatically_verified" => "AUTOMATICALLY_VERIFIED",
        "verification_expired" => "VERIFICATION_EXPIRED",
        _ => {
            let must_be = "one of: automatically_verified, verification_expired";
            return Err(PlaidError::invalid_field("verification_status", must_be));
        }
    };
    let body = WebhookBody::verification(code, &account_id);
    call.state.fire(index, body);
    Ok(json!({}))
}

/// The days of the Item's statements, which the product needs (observed, but for the message).
fn statements(call: &Call, products: &[&str]) -> Result<Option<[Day; 2]>, PlaidError> {
    let fields = call.fields;
    let start = fields.day("options.statements.start_date")?;
    let end = fields.day("options.statements.end_date")?;
    match (products.contains(&"statements"), start, end) {
        (false, ..) => Ok(None),
        (true, Some(start), Some(end)) if start <= end => Ok(Some([start, end])),
        (true, ..) => {
            let must_be =
                "an object with start_date and end_date when initial_products has statements";
            Err(PlaidError::invalid_field("options.statements", must_be))
        }
    }
}

/// A broken Item answers ITEM_LOGIN_REQUIRED, whatever the code (inferred: no reply was ever
/// published).
fn fire_webhook(call: &mut Call) -> Result<Value, PlaidError> {
    let index = call.working_item()?;
    let webhook_code = call.fields.text("webhook_code")?;
    let webhook_type = call.fields.optional_text("webhook_type")?;
    call.state.fire_by_code(index, webhook_type, webhook_code)?;
    Ok(json!({ "webhook_fired": true }))
}
