//! The routes that few backends call: processor tokens, verification, users, Signal, statements,
//! asset reports.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::CreatedItem;

use crate::{
    errors::check,
    plaid::Plaid,
    transactions::{ask, start},
};

async fn account_id(plaid: &Plaid, item: &CreatedItem) -> Value {
    plaid.with_token("/accounts/get", item).await.json()["accounts"][0]["account_id"].clone()
}

/// A new Item of `/sandbox/public_token/create`, as the field `access_token`.
async fn exchanged(plaid: &Plaid, fields: Value) -> Value {
    let made = plaid
        .post("/sandbox/public_token/create", fields)
        .await
        .json();
    let token = json!({ "public_token": made["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", token)
        .await
        .json();
    json!({ "access_token": exchanged["access_token"] })
}

#[tokio::test]
async fn a_processor_token_is_for_one_account() {
    let plaid = start().await;
    let item = plaid.item(None);
    let path = "/processor/token/create";
    let fields = json!({ "account_id": account_id(&plaid, &item).await, "processor": "dwolla" });
    let body = ask(&plaid, path, &item, fields.clone()).await;
    assert!(
        body["processor_token"]
            .as_str()
            .unwrap()
            .starts_with("processor-sandbox-")
    );
    let wrong = json!({ "account_id": "ABCDEFG1234567", "processor": "dwolla" });
    let body = ask(&plaid, path, &item, wrong).await;
    assert_eq!(
        body["error_message"],
        "account_id must be a valid account ID"
    );
    let other = plaid.item(None);
    let body = ask(&plaid, path, &other, fields.clone()).await;
    assert_eq!(body["error_code"], "INVALID_ACCOUNT_ID");
    plaid.reset_login(&item).await;
    assert_eq!(
        ask(&plaid, path, &item, fields).await["error_code"],
        "ITEM_LOGIN_REQUIRED"
    );
}

#[tokio::test]
async fn a_verification_status_fires_its_webhook() {
    let plaid = start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/"));
    let account = account_id(&plaid, &item).await;
    let path = "/sandbox/item/set_verification_status";
    for (status, code) in [
        ("automatically_verified", "AUTOMATICALLY_VERIFIED"),
        ("verification_expired", "VERIFICATION_EXPIRED"),
    ] {
        let fields = json!({ "account_id": account, "verification_status": status });
        assert_eq!(ask(&plaid, path, &item, fields).await["status"], 200);
        let webhook = plaid.sandbox.webhooks().pop().unwrap();
        let body: Value = serde_json::from_str(&webhook.body).unwrap();
        assert_eq!((webhook.webhook_type, webhook.webhook_code), ("AUTH", code));
        assert_eq!(body["account_id"], account);
    }
    let fields = json!({ "account_id": account, "verification_status": "verified" });
    assert_eq!(
        ask(&plaid, path, &item, fields).await["error_code"],
        "INVALID_FIELD"
    );
}

#[tokio::test]
async fn a_user_is_the_same_for_the_same_client_user_id() {
    let plaid = start().await;
    let create = async |fields: Value| plaid.post("/user/create", fields).await.json();
    let user = create(json!({ "client_user_id": "user-1" })).await;
    assert!(user["user_id"].as_str().unwrap().starts_with("usr_"));
    assert!(
        user["user_token"]
            .as_str()
            .unwrap()
            .starts_with("user-sandbox-")
    );
    let again = create(json!({ "client_user_id": "user-1" })).await;
    assert_eq!(
        (&again["user_id"], &again["user_token"]),
        (&user["user_id"], &user["user_token"])
    );
    let other = create(json!({ "client_user_id": "user-2", "with_upgraded_user": true })).await;
    assert_ne!(other["user_id"], user["user_id"]);
    assert!(other.get("user_token").is_none());
    let long = json!({ "client_user_id": "x".repeat(129) });
    assert_eq!(create(long).await["error_code"], "INVALID_FIELD");
}

#[tokio::test]
async fn signal_has_documented_scores_and_warns_of_a_broken_item() {
    let plaid = start().await;
    let item = plaid.item(None);
    let account = account_id(&plaid, &item).await;
    let fields = |amount: Value| json!({ "account_id": account, "client_transaction_id": "t", "amount": amount });
    for (amount, score) in [(3.53, 10), (12.17, 60), (27.53, 90)] {
        let body = ask(&plaid, "/signal/evaluate", &item, fields(json!(amount))).await;
        assert_eq!(body["scores"]["bank_initiated_return_risk"]["score"], score);
        assert_eq!(body["warnings"], json!([]));
    }
    plaid.reset_login(&item).await;
    let body = ask(&plaid, "/signal/evaluate", &item, fields(json!(100))).await;
    assert_eq!(
        (&body["status"], &body["warnings"][0]["warning_code"]),
        (&json!(200), &json!("ITEM_LOGIN_REQUIRED"))
    );
    let body = ask(&plaid, "/signal/evaluate", &item, fields(json!("100"))).await;
    assert_eq!(body["error_code"], "INVALID_FIELD");
}

#[tokio::test]
async fn three_months_have_four_statements() {
    let plaid = start().await;
    let dates = json!({ "start_date": "2026-05-21", "end_date": "2026-08-21" });
    let token = exchanged(
        &plaid,
        json!({
            "institution_id": "ins_109508", "initial_products": ["statements"],
            "options": { "statements": dates },
        }),
    )
    .await;
    let body = plaid.post("/statements/list", token).await.json();
    let statements = body["accounts"][0]["statements"].as_array().unwrap();
    let months: Vec<_> = statements
        .iter()
        .map(|it| it["month"].as_u64().unwrap())
        .collect();
    assert_eq!(months, [8, 7, 6, 5]);
    assert_eq!(body["institution_name"], "First Platypus Bank");
}

#[tokio::test]
async fn statements_need_their_dates() {
    let plaid = start().await;
    let fields = json!({ "institution_id": "ins_109508", "initial_products": ["statements"] });
    let reply = plaid.post("/sandbox/public_token/create", fields).await;
    assert_eq!(reply.error_code(), "INVALID_FIELD");
    let item = plaid.item(None);
    let body = ask(&plaid, "/statements/list", &item, json!({})).await;
    assert_eq!(body["error_code"], "PRODUCT_NOT_ENABLED");
}

#[tokio::test]
async fn an_asset_report_has_the_items_and_warns_of_a_broken_one() {
    let plaid = start().await;
    let item = plaid.item(None);
    let token = item.access_token.expose_secret();
    let user = json!({ "client_user_id": "789", "first_name": "Jane" });
    let options =
        json!({ "client_report_id": "123", "webhook": "http://127.0.0.1:9/", "user": user });
    let fields = json!({ "access_tokens": [token], "days_requested": 60, "options": options });
    let made = plaid.post("/asset_report/create", fields).await.json();
    let fired = plaid.sandbox.webhooks().pop().unwrap();
    assert_eq!(
        (fired.webhook_type, fired.webhook_code),
        ("ASSETS", "PRODUCT_READY")
    );
    let get = json!({ "asset_report_token": made["asset_report_token"] });
    let body = plaid.post("/asset_report/get", get.clone()).await.json();
    let report = &body["report"];
    assert_eq!(report["asset_report_id"], made["asset_report_id"]);
    assert_eq!(
        (&report["user"]["first_name"], &report["user"]["ssn"]),
        (&json!("Jane"), &Value::Null)
    );
    let accounts = report["items"][0]["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 14);
    assert!(!accounts[0]["transactions"].as_array().unwrap().is_empty());
    assert_eq!(body["warnings"], json!([]));
    plaid.reset_login(&item).await;
    let body = plaid.post("/asset_report/get", get).await.json();
    assert_eq!(
        body["warnings"][0]["cause"]["error_code"],
        "ITEM_LOGIN_REQUIRED"
    );
}

#[tokio::test]
async fn an_asset_report_that_does_not_exist_is_refused() {
    let plaid = start().await;
    let get = json!({ "asset_report_token": "assets-sandbox-x" });
    let reply = plaid.post("/asset_report/get", get).await;
    assert_eq!(
        (reply.status, reply.error_code()),
        (400, "INVALID_ASSET_REPORT_TOKEN".to_owned())
    );
    let fields = json!({ "days_requested": 60 });
    let reply = plaid.post("/asset_report/create", fields).await;
    let message = "access_tokens must be a non-empty array of at most 100 access tokens";
    check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
}

#[tokio::test]
async fn products_that_need_no_initialisation_are_refused_as_initial_products() {
    let plaid = start().await;
    let fields =
        |product: &str| json!({ "institution_id": "ins_109508", "initial_products": [product] });
    let reply = plaid
        .post(
            "/sandbox/public_token/create",
            fields("recurring_transactions"),
        )
        .await;
    let message = "some products cannot be included in initial_products";
    check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", message);
    let reply = plaid
        .post("/sandbox/public_token/create", fields("balance"))
        .await;
    assert_eq!(reply.error_code(), "INVALID_PRODUCT");
}

#[tokio::test]
async fn no_webhook_can_be_fired_for_a_broken_item() {
    let plaid = start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/"));
    let fields = json!({ "webhook_code": "LOGIN_REPAIRED" });
    let path = "/sandbox/item/fire_webhook";
    assert_eq!(
        ask(&plaid, path, &item, fields.clone()).await["status"],
        200
    );
    plaid.reset_login(&item).await;
    assert_eq!(
        ask(&plaid, path, &item, fields).await["error_code"],
        "ITEM_LOGIN_REQUIRED"
    );
}
