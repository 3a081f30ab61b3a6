//! The accounts of an Item and their numbers.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::CreatedItem;

use crate::{
    errors::check,
    plaid::{Plaid, Reply},
};

/// Requests some accounts of an Item.
async fn ask(plaid: &Plaid, path: &str, item: &CreatedItem, account_ids: Value) -> Reply {
    let fields = json!({
        "access_token": item.access_token.expose_secret(),
        "options": { "account_ids": account_ids },
    });
    plaid.post(path, fields).await
}

/// The products of an Item, as `/item/get` shows them.
async fn products(plaid: &Plaid, item: &CreatedItem) -> Value {
    let mut shown = plaid.with_token("/item/get", item).await.json();
    let item = shown["item"].as_object_mut().unwrap();
    let shown = [
        "auth_method",
        "available_products",
        "billed_products",
        "products",
    ]
    .map(|name| item.remove(name));
    json!(shown)
}

#[tokio::test]
async fn only_the_chosen_accounts_are_returned_in_the_order_of_the_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for path in ["/accounts/get", "/auth/get"] {
        let all = plaid.with_token(path, &item).await.json();
        let (first, second) = (&all["accounts"][0], &all["accounts"][1]);
        let ids = json!([
            second["account_id"],
            first["account_id"],
            second["account_id"]
        ]);
        let chosen = ask(&plaid, path, &item, ids).await.json();
        assert_eq!(chosen["accounts"], json!([first, second]));
    }
}

#[tokio::test]
async fn invalid_account_ids_are_refused() {
    let plaid = Plaid::start().await;
    let (item, other) = (plaid.item(None), plaid.item(None));
    let accounts = async |item| plaid.with_token("/accounts/get", item).await.json();
    let own = accounts(&item).await["accounts"][0]["account_id"].clone();
    let of_other = accounts(&other).await["accounts"][0]["account_id"].clone();
    for path in ["/accounts/get", "/auth/get"] {
        for ids in [json!(["unknown"]), json!([own, of_other])] {
            let reply = ask(&plaid, path, &item, ids).await;
            let message = "failed to find requested account ID for requested item";
            check(&reply, 400, "INVALID_INPUT", "INVALID_ACCOUNT_ID", message);
        }
        for invalid in [
            json!("unknown"),
            json!([]),
            json!([own, 1]),
            json!({}),
            json!(null),
        ] {
            let reply = ask(&plaid, path, &item, invalid).await;
            let message = "options.account_ids must be a non-empty array of valid account ids";
            check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
        }
    }
    assert!(
        !products(&plaid, &item).await[3]
            .as_array()
            .unwrap()
            .contains(&json!("auth"))
    );
}

#[tokio::test]
async fn auth_returns_every_account_and_the_numbers_of_those_that_have_numbers() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let reply = plaid.with_token("/auth/get", &item).await;
    assert_eq!(reply.status, 200);
    let auth = reply.json();
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    assert_eq!(auth["accounts"], accounts["accounts"]);
    assert_eq!(auth["item"], accounts["item"]);
    let accounts = auth["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 14);

    let with_numbers = ["checking", "savings", "cash management"];
    let expected: Vec<Value> = accounts
        .iter()
        .filter(|account| with_numbers.contains(&account["subtype"].as_str().unwrap()))
        .map(|account| {
            json!({
                "account": format!("111122223333{}", account["mask"].as_str().unwrap()),
                "account_id": account["account_id"],
                "is_tokenized_account_number": false,
                "routing": "011401533",
                "wire_routing": "021000021",
            })
        })
        .collect();
    assert_eq!(expected.len(), 3);
    let numbers = json!({ "ach": expected, "bacs": [], "eft": [], "international": [] });
    assert_eq!(auth["numbers"], numbers);
    let keys: Vec<&String> = auth.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["accounts", "item", "numbers", "request_id"]);
}

#[tokio::test]
async fn auth_get_adds_the_product_to_the_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let before = products(&plaid, &item).await;
    assert_eq!(before[0], Value::Null);
    assert!(before[1].as_array().unwrap().contains(&json!("auth")));

    plaid.with_token("/auth/get", &item).await;
    plaid.with_token("/auth/get", &item).await;
    let after = products(&plaid, &item).await;
    assert_eq!(after[0], "INSTANT_AUTH");
    assert!(!after[1].as_array().unwrap().contains(&json!("auth")));
    assert_eq!(after[2], json!(["auth", "transactions"]));
    assert_eq!(after[3], after[2]);
    assert_eq!(plaid.sandbox.items()[0].products, ["auth", "transactions"]);
}

#[tokio::test]
async fn auth_returns_only_the_numbers_of_the_chosen_accounts() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let all = plaid.with_token("/auth/get", &item).await.json();
    let second = &all["numbers"]["ach"][1];
    let ids = json!([second["account_id"]]);
    let chosen = ask(&plaid, "/auth/get", &item, ids).await.json();
    assert_eq!(chosen["numbers"]["ach"], json!([second]));
}

#[tokio::test]
async fn choosing_only_accounts_without_numbers_is_an_error() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    let accounts = accounts["accounts"].as_array().unwrap();
    let card = accounts.iter().find(|it| it["type"] == "credit").unwrap();
    let before = products(&plaid, &item).await;
    let reply = ask(&plaid, "/auth/get", &item, json!([card["account_id"]])).await;
    let message = "There are no valid checking or savings account(s) associated with this Item. \
                   See https://plaid.com/docs/api/#item-errors for more.";
    check(&reply, 400, "ITEM_ERROR", "NO_AUTH_ACCOUNTS", message);
    assert_eq!(products(&plaid, &item).await, before);
}

#[tokio::test]
async fn auth_refuses_a_broken_item_and_does_not_change_it() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let before = products(&plaid, &item).await;
    plaid.reset_login(&item).await;
    let reply = plaid.with_token("/auth/get", &item).await;
    assert_eq!(reply.error_code(), "ITEM_LOGIN_REQUIRED");
    assert_eq!(products(&plaid, &item).await, before);
}
