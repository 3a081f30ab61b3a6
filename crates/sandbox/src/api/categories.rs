//! The route of the legacy categories of transactions.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    api::call::{Call, RouteFn},
    plaid::{error::PlaidError, json::RenderedList},
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/categories/get", get)];

/// All 602 categories (observed).
static CATEGORIES: LazyLock<RenderedList> = LazyLock::new(|| {
    let categories: Vec<Value> =
        serde_json::from_str(include_str!("../../data/categories.json")).expect("it is a list");
    let mut list = RenderedList::default();
    for category in categories {
        list.push_value(category);
    }
    list
});

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    call.lists.push(("categories", CATEGORIES.clone()));
    Ok(json!({ "categories": [] }))
}
