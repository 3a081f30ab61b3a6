//! What `user_good` owes: a credit card, a mortgage and a student loan, with fixed dates (observed).

use std::sync::LazyLock;

use serde_json::{Map, Value};

static LIABILITIES: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/liabilities.json"))
        .expect("liabilities.json is an object of lists")
});

/// The `liabilities` of the accounts for which `account_id` returns an id; null for a kind without
/// such an account (observed).
pub(crate) fn liabilities(account_id: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let shown = |liability: &Value| {
        let mut liability = liability.as_object()?.clone();
        let mask = liability.remove("mask")?;
        let id = account_id(mask.as_str()?)?;
        liability.insert("account_id".to_owned(), id.into());
        Some(Value::from(liability))
    };
    let of_kind = |(kind, all): (&String, &Value)| {
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
        let known: Vec<Value> = all.iter().filter_map(shown).collect();
        let known = (!known.is_empty()).then_some(known);
        (kind.clone(), known.into())
    };
    LIABILITIES.iter().map(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_a_known_account_is_null() {
        let shown = liabilities(|mask| (mask == "7777").then(|| "id".to_owned()));
        assert!(shown["credit"].is_null() && shown["mortgage"].is_null());
        assert_eq!(shown["student"][0]["account_id"], "id");
        assert!(shown["student"][0].get("mask").is_none());
    }
}
