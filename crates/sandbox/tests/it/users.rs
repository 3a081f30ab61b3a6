//! `/sandbox/user/reset_login`: breaks the Items of one user.

use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, ItemState, NewItem};

use crate::{
    errors::check,
    plaid::{Plaid, Reply},
    receiver::{Behavior, Receiver},
};

const RESET: &str = "/sandbox/user/reset_login";

fn item_of(plaid: &Plaid, user: &str) -> CreatedItem {
    let item = NewItem {
        user_id: Some(user.to_owned()),
        ..NewItem::default()
    };
    plaid.sandbox.create_item(item).unwrap()
}

/// Checks that exactly these Items are broken.
fn check_broken(plaid: &Plaid, expected: &[&CreatedItem]) {
    let items = plaid.sandbox.items();
    let broken = items
        .iter()
        .filter(|item| item.state == ItemState::LoginRequired);
    let broken: Vec<&String> = broken.map(|item| &item.item_id).collect();
    let expected: Vec<&String> = expected.iter().map(|item| &item.item_id).collect();
    assert_eq!(broken, expected);
}

fn check_done(reply: &Reply) {
    assert_eq!(reply.status, 200);
    let keys: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["request_id"]);
}

#[tokio::test]
async fn all_items_of_the_user_and_no_others_break() {
    for item_ids in [None, Some(json!(null)), Some(json!([]))] {
        let plaid = Plaid::start().await;
        let items = ["u1", "u2", "u1"].map(|user| item_of(&plaid, user));
        plaid.item(None);
        let mut fields = json!({ "user_id": "u1" });
        if let Some(item_ids) = item_ids {
            fields["item_ids"] = item_ids;
        }
        check_done(&plaid.post(RESET, fields).await);
        check_broken(&plaid, &[&items[0], &items[2]]);
    }
}

#[tokio::test]
async fn each_item_that_breaks_fires_its_error_with_its_user() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    for _ in 0..2 {
        let item = NewItem {
            webhook: Some(receiver.url()),
            user_id: Some("u1".to_owned()),
            ..NewItem::default()
        };
        plaid.sandbox.create_item(item).unwrap();
    }
    check_done(&plaid.post(RESET, json!({ "user_id": "u1" })).await);
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 2);
    for (webhook, item) in webhooks.iter().zip(plaid.sandbox.items()) {
        assert_eq!(webhook.item_id, Some(item.item_id.clone()));
        assert_eq!(
            (webhook.webhook_type, webhook.webhook_code),
            ("ITEM", "ERROR")
        );
        let body: Value = serde_json::from_str(&webhook.body).unwrap();
        assert_eq!(body["user_id"], "u1");
    }
}

#[tokio::test]
async fn only_the_named_items_of_the_user_break() {
    let plaid = Plaid::start().await;
    let items = ["u1", "u1", "u1"].map(|user| item_of(&plaid, user));
    let item_ids = json!([items[2].item_id, items[0].item_id]);
    let fields = json!({ "user_id": "u1", "item_ids": item_ids });
    check_done(&plaid.post(RESET, fields).await);
    check_broken(&plaid, &[&items[0], &items[2]]);
}

#[tokio::test]
async fn a_user_may_be_named_by_id_or_token() {
    for (name, value) in [("user_id", "usr_1"), ("user_token", "user-sandbox-1")] {
        let plaid = Plaid::start().await;
        let create = json!({
            "institution_id": "ins_109508",
            "initial_products": ["auth"],
            name: value,
        });
        plaid.post("/sandbox/public_token/create", create).await;
        check_done(&plaid.post(RESET, json!({ name: value })).await);
        assert_eq!(plaid.sandbox.items()[0].state, ItemState::LoginRequired);
    }
}

#[tokio::test]
async fn an_item_of_another_user_is_an_error_and_no_item_breaks() {
    let plaid = Plaid::start().await;
    let items = ["u1", "u2"].map(|user| item_of(&plaid, user));
    let removed = item_of(&plaid, "u1");
    plaid.with_token("/item/remove", &removed).await;
    let message = "The Item you requested cannot be found. This Item does not exist, has been \
                   previously removed via /item/remove, or has had access removed by the user.";
    for other in [&items[1].item_id, &removed.item_id, &"unknown".to_owned()] {
        let fields = json!({ "user_id": "u1", "item_ids": [items[0].item_id, other] });
        let reply = plaid.post(RESET, fields).await;
        check(&reply, 400, "ITEM_ERROR", "ITEM_NOT_FOUND", message);
    }
    check_broken(&plaid, &[]);
    // A removed Item that is not named is ignored.
    check_done(&plaid.post(RESET, json!({ "user_id": "u1" })).await);
    check_broken(&plaid, &[&items[0]]);
}

#[tokio::test]
async fn an_unknown_user_is_refused() {
    let plaid = Plaid::start().await;
    plaid.item(None);
    let reply = plaid.post(RESET, json!({ "user_id": "unknown" })).await;
    let message = "The User you requested cannot be found. This User does not exist or has had \
                   access removed by the user.";
    check(&reply, 400, "USER_ERROR", "USER_NOT_FOUND", message);
    let fields = json!({ "user_token": "user-sandbox-1" });
    let reply = plaid.post(RESET, fields).await;
    let message = "could not find matching user token";
    check(&reply, 400, "INVALID_INPUT", "INVALID_USER_TOKEN", message);
}

#[tokio::test]
async fn a_user_is_required_and_item_ids_must_be_a_list_of_strings() {
    let plaid = Plaid::start().await;
    item_of(&plaid, "u1");
    for fields in [json!({}), json!({ "user_id": null, "user_token": null })] {
        let reply = plaid.post(RESET, fields).await;
        let message = "the following required fields are missing: user_id";
        check(&reply, 400, "INVALID_REQUEST", "MISSING_FIELDS", message);
    }
    let not_a_list = "item_ids must be a list of strings";
    for (fields, message) in [
        (
            json!({ "user_id": "" }),
            "user_id must be a non-empty string",
        ),
        (
            json!({ "user_token": 1 }),
            "user_token must be a non-empty string",
        ),
        (json!({ "user_id": "u1", "item_ids": "a" }), not_a_list),
        (json!({ "user_id": "u1", "item_ids": [1] }), not_a_list),
    ] {
        let reply = plaid.post(RESET, fields).await;
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
    check_broken(&plaid, &[]);
}
