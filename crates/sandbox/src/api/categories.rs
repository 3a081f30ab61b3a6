//! The route of the legacy categories of transactions.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    plaid::error::PlaidError,
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/categories/get", get)];

/// All 602 categories (observed).
static CATEGORIES: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/categories.json")).expect("it is JSON")
});

fn get(_: &mut Call) -> Result<Value, PlaidError> {
    Ok(json!({ "categories": *CATEGORIES }))
}
