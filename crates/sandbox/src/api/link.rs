//! The routes of link tokens: for update mode, and to link a new Item.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::{
        call::{Call, RouteFn},
        fields::Fields,
    },
    model::{
        item::User,
        link::{Hosted, LinkToken, NEW_ITEM_LIFETIME, Purpose, UPDATE_LIFETIME},
    },
    plaid::{catalog, error::PlaidError, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 2] = [
    ("/link/token/create", create_token),
    ("/link/token/get", get_token),
];

/// Documented.
const LANGUAGES: [&str; 17] = [
    "da", "nl", "en", "et", "fr", "de", "hi", "it", "lv", "lt", "no", "pl", "pt", "ro", "es", "sv",
    "vi",
];

/// Documented.
const COUNTRIES: [&str; 20] = [
    "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL", "DK", "NO", "SE", "EE", "LT", "LV",
    "PT", "BE", "AT", "FI",
];

/// The longest `account_filters` as JSON, in bytes: this Sandbox's own limit.
const MAX_FILTERS: usize = 16 << 10;

/// The longest lifetime of a Hosted Link: 21 days (documented).
const MAX_LIFETIME_SECONDS: u64 = 21 * 24 * 60 * 60;

fn create_token(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let client_name = fields.text("client_name")?.to_owned();
    let language = one_of(fields, "language", &LANGUAGES)?;
    let countries = countries(fields)?;
    let user = user(fields)?;
    let webhook = url(fields, "webhook", catalog::webhook)?;
    let redirect_uri = url(fields, "redirect_uri", catalog::any_url)?;
    let products = products(fields)?;
    let purpose = match (fields.optional_text("access_token")?, &products) {
        // Documented to add credit products; the docs advise against others and name no error. That
        // products change nothing is inferred from old Link, which left the Item's products (observed).
        (Some(token), _) => Purpose::Update(call.item_of_token(token)?),
        (None, Some(products)) => Purpose::Add {
            products: products.clone(),
            user: user.clone().map(User::Id),
        },
        (None, None) => return Err(PlaidError::no_products()),
    };
    let mut metadata = json!({
        "client_name": client_name,
        "country_codes": countries,
        "initial_products": products.unwrap_or_default(),
        "language": language,
        "redirect_uri": redirect_uri,
        "webhook": webhook,
    });
    if let Some(filters) = account_filters(fields)? {
        metadata["account_filters"] = filters;
    }
    if let Some(routing_number) = fields.optional_text("institution_data.routing_number")? {
        metadata["institution_data"] = json!({ "routing_number": routing_number });
    }
    let (hosted, lifetime) = hosted(call, &purpose)?;

    let created_at = call.state.now();
    let hosted_link_url = hosted
        .as_ref()
        .map(|hosted| format!("{}/hl/{}", call.origin(), hosted.id));
    let expires_at = created_at + lifetime;
    let token = call.state.add_link_token(LinkToken {
        created_at,
        expires_at,
        purpose,
        client_name,
        metadata,
        webhook,
        user_id: fields.optional_text("user_id")?.map(str::to_owned),
        account_selection: fields.flag("update.account_selection_enabled")?,
        hosted,
        sessions: Vec::new(),
    });
    let mut reply = json!({ "expiration": time::seconds(expires_at), "link_token": token });
    if let Some(url) = hosted_link_url {
        reply["hosted_link_url"] = url.into();
    }
    if let Some(user_id) = fields.optional_text("user_id")? {
        reply["user_id"] = user_id.into();
    }
    Ok(reply)
}

/// An expired token is answered too (documented: its sessions are kept for hours).
fn get_token(call: &mut Call) -> Result<Value, PlaidError> {
    let token = call.fields.text("link_token")?;
    let link = call.state.link_token(token)?;
    let mut reply = json!({
        "created_at": time::seconds(link.created_at),
        "expiration": time::seconds(link.expires_at),
        "link_token": token,
        "metadata": link.metadata,
    });
    if let Some(sessions) = call.state.link_sessions(link) {
        reply["link_sessions"] = sessions;
    }
    if let Some(user_id) = &link.user_id {
        reply["user_id"] = user_id.as_str().into();
    }
    Ok(reply)
}

/// The message is inferred.
fn one_of(fields: &Fields, name: &str, known: &[&str]) -> Result<String, PlaidError> {
    match fields.text(name)? {
        value if known.contains(&value) => Ok(value.to_owned()),
        _ => Err(PlaidError::invalid_field(
            name,
            &format!("one of: {}", known.join(", ")),
        )),
    }
}

