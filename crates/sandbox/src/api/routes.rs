//! The table of routes: for each path that the Sandbox serves, the function that answers it.

use std::{collections::HashMap, sync::LazyLock};

use crate::api::{
    accounts, asset_reports, call::RouteFn, categories, institutions, investments, items,
    liabilities, link, processors, sandbox, signal, statements, transactions, users, webhooks,
};

/// The routes of each family.
const FAMILIES: [&[(&str, RouteFn)]; 15] = [
    &accounts::ROUTES,
    &asset_reports::ROUTES,
    &categories::ROUTES,
    &institutions::ROUTES,
    &investments::ROUTES,
    &items::ROUTES,
    &liabilities::ROUTES,
    &link::ROUTES,
    &processors::ROUTES,
    &sandbox::ROUTES,
    &signal::ROUTES,
    &statements::ROUTES,
    &transactions::ROUTES,
    &users::ROUTES,
    &webhooks::ROUTES,
];

/// The function for the route at `path`.
pub(super) fn find(path: &str) -> Option<RouteFn> {
    static ROUTES: LazyLock<HashMap<&str, RouteFn>> =
        LazyLock::new(|| FAMILIES.into_iter().flatten().copied().collect());
    ROUTES.get(path).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plaid::routes::RouteSpec;

    #[test]
    fn every_route_of_the_table_has_a_spec() {
        for (path, _) in FAMILIES.into_iter().flatten() {
            assert!(RouteSpec::find(path).is_some(), "{path}");
        }
    }
}
