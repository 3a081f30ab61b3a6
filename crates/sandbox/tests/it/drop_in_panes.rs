//! What the user meets in the panes of Link's drop-in.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::ItemState;

use crate::{
    drop_in::{Visit, transactions},
    link,
    plaid::Plaid,
};

#[tokio::test]
async fn the_test_credentials_do_what_is_documented() {
    let plaid = Plaid::start().await;
    let custom = json!({ "override_accounts": [{ "type": "depository", "subtype": "checking" }] });
    let custom = custom.to_string();
    for (username, password, pane, error) in [
        ("user_good", "pass_good", "accounts", None),
        ("user_transactions_dynamic", "x", "accounts", None),
        ("user_ewa_user", "x", "accounts", None),
        ("user_yuppie", "x", "accounts", None),
        ("user_small_business", "x", "accounts", None),
        ("user_custom", custom.as_str(), "accounts", None),
        ("user_good", "mfa_device", "device", None),
        ("user_good", "mfa_questions_2_3", "mfa", None),
        ("user_good", "mfa_selections", "mfa", None),
        ("user_good", "mfa_selections_1_2_3", "mfa", None),
        (
            "user_custom",
            "{}",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        ("user_good", "", "credentials", Some("INVALID_CREDENTIALS")),
        (
            "user_good",
            "wrong",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_bad",
            "pass_good",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_yuppie",
            " ",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "mfa_questions_0_1",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "mfa_questions_1",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "mfa_questions_1000_1000",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "mfa_selections_1_2",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "error_NOPE",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "error_INVALID_CREDENTIALS",
            "credentials",
            Some("INVALID_CREDENTIALS"),
        ),
        (
            "user_good",
            "error_ITEM_LOCKED",
            "failed",
            Some("ITEM_LOCKED"),
        ),
        (
            "user_good",
            "error_INSTITUTION_DOWN",
            "failed",
            Some("INSTITUTION_DOWN"),
        ),
        (
            "user_good",
            "error_NO_ACCOUNTS",
            "failed",
            Some("NO_ACCOUNTS"),
        ),
    ] {
        let mut visit = Visit::at_credentials(&plaid, transactions()).await;
        visit.log_in(username, password).await;
        assert_eq!(
            (visit.pane(), visit.error()),
            (pane, error),
            "{username} {password}"
        );
    }
}

#[tokio::test]
async fn a_device_gets_a_code() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::at_credentials(&plaid, transactions()).await;
    visit.log_in("user_good", "mfa_device").await;
    assert_eq!(visit.events(), ["SUBMIT_CREDENTIALS", "LOADING", "MFA"]);
    visit.act(json!({ "action": "device" })).await;
    assert_eq!(visit.pane(), "mfa");
    visit.answer(&["4321"]).await;
    assert_eq!((visit.pane(), visit.error()), ("mfa", Some("INVALID_MFA")));
    assert_eq!(visit.events(), ["SUBMIT_MFA", "LOADING", "ERROR", "MFA"]);
    assert_eq!(visit.reply["events"][0]["metadata"]["mfa_type"], "code");
    visit.answer(&[" 1234 "]).await;
    assert_eq!((visit.pane(), visit.error()), ("accounts", None));
}

#[tokio::test]
async fn questions_come_in_rounds() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::at_credentials(&plaid, transactions()).await;
    visit.log_in("user_good", "mfa_questions_2_2").await;
    visit.answer(&["answer_0_0"]).await;
    assert_eq!(visit.error(), Some("INVALID_MFA"));
    visit.answer(&["answer_0_0", "answer_0_1"]).await;
    assert_eq!((visit.pane(), visit.error()), ("mfa", None));
    visit.answer(&["answer_0_0", "answer_0_1"]).await;
    assert_eq!(visit.error(), Some("INVALID_MFA"));
    visit.answer(&["answer_1_0", "answer_1_1"]).await;
    assert_eq!(visit.pane(), "accounts");
}

#[tokio::test]
async fn selections_are_answered_with_their_first_option() {
    let plaid = Plaid::start().await;
    for (password, options, wrong, right) in [
        ("mfa_selections", vec!["Yes", "No"], "No", "Yes"),
        (
            "mfa_selections_1_1_2",
            vec!["answer_0_0_0", "answer_0_0_1"],
            "answer_0_0_1",
            "answer_0_0_0",
        ),
    ] {
        let mut visit = Visit::at_credentials(&plaid, transactions()).await;
        visit.log_in("user_good", password).await;
        assert_eq!(
            visit.reply["pane"]["questions"][0]["options"],
            json!(options)
        );
        visit.answer(&[wrong]).await;
        assert_eq!(visit.error(), Some("INVALID_MFA"));
        visit.answer(&[right]).await;
        assert_eq!(visit.pane(), "accounts");
    }
}

