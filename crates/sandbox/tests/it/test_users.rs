//! The test users other than `user_good`: one whose transactions change, and one that is configured.

use serde_json::{Value, json};

use crate::{plaid::Plaid, transactions::start};

/// The access token of a new Item of this user.
async fn login(plaid: &Plaid, name: &str, password: &str, webhook: Option<&str>) -> Value {
    let mut options = json!({ "override_username": name, "override_password": password });
    if let Some(webhook) = webhook {
        options["webhook"] = webhook.into();
    }
    let fields = json!({
        "institution_id": "ins_109508", "initial_products": ["transactions"], "options": options,
    });
    let made = plaid
        .post("/sandbox/public_token/create", fields)
        .await
        .json();
    let token = json!({ "public_token": made["public_token"] });
    plaid
        .post("/item/public_token/exchange", token)
        .await
        .json()["access_token"]
        .clone()
}

async fn ask(plaid: &Plaid, path: &str, token: &Value, mut fields: Value) -> Value {
    fields["access_token"] = token.clone();
    plaid.post(path, fields).await.json()
}

async fn sync(plaid: &Plaid, token: &Value, cursor: &Value) -> Value {
    let fields = json!({ "cursor": cursor, "count": 500 });
    ask(plaid, "/transactions/sync", token, fields).await
}

fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name} in {body}"))
}

#[tokio::test]
async fn the_dynamic_user_has_pending_transactions_in_two_accounts() {
    let plaid = start().await;
    let token = login(&plaid, "user_transactions_dynamic", "any", None).await;
    let body = sync(&plaid, &token, &json!("")).await;
    assert_eq!(list(&body, "added").len(), 108);
    let types: Vec<_> = list(&body, "accounts")
        .iter()
        .map(|it| it["type"].clone())
        .collect();
    assert_eq!(types, ["depository", "credit"]);
    let pending: Vec<_> = list(&body, "added")
        .iter()
        .filter(|it| it["pending"] == true)
        .collect();
    assert_eq!(pending.len(), 4);
    for row in list(&body, "added") {
        assert_eq!(row.get("running_balance").is_none(), row["pending"] == true);
    }
}

#[tokio::test]
async fn a_refresh_posts_pending_transactions_under_new_ids() {
    let plaid = start().await;
    let hook = Some("http://127.0.0.1:9/");
    let token = login(&plaid, "user_transactions_dynamic", "any", hook).await;
    let first = sync(&plaid, &token, &json!("")).await;
    let cursor = first["next_cursor"].clone();
    ask(&plaid, "/transactions/refresh", &token, json!({})).await;
    let delta = sync(&plaid, &token, &cursor).await;
    let sizes = ["added", "modified", "removed"].map(|name| list(&delta, name).len());
    assert_eq!(sizes, [8, 104, 4]);
    let keys: Vec<_> = list(&delta, "removed")[0]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(keys, ["account_id", "transaction_id"]);
    let removed: Vec<_> = list(&delta, "removed")
        .iter()
        .map(|it| &it["transaction_id"])
        .collect();
    let replaced: Vec<_> = list(&delta, "added")
        .iter()
        .map(|row| &row["pending_transaction_id"])
        .filter(|id| !id.is_null())
        .collect();
    assert_eq!(replaced, removed);
    // One amount has grown, all others are the same.
    let old = |row: &Value| {
        let mut known = list(&first, "added").iter();
        known
            .find(|it| it["transaction_id"] == row["transaction_id"])
            .unwrap()["amount"]
            .as_f64()
    };
    let grown: Vec<f64> = list(&delta, "modified")
        .iter()
        .map(|row| row["amount"].as_f64().unwrap() - old(row).unwrap())
        .filter(|difference| *difference != 0.0)
        .collect();
    assert_eq!(grown.len(), 1);
    assert!((grown[0] - 1.0).abs() < 1e-9);
    assert_eq!(
        sync(&plaid, &token, &cursor).await["modified"],
        delta["modified"]
    );
    let mut codes: Vec<_> = plaid
        .sandbox
        .webhooks()
        .iter()
        .map(|it| it.webhook_code)
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "DEFAULT_UPDATE",
            "SYNC_UPDATES_AVAILABLE",
            "TRANSACTIONS_REMOVED"
        ]
    );
    let dates = json!({ "start_date": "2026-01-01", "end_date": "2026-12-31" });
    let all = ask(&plaid, "/transactions/get", &token, dates).await;
    assert_eq!(all["total_transactions"], 112);
}

