//! The institutions, products and accounts of Plaid's Sandbox, and the rules for the fields that
//! create an Item: for Plaid's routes and for the controls.

use std::sync::LazyLock;

use serde_json::Value;
use url::Url;

use crate::plaid::error::PlaidError;

/// A bank of Plaid's Sandbox.
pub(crate) struct Institution {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// The test institutions that Plaid lists for its Sandbox (documented), except those that are always
/// down or unsupported. Plaid's Sandbox also has real banks; this one does not.
const INSTITUTIONS: [Institution; 13] = [
    bank("ins_109508", "First Platypus Bank"),
    bank("ins_109509", "First Gingham Credit Union"),
    bank("ins_109510", "Tattersall Federal Credit Union"),
    bank("ins_109511", "Tartan Bank"),
    bank("ins_109512", "Houndstooth Bank"),
    bank("ins_116834", "Flexible Platypus Open Banking"),
    bank("ins_117181", "Flexible Platypus Open Banking"),
    bank("ins_117650", "Royal Bank of Plaid"),
    bank("ins_127287", "Platypus OAuth Bank"),
    bank("ins_130016", "First Platypus Balance Bank"),
    bank("ins_132241", "First Platypus OAuth App2App Bank"),
    bank("ins_135858", "Windowpane Bank"),
    bank("ins_43", "Tartan-Dominion Bank of Canada"),
];

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

/// The products of First Platypus Bank (observed: the available and billed products of an Item
/// together). Inferred for the other institutions.
pub(crate) const OFFERED_PRODUCTS: [&str; 15] = [
    "assets",
    "auth",
    "balance",
    "identity",
    "identity_match",
    "income_verification",
    "investments",
    "investments_auth",
    "liabilities",
    "recurring_transactions",
    "signal",
    "statements",
    "transactions",
    "transactions_refresh",
    "transfer",
];

/// The 14 accounts of `user_good` at First Platypus Bank, without ids (observed). Inferred for the
/// other institutions.
pub(crate) static ACCOUNTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("accounts.json")).expect("accounts.json is a list")
});

/// The institution with the recorded accounts.
pub(crate) fn first_platypus_bank() -> &'static Institution {
    &INSTITUTIONS[0]
}

/// # Errors
///
/// INVALID_INSTITUTION if it is not one of Plaid's test institutions.
pub(crate) fn institution(id: &str) -> Result<&'static Institution, PlaidError> {
    INSTITUTIONS
        .iter()
        .find(|institution| institution.id == id)
        .ok_or_else(PlaidError::invalid_institution)
}

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

/// # Errors
///
/// INVALID_FIELD about `field` if `url` is not an absolute http or https URL.
pub(crate) fn webhook(field: &str, url: &str) -> Result<String, PlaidError> {
    match Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(url.to_owned()),
        _ => Err(PlaidError::invalid_field(field, "a non-empty string URL")),
    }
}

const fn bank(id: &'static str, name: &'static str) -> Institution {
    Institution { id, name }
}