/// `None` if the list is absent or empty.
fn products(fields: &Fields) -> Result<Option<Vec<&'static str>>, PlaidError> {
    let names = fields.texts("products")?.unwrap_or_default();
    if names.contains(&"balance") {
        return Err(PlaidError::balance_in_products());
    }
    match names.is_empty() {
        true => Ok(None),
        false => catalog::products("products", &names).map(Some),
    }
}

/// The message for a wrong type is observed, the message for an unknown country is inferred.
fn countries(fields: &Fields) -> Result<Vec<String>, PlaidError> {
    let codes = fields.texts("country_codes").ok().flatten();
    let codes = codes
        .filter(|codes| !codes.is_empty())
        .ok_or_else(|| PlaidError::invalid_field("country_codes", "a non-empty string array"))?;
    // The limit on their number is this Sandbox's own.
    if codes.len() > COUNTRIES.len() || !codes.iter().all(|code| COUNTRIES.contains(code)) {
        let must_be = format!("among: {}", COUNTRIES.join(", "));
        return Err(PlaidError::invalid_field("country_codes", &must_be));
    }
    Ok(codes.into_iter().map(str::to_owned).collect())
}

/// The filters of the given account types, as they were given (observed); none if no type is given
/// (observed). The errors are inferred.
fn account_filters(fields: &Fields) -> Result<Option<Value>, PlaidError> {
    let Some(filters) = fields.find("account_filters").and_then(Value::as_object) else {
        return Ok(None);
    };
    for (name, filter) in filters {
        let path = format!("account_filters.{name}");
        if !filter.is_object() {
            return Err(PlaidError::invalid_field(&path, "an object"));
        }
        fields.texts(&format!("{path}.account_subtypes"))?;
    }
    let filters = Value::Object(filters.clone());
    if filters.to_string().len() > MAX_FILTERS {
        let must_be = "at most 16 KiB of JSON in this Sandbox";
        return Err(PlaidError::invalid_field("account_filters", must_be));
    }
    Ok(Some(filters).filter(|filters| *filters != json!({})))
}

/// The `user_id`, if there is one. One of `user` and `user_id` is required, and `user` must have a
/// `client_user_id` (both documented).
fn user(fields: &Fields) -> Result<Option<String>, PlaidError> {
    let user_id = fields.optional_text("user_id")?;
    match fields.find("user") {
        None if user_id.is_none() => Err(PlaidError::missing_fields(&["user"])),
        Some(user) if user.get("client_user_id").is_none() => {
            Err(PlaidError::missing_fields(&["user.client_user_id"]))
        }
        Some(_) => {
            fields.text("user.client_user_id")?;
            Ok(user_id.map(str::to_owned))
        }
        None => Ok(user_id.map(str::to_owned)),
    }
}

/// A URL that may be absent or null.
fn url(
    fields: &Fields,
    name: &str,
    check: fn(&str, &str) -> Result<String, PlaidError>,
) -> Result<Option<String>, PlaidError> {
    match fields.find(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => check(name, value.as_str().unwrap_or_default()).map(Some),
    }
}

/// The hosted page, if the request asks for one, and the lifetime of the token.
fn hosted(call: &mut Call, purpose: &Purpose) -> Result<(Option<Hosted>, Duration), PlaidError> {
    let default = match purpose {
        Purpose::Update(_) => UPDATE_LIFETIME,
        Purpose::Add { .. } => NEW_ITEM_LIFETIME,
    };
    let fields = call.fields;
    match fields.find("hosted_link") {
        None | Some(Value::Null) => return Ok((None, default)),
        Some(Value::Object(_)) => {}
        Some(_) => return Err(PlaidError::invalid_field("hosted_link", "an object")),
    }
    let path = "hosted_link.url_lifetime_seconds";
    let lifetime = match fields.find(path) {
        None | Some(Value::Null) => UPDATE_LIFETIME,
        Some(seconds) => match seconds.as_u64() {
            Some(seconds @ 1..=MAX_LIFETIME_SECONDS) => Duration::from_secs(seconds),
            _ => {
                let must_be = format!("a whole number from 1 to {MAX_LIFETIME_SECONDS}");
                return Err(PlaidError::invalid_field(path, &must_be));
            }
        },
    };
    let completion_redirect_uri = url(
        fields,
        "hosted_link.completion_redirect_uri",
        catalog::any_url,
    )?;
    let hosted = call.state.new_hosted_page(completion_redirect_uri);
    Ok((Some(hosted), lifetime))
}