#[tokio::test]
async fn leaving_says_where_the_user_was_and_which_error_was_the_last() {
    let plaid = Plaid::start().await;
    let none = Value::Null;
    let created = link::create(&plaid, link::fields(transactions())).await;
    let mut visit = Visit::open(&plaid, link::token(&created)).await;
    assert_eq!(
        visit.leave().await,
        (none.clone(), json!("requires_credentials"))
    );
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    assert_eq!(
        visit.leave().await,
        (none.clone(), json!("institution_not_found"))
    );
    for (password, status) in [
        ("mfa_device", "choose_device"),
        ("mfa_questions_1_1", "requires_questions"),
        ("mfa_selections", "requires_selections"),
        ("pass_good", "requires_account_selection"),
    ] {
        let mut visit = Visit::at_credentials(&plaid, transactions()).await;
        visit.log_in("user_good", password).await;
        assert_eq!(visit.leave().await, (none.clone(), json!(status)));
    }
    let mut visit = Visit::at_credentials(&plaid, transactions()).await;
    visit.log_in("user_good", "wrong").await;
    let left = visit.leave().await;
    assert_eq!(
        left,
        (json!("INVALID_CREDENTIALS"), json!("requires_credentials"))
    );
    let done = &visit.reply["done"];
    let institution = json!({ "institution_id": "ins_109511", "name": "Tartan Bank" });
    assert_eq!(done["metadata"]["institution"], institution);
    let exit = &visit.reply["events"][0];
    assert_eq!(exit["metadata"]["exit_status"], "requires_credentials");
    assert_eq!(exit["metadata"]["error_code"], "INVALID_CREDENTIALS");
    assert_eq!(
        exit["metadata"]["request_id"],
        done["metadata"]["request_id"]
    );
    let mut visit = Visit::at_credentials(&plaid, transactions()).await;
    visit.log_in("user_good", "mfa_device").await;
    visit.act(json!({ "action": "device" })).await;
    assert_eq!(visit.leave().await, (none, json!("requires_code")));
}

#[tokio::test]
async fn an_institution_that_is_down_cannot_be_connected() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    visit.select("ins_132361").await;
    assert_eq!(
        (visit.pane(), visit.error()),
        ("failed", Some("INSTITUTION_DOWN"))
    );
    assert_eq!(visit.events(), ["SELECT_INSTITUTION", "ERROR", "ERROR"]);
    visit.act(json!({ "action": "back" })).await;
    assert_eq!(visit.pane(), "institutions");
    visit.select("ins_132361").await;
    let left = visit.leave().await;
    assert_eq!(
        left,
        (
            json!("INSTITUTION_DOWN"),
            json!("institution_not_supported")
        )
    );
}

#[tokio::test]
async fn only_institutions_of_the_token_s_countries_and_products_are_offered() {
    let plaid = Plaid::start().await;
    let names = async |more: Value| {
        let visit = Visit::of_a_new_item(&plaid, more).await;
        let offered = visit.reply["pane"]["institutions"].as_array().unwrap();
        let names = offered
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<String>>()
    };
    let abroad = json!({ "products": ["auth"], "country_codes": ["CA"] });
    assert_eq!(names(abroad).await, ["Tartan-Dominion Bank of Canada"]);
    let has_tartan = |names: Vec<String>| names.contains(&"Tartan Bank".to_owned());
    assert!(has_tartan(names(transactions()).await));
    assert!(!has_tartan(
        names(json!({ "products": ["statements"] })).await
    ));
    // An institution that is not offered cannot be selected.
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    for id in ["ins_43", "ins_133402", "ins_0", ""] {
        visit.select(id).await;
        assert_eq!(visit.pane(), "institutions", "{id}");
        assert!(visit.events().is_empty());
    }
}

#[tokio::test]
async fn the_accounts_offered_follow_the_filters_and_auth() {
    let plaid = Plaid::start().await;
    let masks = async |more: Value| {
        let mut visit = Visit::at_credentials(&plaid, more).await;
        visit.log_in("user_good", "pass_good").await;
        match visit.pane() {
            "accounts" => visit.masks().join(" "),
            _ => visit.error().unwrap().to_owned(),
        }
    };
    let filtered =
        |filters: Value| json!({ "products": ["transactions"], "account_filters": filters });
    assert_eq!(
        masks(json!({ "products": ["auth"] })).await,
        "0000 1111 9002"
    );
    let savings = json!({ "depository": { "account_subtypes": ["savings"] } });
    assert_eq!(masks(filtered(savings)).await, "1111");
    let credit = json!({ "credit": { "account_subtypes": ["all"] } });
    assert_eq!(masks(filtered(credit)).await, "3333 9999");
    let none = json!({ "depository": { "account_subtypes": ["gic"] } });
    assert_eq!(masks(filtered(none)).await, "NO_ACCOUNTS");
}

