//! The owner of the accounts of `user_good`: one person owns all of them (observed).

use std::sync::LazyLock;

use serde_json::Value;

static OWNERS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/owners.json")).expect("owners.json is JSON")
});

/// The `owners` of an account.
pub(crate) fn owners() -> Value {
    OWNERS.clone()
}
