//! The products of Plaid's Sandbox, and the rules for the fields that create an Item: for
//! Plaid's routes and for the controls.

use url::Url;

use crate::plaid::error::PlaidError;

/// Every product name (documented).
const PRODUCTS: [&str; 38] = [
    "assets",
    "auth",
    "balance",
    "balance_plus",
    "beacon",
    "cra_base_report",
    "cra_cashflow_insights",
    "cra_income_insights",
    "cra_lend_score",
    "cra_monitoring",
    "cra_network_insights",
    "cra_partner_insights",
    "cra_plaid_credit_score",
    "credit_details",
    "employment",
    "identity",
    "identity_match",
    "identity_verification",
    "income",
    "income_verification",
    "investments",
    "investments_auth",
    "layer",
    "liabilities",
    "pay_by_bank",
    "payment_initiation",
    "processor_identity",
    "processor_payments",
    "profile",
    "protect_linked_bank",
    "protect_transactions",
    "recurring_transactions",
    "signal",
    "standing_orders",
    "statements",
    "transactions",
    "transactions_refresh",
    "transfer",
];

/// The products in alphabetical order, without duplicates, as an Item lists them (inferred from the
/// order of its available products).
///
/// # Errors
///
/// About `field`: INVALID_FIELD if the list is empty, INVALID_PRODUCT if a name is not a product
/// (observed for `initial_products`, inferred for other fields).
pub(crate) fn products(field: &str, names: &[&str]) -> Result<Vec<&'static str>, PlaidError> {
    let known = |name: &&&str| PRODUCTS.contains(*name);
    if names.is_empty() {
        let must_be = "a list of strings containing at least one product";
        return Err(PlaidError::invalid_field(field, must_be));
    }
    let unknown: Vec<&str> = names.iter().filter(|name| !known(name)).copied().collect();
    if !unknown.is_empty() {
        return Err(PlaidError::invalid_products(field, &unknown));
    }
    let known = PRODUCTS
        .into_iter()
        .filter(|product| names.contains(product));
    Ok(known.collect())
}

const MAX_URL: usize = 4 << 10;

/// The longest free text that is kept for the life of an Item or a token, in bytes.
const MAX_KEPT_TEXT: usize = 1 << 10;

/// Checks a text that is kept. The limit and its message are this Sandbox's own.
///
/// # Errors
///
/// INVALID_FIELD about `field` if `text` is longer than 1 KiB.
pub(crate) fn kept_text(field: &str, text: &str) -> Result<(), PlaidError> {
    match text.len() <= MAX_KEPT_TEXT {
        true => Ok(()),
        false => Err(PlaidError::invalid_field(
            field,
            "a string of at most 1024 bytes in this Sandbox",
        )),
    }
}

/// Accepts any scheme: an app may have its own.
///
/// # Errors
///
/// INVALID_FIELD about `field` if `url` is not an absolute URL, or longer than 4 KiB (the limit is
/// this Sandbox's own).
pub(crate) fn any_url(field: &str, url: &str) -> Result<String, PlaidError> {
    match Url::parse(url) {
        Ok(_) if url.len() <= MAX_URL => Ok(url.to_owned()),
        _ => Err(PlaidError::invalid_field(field, "a non-empty string URL")),
    }
}

/// # Errors
///
/// INVALID_FIELD about `field` if `url` is not an absolute http or https URL, or longer than 4 KiB
/// (the limit is this Sandbox's own).
pub(crate) fn webhook(field: &str, url: &str) -> Result<String, PlaidError> {
    let is_short = url.len() <= MAX_URL;
    match Url::parse(url) {
        Ok(parsed) if is_short && matches!(parsed.scheme(), "http" | "https") => Ok(url.to_owned()),
        _ => Err(PlaidError::invalid_field(field, "a non-empty string URL")),
    }
}
