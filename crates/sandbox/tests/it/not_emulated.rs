//! Routes that Plaid's API has and this Sandbox has not.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::CreatedItem;

use crate::{errors::check, plaid::Plaid};

/// A route of an Item that the Sandbox does not emulate.
const OF_ITEM: &str = "/statements/download";

const LOGIN_REQUIRED: &str = "the login details of this item have changed (credentials, MFA, or \
                              required user action) and a user login is required to update this \
                              information. use Link's update mode to restore the item to a good state";

fn fields(item: &CreatedItem) -> Value {
    json!({ "access_token": item.access_token.expose_secret(), "statement_id": "1" })
}

#[tokio::test]
async fn a_route_that_is_not_emulated_is_not_found_and_says_so_in_the_log() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let reply = plaid.post(OF_ITEM, fields(&item)).await;
    check(&reply, 404, "INVALID_REQUEST", "NOT_FOUND", "not found");
    let logged = plaid.sandbox.requests().pop().unwrap();
    assert!(logged.not_emulated);
    assert_eq!(logged.path, OF_ITEM);
    assert_eq!(logged.item_id.as_deref(), Some(item.item_id.as_str()));
}

#[tokio::test]
async fn a_path_that_plaid_does_not_have_is_only_not_found() {
    let plaid = Plaid::start().await;
    let reply = plaid.post("/no/such/route", json!({})).await;
    check(&reply, 404, "INVALID_REQUEST", "NOT_FOUND", "not found");
    assert!(!plaid.sandbox.requests().pop().unwrap().not_emulated);
}

#[tokio::test]
async fn wrong_credentials_come_before_not_found() {
    let plaid = Plaid::start().await;
    let wrong = json!({ "client_id": "0".repeat(24), "secret": "wrong", "access_token": "" });
    let reply = plaid.post_unsigned(OF_ITEM, &wrong).await;
    let message = "invalid client_id or secret provided";
    check(&reply, 400, "INVALID_INPUT", "INVALID_API_KEYS", message);
    let none = plaid.post_unsigned(OF_ITEM, &json!({})).await;
    let message = "the following required fields are missing: client_id, secret";
    check(&none, 400, "INVALID_REQUEST", "MISSING_FIELDS", message);
}

#[tokio::test]
async fn its_fields_are_checked_too() {
    let plaid = Plaid::start().await;
    let reply = plaid.post(OF_ITEM, json!({ "access_token": "x" })).await;
    let message = "the following required fields are missing: statement_id";
    check(&reply, 400, "INVALID_REQUEST", "MISSING_FIELDS", message);
    let unknown = json!({ "access_token": "x", "statement_id": "1", "other": 1 });
    let reply = plaid.post(OF_ITEM, unknown).await;
    let message = "the following fields are not recognized by this endpoint: other";
    check(&reply, 400, "INVALID_REQUEST", "UNKNOWN_FIELDS", message);
}

#[tokio::test]
async fn a_broken_item_is_noticed_on_a_route_that_is_not_emulated() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let reply = plaid.post(OF_ITEM, fields(&item)).await;
    check(
        &reply,
        400,
        "ITEM_ERROR",
        "ITEM_LOGIN_REQUIRED",
        LOGIN_REQUIRED,
    );
    assert!(!plaid.sandbox.requests().pop().unwrap().not_emulated);
}

#[tokio::test]
async fn an_unknown_token_is_noticed_on_a_route_that_is_not_emulated() {
    let plaid = Plaid::start().await;
    let token = "access-sandbox-00000000-0000-4000-8000-000000000000";
    let reply = plaid
        .post(
            OF_ITEM,
            json!({ "access_token": token, "statement_id": "1" }),
        )
        .await;
    let message = "could not find matching access token";
    check(
        &reply,
        400,
        "INVALID_INPUT",
        "INVALID_ACCESS_TOKEN",
        message,
    );
}