#[tokio::test]
async fn a_linked_item_has_only_the_selected_accounts() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::at_credentials(&plaid, transactions()).await;
    visit.log_in("user_good", "pass_good").await;
    // None, and one that there is not: the pane stays.
    for wrong in [json!([]), json!([0, 99])] {
        visit
            .act(json!({ "action": "accounts", "accounts": wrong }))
            .await;
        assert_eq!(visit.pane(), "accounts");
    }
    let done = visit.finish_with(&[3, 0, 3]).await;
    let fields = json!({ "public_token": done["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", fields)
        .await
        .json();
    let fields = json!({ "access_token": exchanged["access_token"] });
    for route in ["/accounts/get", "/accounts/balance/get", "/identity/get"] {
        let reply = plaid.post(route, fields.clone()).await.json();
        let accounts = reply["accounts"].as_array().unwrap();
        let masks: Vec<&Value> = accounts.iter().map(|it| &it["mask"]).collect();
        assert_eq!(masks, ["0000", "3333"], "{route}");
        let ids: Vec<&Value> = accounts.iter().map(|it| &it["account_id"]).collect();
        let shown = done["metadata"]["accounts"].as_array().unwrap();
        assert_eq!(ids, shown.iter().map(|it| &it["id"]).collect::<Vec<_>>());
        if route == "/identity/get" {
            assert!(
                accounts
                    .iter()
                    .all(|it| it["owners"][0]["names"].is_array())
            );
        }
    }
    let synced = plaid.post("/transactions/sync", fields).await.json();
    let known: Vec<&Value> = synced["accounts"].as_array().unwrap().iter().collect();
    let is_known = |row: &Value| known.iter().any(|it| it["account_id"] == row["account_id"]);
    let added = synced["added"].as_array().unwrap();
    assert!(!added.is_empty() && added.iter().all(is_known));
}

#[tokio::test]
async fn update_mode_can_change_the_selection_and_keeps_the_ids() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let selects = json!({ "update": { "account_selection_enabled": true } });
    let mut visit = Visit::of_update_mode(&plaid, &item, selects.clone()).await;
    visit.log_in("user_good", "pass_good").await;
    assert_eq!(visit.masks().len(), 14);
    let first = visit.finish_with(&[0, 1]).await;
    let mut visit = Visit::of_update_mode(&plaid, &item, selects).await;
    visit.log_in("user_good", "pass_good").await;
    let selected = visit.reply["pane"]["accounts"].as_array().unwrap().iter();
    let selected = selected.filter(|it| it["is_selected"] == true).count();
    assert_eq!((visit.masks().len(), selected), (14, 2));
    let second = visit.finish_with(&[1, 2]).await;
    let ids = |done: &Value| {
        let accounts = done["metadata"]["accounts"].as_array().unwrap().iter();
        accounts.map(|it| it["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first)[1], ids(&second)[0]);
    let reply = plaid.with_token("/accounts/get", &item).await.json();
    assert_eq!(reply["accounts"].as_array().unwrap().len(), 2);
    // Without the option the user selects nothing, and the selection stays.
    let mut visit = Visit::of_update_mode(&plaid, &item, json!({})).await;
    visit.log_in("user_good", "pass_good").await;
    assert_eq!(visit.pane(), "connected");
    visit.act(json!({ "action": "finish" })).await;
    assert_eq!(
        visit.reply["done"]["metadata"]["accounts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn leaving_after_the_last_pane_finishes() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/hook"));
    plaid.reset_login(&item).await;
    let mut visit = Visit::of_update_mode(&plaid, &item, json!({})).await;
    visit.log_in("user_good", "pass_good").await;
    let done = visit.act(json!({ "action": "exit" })).await["done"].clone();
    assert_eq!(done["type"], "success");
    assert_eq!(plaid.sandbox.items()[0].state, ItemState::Healthy);
    // No LOGIN_REPAIRED: the user repaired the Item in the application itself.
    let codes: Vec<&str> = plaid
        .sandbox
        .webhooks()
        .iter()
        .map(|it| it.webhook_code)
        .collect();
    assert_eq!(codes, ["ERROR"]);
    let fields = json!({ "public_token": done["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", fields)
        .await
        .json();
    assert_eq!(exchanged["access_token"], item.access_token.expose_secret());
}

#[tokio::test]
async fn oauth_asks_for_no_credentials() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    visit.select("ins_127287").await;
    assert_eq!(visit.pane(), "oauth");
    visit.act(json!({ "action": "open_bank" })).await;
    assert_eq!(visit.events(), ["OPEN_OAUTH"]);
    visit
        .act(json!({ "action": "close_bank", "is_agreed": false }))
        .await;
    assert_eq!(
        (visit.pane(), visit.events()),
        ("oauth", vec!["CLOSE_OAUTH"])
    );
    visit
        .act(json!({ "action": "close_bank", "is_agreed": true }))
        .await;
    assert_eq!(visit.pane(), "accounts");
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    visit.select("ins_127287").await;
    assert_eq!(visit.leave().await.1, "requires_oauth");
}

#[tokio::test]
async fn what_does_not_fit_the_pane_changes_nothing() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    let before = visit.reply["pane"].clone();
    for action in [
        json!({ "action": "consent" }),
        json!({ "action": "finish" }),
        json!({ "action": "device" }),
        json!({ "action": "credentials", "username": "user_good", "password": "pass_good" }),
        json!({ "action": "answers", "answers": ["1234"] }),
        json!({ "action": "accounts", "accounts": [0] }),
        json!({ "action": "close_bank", "is_agreed": true }),
    ] {
        visit.act(action).await;
        assert_eq!(visit.reply["pane"], before);
        assert!(visit.events().is_empty());
    }
}
