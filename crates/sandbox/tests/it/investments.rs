//! The routes of investments, liabilities, identity and balances.

use serde_json::{Value, json};

use crate::transactions::{ask, start};

fn list(body: &Value, name: &str) -> Vec<Value> {
    body[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name} in {body}"))
        .clone()
}

#[tokio::test]
async fn holdings_are_those_of_the_recording() {
    let plaid = start().await;
    let item = plaid.item(None);
    let body = ask(&plaid, "/investments/holdings/get", &item, json!({})).await;
    assert_eq!(
        (list(&body, "accounts").len(), list(&body, "holdings").len()),
        (14, 13)
    );
    assert_eq!(list(&body, "securities").len(), 13);
    let of_mask = |mask: &str| {
        let accounts = list(&body, "accounts");
        let account = accounts
            .iter()
            .find(|account| account["mask"] == mask)
            .unwrap()
            .clone();
        let held = list(&body, "holdings").into_iter();
        let values = held.filter(|it| it["account_id"] == account["account_id"]);
        values
            .map(|it| it["institution_value"].as_f64().unwrap())
            .sum::<f64>()
    };
    assert!((of_mask("5555") - 320.76).abs() < 0.001);
    assert!((of_mask("6666") - 25_125.633_18).abs() < 0.001);
    let first = &list(&body, "accounts")[0];
    assert_eq!(first["balances"]["margin_loan_amount"], 5);
    let fund = list(&body, "securities")
        .into_iter()
        .find(|it| !it["institution_security_id"].is_null());
    assert_eq!(fund.unwrap()["institution_id"], "ins_109508");
}

#[tokio::test]
async fn investment_transactions_are_paged_within_two_years() {
    let plaid = start().await;
    let item = plaid.item(None);
    let path = "/investments/transactions/get";
    let fields = json!({
        "start_date": "2026-08-03", "end_date": "2026-08-12", "options": { "count": 3, "offset": 1 },
    });
    let body = ask(&plaid, path, &item, fields).await;
    assert_eq!(body["total_investment_transactions"], 16);
    assert_eq!(list(&body, "investment_transactions").len(), 3);
    let fields = json!({ "start_date": "2000-01-01", "end_date": "2100-01-01" });
    let body = ask(&plaid, path, &item, fields).await;
    assert_eq!(list(&body, "investment_transactions").len(), 100);
    assert_eq!(
        list(&body, "investment_transactions")[0]["date"],
        "2026-08-21"
    );
    let total = body["total_investment_transactions"].as_u64().unwrap();
    assert!((1168..=1171).contains(&total), "{total}");
}

#[tokio::test]
async fn accounts_without_investments_or_liabilities_are_an_error() {
    let plaid = start().await;
    let item = plaid.item(None);
    let accounts = ask(&plaid, "/accounts/balance/get", &item, json!({})).await;
    let checking = list(&accounts, "accounts")[0]["account_id"].clone();
    let options = json!({ "options": { "account_ids": [checking] } });
    for (path, code) in [
        ("/investments/holdings/get", "NO_INVESTMENT_ACCOUNTS"),
        ("/liabilities/get", "NO_LIABILITY_ACCOUNTS"),
    ] {
        let body = ask(&plaid, path, &item, options.clone()).await;
        assert_eq!(
            (&body["status"], &body["error_code"]),
            (&json!(400), &json!(code))
        );
    }
}

#[tokio::test]
async fn liabilities_belong_to_their_accounts() {
    let plaid = start().await;
    let item = plaid.item(None);
    let body = ask(&plaid, "/liabilities/get", &item, json!({})).await;
    for (kind, mask) in [
        ("credit", "3333"),
        ("mortgage", "8888"),
        ("student", "7777"),
    ] {
        let accounts = list(&body, "accounts");
        let account = accounts
            .iter()
            .find(|account| account["mask"] == mask)
            .unwrap();
        let liability = &list(&body["liabilities"], kind)[0];
        assert_eq!(liability["account_id"], account["account_id"], "{kind}");
    }
    let accounts = list(&body, "accounts");
    let loan = accounts
        .iter()
        .find(|account| account["mask"] == "7777")
        .unwrap();
    let options = json!({ "options": { "account_ids": [loan["account_id"]] } });
    let one = ask(&plaid, "/liabilities/get", &item, options).await;
    assert_eq!(
        (
            &one["liabilities"]["credit"],
            &one["liabilities"]["mortgage"]
        ),
        (&json!(null), &json!(null))
    );
    assert_eq!(list(&one["liabilities"], "student").len(), 1);
}

#[tokio::test]
async fn every_account_has_its_owners() {
    let plaid = start().await;
    let item = plaid.item(None);
    let body = ask(&plaid, "/identity/get", &item, json!({})).await;
    let accounts = list(&body, "accounts");
    assert_eq!(accounts.len(), 14);
    for account in accounts {
        assert_eq!(
            account["owners"][0]["names"],
            json!(["Alberta Bobbeth Charleson"])
        );
    }
    let shown = plaid.with_token("/item/get", &item).await.json();
    assert_eq!(
        shown["item"]["products"],
        json!(["identity", "transactions"])
    );
}

#[tokio::test]
async fn balances_are_those_of_the_accounts() {
    let plaid = start().await;
    let item = plaid.item(None);
    let balances = ask(&plaid, "/accounts/balance/get", &item, json!({})).await;
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    assert_eq!(balances["accounts"], accounts["accounts"]);
}

#[tokio::test]
async fn every_data_route_refuses_a_broken_item() {
    let plaid = start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let dates = json!({ "start_date": "2026-01-01", "end_date": "2026-02-01" });
    for (path, fields) in [
        ("/accounts/balance/get", json!({})),
        ("/identity/get", json!({})),
        ("/investments/holdings/get", json!({})),
        ("/investments/transactions/get", dates.clone()),
        ("/investments/refresh", json!({})),
        ("/liabilities/get", json!({})),
        ("/transactions/sync", json!({})),
        ("/transactions/get", dates),
        ("/transactions/refresh", json!({})),
        ("/transactions/recurring/get", json!({})),
    ] {
        let body = ask(&plaid, path, &item, fields).await;
        assert_eq!(
            (&body["status"], &body["error_code"]),
            (&json!(400), &json!("ITEM_LOGIN_REQUIRED")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn categories_need_no_credentials() {
    let plaid = start().await;
    let reply = plaid.post_unsigned("/categories/get", &json!({})).await;
    assert_eq!(
        (reply.status, list(&reply.json(), "categories").len()),
        (200, 602)
    );
}

#[tokio::test]
async fn a_new_public_token_gives_the_same_item() {
    let plaid = start().await;
    let item = plaid.item(None);
    let made = ask(&plaid, "/item/public_token/create", &item, json!({})).await;
    assert_eq!(made["expiration"], "2026-08-21T12:30:00Z");
    let token = json!({ "public_token": made["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", token)
        .await
        .json();
    assert_eq!(exchanged["item_id"], item.item_id);
}