#[tokio::test]
async fn a_test_can_create_transactions_for_the_dynamic_user() {
    let plaid = start().await;
    let token = login(&plaid, "user_transactions_dynamic", "any", None).await;
    let cursor = sync(&plaid, &token, &json!("")).await["next_cursor"].clone();
    let row = json!({
        "amount": 12.5, "date_posted": "2026-08-20", "date_transacted": "2026-08-19",
        "description": "Bookshop",
    });
    let path = "/sandbox/transactions/create";
    let made = ask(&plaid, path, &token, json!({ "transactions": [row] })).await;
    assert_eq!(made.as_object().unwrap().len(), 1, "{made}");
    let delta = sync(&plaid, &token, &cursor).await;
    let added = &list(&delta, "added")[0];
    assert_eq!(
        (list(&delta, "added").len(), list(&delta, "modified").len()),
        (1, 0)
    );
    assert_eq!(
        (&added["name"], &added["amount"]),
        (&json!("Bookshop"), &json!(12.5))
    );
    assert_eq!(
        (&added["date"], &added["authorized_date"]),
        (&json!("2026-08-20"), &json!("2026-08-19"))
    );
}

#[tokio::test]
async fn transactions_that_cannot_be_created_are_refused() {
    let plaid = start().await;
    let token = login(&plaid, "user_transactions_dynamic", "any", None).await;
    let path = "/sandbox/transactions/create";
    let row = |field: &str, value: Value| {
        let mut row = json!({
            "amount": 1, "date_posted": "2026-08-20", "date_transacted": "2026-08-20", "description": "A",
        });
        row[field] = value;
        json!([row])
    };
    for (transactions, named) in [
        (json!([]), "transactions must be"),
        (
            json!(vec![row("amount", json!(1))[0].clone(); 11]),
            "transactions must be",
        ),
        (
            row("date_posted", json!("2026-08-22")),
            "transactions.date_posted must be",
        ),
        (
            row("date_posted", json!("2026-08-01")),
            "transactions.date_posted must be",
        ),
        (
            row("date_transacted", json!("x")),
            "transactions.date_transacted must be",
        ),
        (row("amount", json!("1")), "transactions.amount must be"),
        (
            row("description", json!("")),
            "transactions.description must be",
        ),
    ] {
        let body = ask(
            &plaid,
            path,
            &token,
            json!({ "transactions": transactions }),
        )
        .await;
        let message = body["error_message"].as_str().unwrap();
        assert!(message.starts_with(named), "{message}");
    }
    let good = login(&plaid, "user_good", "pass_good", None).await;
    let body = ask(
        &plaid,
        path,
        &good,
        json!({ "transactions": row("amount", json!(1)) }),
    )
    .await;
    assert_eq!(body["error_code"], "INVALID_FIELD");
}

#[tokio::test]
async fn a_custom_user_has_its_own_accounts_transactions_and_owners() {
    let plaid = start().await;
    let identity =
        json!({ "names": ["Ada Example"], "emails": [], "phone_numbers": [], "addresses": [] });
    let configuration = json!({ "override_accounts": [
        {
            "type": "depository", "subtype": "checking", "starting_balance": 250,
            "meta": { "name": "Everyday" }, "identity": identity,
            "transactions": [
                { "date_transacted": "2026-08-10", "date_posted": "2026-08-11", "amount": 7.25, "description": "Tea" },
                { "date_transacted": "2026-06-10", "date_posted": "2026-06-11", "amount": -100, "description": "Pay" },
            ],
        },
        { "type": "loan", "subtype": "student" },
    ] });
    let token = login(&plaid, "user_custom", &configuration.to_string(), None).await;
    let accounts = ask(&plaid, "/accounts/get", &token, json!({})).await;
    assert_eq!(list(&accounts, "accounts").len(), 2);
    assert_eq!(
        list(&accounts, "accounts")[0]["balances"]["available"],
        250.0
    );
    let synced = sync(&plaid, &token, &json!("")).await;
    let names: Vec<_> = list(&synced, "added")
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert_eq!(names, ["Tea", "Pay"]);
    let owned = ask(&plaid, "/identity/get", &token, json!({})).await;
    assert_eq!(
        list(&owned, "accounts")[0]["owners"][0]["names"],
        json!(["Ada Example"])
    );
    assert_eq!(list(&owned, "accounts")[1]["owners"], json!([]));
    let streams = ask(&plaid, "/transactions/recurring/get", &token, json!({})).await;
    assert_eq!(list(&streams, "outflow_streams").len(), 0);
    let holdings = ask(&plaid, "/investments/holdings/get", &token, json!({})).await;
    assert_eq!(holdings["error_code"], "NO_INVESTMENT_ACCOUNTS");
}

#[tokio::test]
async fn a_custom_user_without_a_configuration_is_refused() {
    let plaid = start().await;
    let options = json!({ "override_username": "user_custom", "override_password": "{" });
    let fields = json!({
        "institution_id": "ins_109508", "initial_products": ["transactions"], "options": options,
    });
    let reply = plaid.post("/sandbox/public_token/create", fields).await;
    assert_eq!(reply.error_code(), "INVALID_FIELD");
    assert!(
        reply.json()["error_message"]
            .as_str()
            .unwrap()
            .starts_with("options.override_password")
    );
}
