//! The routes of institutions.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::{
    api::{
        call::{Call, RouteFn},
        fields::Fields,
    },
    plaid::{catalog, error::PlaidError, institutions::Institution, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 3] = [
    ("/institutions/get", get),
    ("/institutions/get_by_id", get_by_id),
    ("/institutions/search", search),
];

/// The most institutions that a search finds (documented).
const MAX_FOUND: usize = 10;

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let required = |path, min, max| {
        let number = fields.integer(path, min, max)?;
        number.ok_or_else(|| PlaidError::invalid_field(path, "an integer"))
    };
    let count = required("count", 1, 500)?;
    let offset = required("offset", 0, i64::MAX)?;
    let countries = countries(fields)?;
    let products = products(fields, "options.products")?;
    let numbers = fields.texts("options.routing_numbers")?.unwrap_or_default();
    let oauth = fields.find("options.oauth").and_then(Value::as_bool);
    let matching = Institution::all().filter(|institution| {
        let has_number = |number: &&str| numbers.contains(number);
        institution.is_listed()
            && countries.contains(&institution.country)
            && has_products(institution, &products)
            && (numbers.is_empty() || institution.routing_numbers().iter().any(has_number))
            && oauth.is_none_or(|oauth| oauth == institution.oauth)
    });
    let all: Vec<&Institution> = matching.collect();
    let shown = all
        .iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(count).unwrap_or_default())
        .map(|institution| shown(institution, fields));
    Ok(json!({ "institutions": shown.collect::<Result<Vec<_>, _>>()?, "total": all.len() }))
}

/// An institution of another country is unknown (inferred).
fn get_by_id(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let id = fields.text("institution_id")?;
    let countries = countries(fields)?;
    let institution = Institution::find(id)?;
    if !countries.contains(&institution.country) {
        return Err(PlaidError::invalid_institution());
    }
    Ok(json!({ "institution": shown(institution, fields)? }))
}

/// Finds institutions by a part of their name, ignoring case (inferred).
fn search(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let query = fields.text("query")?.to_lowercase();
    let countries = countries(fields)?;
    let products = products(fields, "products")?;
    let oauth = fields.find("options.oauth").and_then(Value::as_bool);
    let matching = Institution::all().filter(|institution| {
        institution.is_listed()
            && institution.name.to_lowercase().contains(&query)
            && countries.contains(&institution.country)
            && has_products(institution, &products)
            && oauth.is_none_or(|oauth| oauth == institution.oauth)
    });
    let shown = matching
        .take(MAX_FOUND)
        .map(|institution| shown(institution, fields));
    Ok(json!({ "institutions": shown.collect::<Result<Vec<_>, _>>()? }))
}

/// The institution with the fields that the options ask for. Logo, color and URL are those of First
/// Platypus Bank (observed), inferred for the others.
fn shown(institution: &Institution, fields: &Fields) -> Result<Value, PlaidError> {
    let mut shown = institution.to_json();
    if fields.flag("options.include_optional_metadata")? {
        shown["logo"] = Value::Null;
        shown["primary_color"] = "#0075a3".into();
        shown["url"] = "https://www.plaid.com/".into();
    }
    if fields.flag("options.include_status")? {
        shown["status"] = institution.status(&time::seconds(UNIX_EPOCH));
    }
    if fields.flag("options.include_auth_metadata")? {
        // Inferred: instant Auth, as an Item with Auth shows it.
        shown["auth_metadata"] = json!({
            "supported_methods": {
                "automated_micro_deposits": false,
                "instant_auth": true,
                "instant_match": false,
                "instant_micro_deposits": false,
            },
        });
    }
    if fields.flag("options.include_payment_initiation_metadata")? {
        // Observed as an object for one bank in GB only; null for all is inferred.
        shown["payment_initiation_metadata"] = Value::Null;
    }
    Ok(shown)
}

/// The required `country_codes`. The message is inferred.
fn countries(fields: &Fields) -> Result<Vec<&str>, PlaidError> {
    let countries = fields.texts("country_codes").ok().flatten();
    countries
        .filter(|countries| !countries.is_empty())
        .ok_or_else(|| {
            PlaidError::invalid_field("country_codes", "a non-empty array of country codes")
        })
}

/// The products to filter by: none, or a list (both errors observed for a search).
fn products<'a>(fields: &'a Fields, path: &str) -> Result<Vec<&'a str>, PlaidError> {
    let names = fields
        .texts(path)
        .map_err(|_| PlaidError::no_product_list(path))?;
    let Some(names) = names else {
        return Ok(Vec::new());
    };
    match names
        .iter()
        .find(|name| catalog::products(path, &[name]).is_err())
    {
        Some(unknown) => Err(PlaidError::invalid_product(path, unknown)),
        None => Ok(names),
    }
}

fn has_products(institution: &Institution, products: &[&str]) -> bool {
    let offers = |product: &&str| institution.products().any(|offered| offered == *product);
    products.iter().all(offers)
}
