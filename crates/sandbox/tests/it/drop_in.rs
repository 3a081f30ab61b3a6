//! Link's drop-in: what the page of its frame asks, and what the user meets there.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem, ItemState};

use crate::{link, plaid::Plaid};

/// A visit to Link, up to where it is now.
pub(crate) struct Visit<'a> {
    plaid: &'a Plaid,
    key: Value,
    pub(crate) reply: Value,
}

impl<'a> Visit<'a> {
    pub(crate) async fn open(plaid: &'a Plaid, token: &str) -> Self {
        let body = json!({ "token": token });
        let reply = plaid.post_unsigned("/link/_api/open", &body).await.json();
        Visit {
            plaid,
            key: reply["visit"].clone(),
            reply,
        }
    }

    /// A visit for a new Item, at the list of institutions.
    async fn of_a_new_item(plaid: &'a Plaid, more: Value) -> Self {
        let created = link::create(plaid, link::fields(more)).await;
        let mut visit = Visit::open(plaid, link::token(&created)).await;
        visit.act(json!({ "action": "consent" })).await;
        assert_eq!(visit.pane(), "institutions");
        visit
    }

    /// The same, at the credentials of Tartan Bank.
    async fn at_credentials(plaid: &'a Plaid, more: Value) -> Self {
        let mut visit = Visit::of_a_new_item(plaid, more).await;
        visit.select("ins_109511").await;
        assert_eq!(visit.pane(), "credentials");
        visit
    }

    /// A visit for update mode.
    async fn of_update_mode(plaid: &'a Plaid, item: &CreatedItem, more: Value) -> Self {
        let created = link::create(plaid, link::update(item, more)).await;
        Visit::open(plaid, link::token(&created)).await
    }

    pub(crate) async fn act(&mut self, mut action: Value) -> &Value {
        action["visit"] = self.key.clone();
        let reply = self.plaid.post_unsigned("/link/_api/next", &action).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.reply = reply.json();
        &self.reply
    }

    async fn select(&mut self, institution_id: &str) {
        self.act(json!({ "action": "institution", "institution_id": institution_id }))
            .await;
    }

    async fn log_in(&mut self, username: &str, password: &str) {
        let action = json!({ "action": "credentials", "username": username, "password": password });
        self.act(action).await;
    }

    async fn answer(&mut self, answers: &[&str]) {
        self.act(json!({ "action": "answers", "answers": answers }))
            .await;
    }

    /// Selects these accounts, and finishes. Returns the arguments of `onSuccess`.
    async fn finish_with(&mut self, accounts: &[usize]) -> Value {
        self.act(json!({ "action": "accounts", "accounts": accounts }))
            .await;
        assert_eq!(self.pane(), "connected");
        self.act(json!({ "action": "finish" })).await["done"].clone()
    }

    fn pane(&self) -> &str {
        self.reply["pane"]["pane"].as_str().unwrap_or("none")
    }

    /// The code of the error that the pane shows.
    fn error(&self) -> Option<&str> {
        self.reply["pane"]["error"]["code"].as_str()
    }

    /// The names of the events of the last reply, those of views by the view.
    fn events(&self) -> Vec<&str> {
        let events = self.reply["events"].as_array().unwrap().iter();
        events
            .map(|event| match event["metadata"]["view_name"].as_str() {
                Some(view) if event["eventName"] == "TRANSITION_VIEW" => view,
                _ => event["eventName"].as_str().unwrap(),
            })
            .collect()
    }

    fn masks(&self) -> Vec<&str> {
        let accounts = self.reply["pane"]["accounts"].as_array().unwrap().iter();
        accounts.map(|it| it["mask"].as_str().unwrap()).collect()
    }

    /// The error code and the status that `onExit` gets if the user leaves now.
    async fn leave(&mut self) -> (Value, Value) {
        let done = self.act(json!({ "action": "exit" })).await["done"].clone();
        assert_eq!(done["type"], "exit");
        (
            done["error"]["error_code"].clone(),
            done["metadata"]["status"].clone(),
        )
    }
}

fn transactions() -> Value {
    json!({ "products": ["transactions"] })
}

/// Asserts that Link has ended in `onExit` with INVALID_LINK_TOKEN.
fn is_invalid(reply: &Value) {
    let expected = json!({
        "display_message": null,
        "error_code": "INVALID_LINK_TOKEN",
        "error_message": "invalid link_token provided",
        "error_type": "INVALID_INPUT",
    });
    assert_eq!(reply["done"]["type"], "exit", "{reply}");
    assert_eq!(reply["done"]["error"], expected);
    assert_eq!(reply["visit"], Value::Null);
}

#[tokio::test]
async fn a_link_token_that_cannot_be_used_ends_in_on_exit() {
    let plaid = Plaid::start().await;
    let other = Plaid::start().await;
    let new = async |plaid: &Plaid| {
        let created = link::create(plaid, link::fields(transactions())).await;
        link::token(&created).to_owned()
    };
    let foreign = new(&other).await;
    let used = new(&plaid).await;
    plaid.sandbox.complete_link(&used).unwrap();
    let expired = new(&plaid).await;
    let five_hours = std::time::Duration::from_secs(5 * 60 * 60);
    plaid.sandbox.advance_clock(five_hours).await.unwrap();
    for token in [
        &foreign,
        &used,
        &expired,
        "",
        "link-sandbox-1",
        "access-sandbox-1",
    ] {
        is_invalid(&Visit::open(&plaid, token).await.reply);
    }
    for token in [json!(null), json!(7), json!({ "a": 1 })] {
        let body = json!({ "token": token });
        let reply = plaid.post_unsigned("/link/_api/open", &body).await;
        is_invalid(&reply.json());
    }
}

#[tokio::test]
async fn a_token_that_expires_during_a_visit_ends_it() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let mut visit = Visit::of_update_mode(&plaid, &item, json!({})).await;
    let half_an_hour = std::time::Duration::from_secs(30 * 60);
    plaid.sandbox.advance_clock(half_an_hour).await.unwrap();
    visit.log_in("user_good", "pass_good").await;
    is_invalid(&visit.reply);
    assert_eq!(visit.events(), ["ERROR", "EXIT"]);
    // The visit is over.
    visit.log_in("user_good", "pass_good").await;
    is_invalid(&visit.reply);
}

#[tokio::test]
async fn a_visit_that_the_sandbox_does_not_know_ends_in_on_exit() {
    let plaid = Plaid::start().await;
    let mut visit = Visit::of_a_new_item(&plaid, transactions()).await;
    plaid.sandbox.reset().await;
    visit.select("ins_109511").await;
    is_invalid(&visit.reply);
    let body = json!({ "visit": "0".repeat(32), "action": "consent" });
    is_invalid(&plaid.post_unsigned("/link/_api/next", &body).await.json());
}

#[tokio::test]
async fn a_removed_item_cannot_be_updated() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let mut visit = Visit::of_update_mode(&plaid, &item, json!({})).await;
    plaid.with_token("/item/remove", &item).await;
    let reply = visit.act(json!({ "action": "finish" })).await;
    assert_eq!(reply["done"]["error"]["error_code"], "ITEM_NOT_FOUND");
}

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
async fn link_token_get_and_the_webhooks_show_the_session() {
    let plaid = Plaid::start().await;
    let more = json!({
        "hosted_link": {}, "products": ["transactions"], "webhook": "http://127.0.0.1:9/hook",
    });
    let created = link::create(&plaid, link::fields(more)).await;
    let token = link::token(&created);
    let mut visit = Visit::open(&plaid, token).await;
    visit.leave().await;
    let mut visit = Visit::open(&plaid, token).await;
    visit.act(json!({ "action": "consent" })).await;
    visit
        .act(json!({ "action": "institution", "institution_id": "ins_109511", "query": "tar" }))
        .await;
    assert_eq!(
        visit.events(),
        ["SEARCH_INSTITUTION", "SELECT_INSTITUTION", "CREDENTIAL"]
    );
    visit.log_in("user_good", "pass_good").await;
    let done = visit.finish_with(&[0]).await;
    let fields = json!({ "link_token": token });
    let reply = plaid.post(link::GET, fields).await.json();
    let [session, exited] = &reply["link_sessions"].as_array().unwrap()[..] else {
        panic!("two sessions");
    };
    assert_eq!(exited["exit"]["metadata"]["status"], "requires_credentials");
    assert_eq!(
        session["link_session_id"],
        done["metadata"]["link_session_id"]
    );
    let added = &session["results"]["item_add_results"][0];
    assert_eq!(added["public_token"], done["public_token"]);
    assert_eq!(added["accounts"], done["metadata"]["accounts"]);
    let events = session["events"].as_array().unwrap();
    let searched = events
        .iter()
        .find(|it| it["event_name"] == "SEARCH_INSTITUTION");
    let metadata = &searched.unwrap()["event_metadata"];
    assert_eq!(metadata["institution_search_query"], "tar");
    // Keys that do not apply are absent.
    assert!(metadata.get("view_name").is_none());
    let webhooks = plaid.sandbox.webhooks();
    let codes: Vec<&str> = webhooks.iter().map(|it| it.webhook_code).collect();
    let ended = ["SESSION_FINISHED", "EVENTS"];
    assert_eq!(codes[..2], ended);
    assert_eq!(codes[2..], ["ITEM_ADD_RESULT", ended[0], ended[1]]);
}

#[tokio::test]
async fn a_hosted_page_s_session_goes_on_in_the_panes() {
    let plaid = Plaid::start().await;
    let more = json!({ "hosted_link": {}, "products": ["transactions"] });
    let created = link::create(&plaid, link::fields(more)).await;
    let url = created["hosted_link_url"].as_str().unwrap();
    let path = url.strip_prefix(plaid.sandbox.url()).unwrap();
    let id = path.strip_prefix("/hl/").unwrap();
    let page = plaid.send(hyper::Method::GET, path, &[], "").await;
    assert!(
        page.body
            .contains(&format!("href=\"/link/v2/stable/link.html#hosted={id}\""))
    );
    let body = json!({ "hosted": id });
    let reply = plaid.post_unsigned("/link/_api/open", &body).await.json();
    assert!(!reply.to_string().contains(link::token(&created)));
    let mut visit = Visit {
        plaid: &plaid,
        key: reply["visit"].clone(),
        reply,
    };
    visit.act(json!({ "action": "consent" })).await;
    visit.leave().await;
    let fields = json!({ "link_token": created["link_token"] });
    let reply = plaid.post(link::GET, fields).await.json();
    let sessions = reply["link_sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1);
    let events = sessions[0]["events"].as_array().unwrap().iter();
    let names: Vec<&Value> = events.map(|event| &event["event_name"]).collect();
    assert_eq!(
        names,
        ["EXIT", "TRANSITION_VIEW", "SKIP_SUBMIT_PHONE", "OPEN"]
    );
    for unknown in ["", "ls0"] {
        let body = json!({ "hosted": unknown });
        is_invalid(&plaid.post_unsigned("/link/_api/open", &body).await.json());
    }
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

#[tokio::test]
async fn a_random_walk_always_has_a_pane_or_an_end() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let selects = json!({ "update": { "account_selection_enabled": true } });
    let mut random = fastrand::Rng::with_seed(1);
    let mut ends = std::collections::HashSet::new();
    for round in 0..300 {
        let fields = match round % 2 {
            0 => link::update(&item, selects.clone()),
            _ => link::fields(transactions()),
        };
        let created = link::create(&plaid, fields).await;
        let mut visit = Visit::open(&plaid, link::token(&created)).await;
        for _ in 0..60 {
            if visit.reply["visit"].is_null() {
                break;
            }
            visit.act(random_action(&mut random)).await;
        }
        let reply = &visit.reply;
        match reply["done"]["type"].as_str() {
            Some(end) => {
                assert!(reply["pane"].is_null());
                ends.insert(end.to_owned());
                visit.act(json!({ "action": "finish" })).await;
                is_invalid(&visit.reply);
            }
            None => assert!(reply["pane"]["pane"].is_string(), "{reply}"),
        }
    }
    assert_eq!(ends.len(), 2, "both ends were reached");
}

fn random_action(random: &mut fastrand::Rng) -> Value {
    let texts = [
        "user_good",
        "pass_good",
        "mfa_device",
        "error_NO_ACCOUNTS",
        "\u{0}é",
        "",
    ];
    let mut text = || random.choice(texts).unwrap();
    let (first, second) = (text(), text());
    match random.u8(..16) {
        0..=2 => json!({ "action": "consent" }),
        3 | 4 => {
            let ids = [
                "ins_109508",
                "ins_109511",
                "ins_127287",
                "ins_132361",
                first,
            ];
            let id = random.choice(ids).unwrap();
            json!({ "action": "institution", "institution_id": id, "query": second })
        }
        5..=7 => {
            let username = random.choice(["user_good", first]).unwrap();
            json!({ "action": "credentials", "username": username, "password": second })
        }
        8 => json!({ "action": "device" }),
        9 => json!({ "action": "answers", "answers": random.choice([vec!["1234"], vec![]]) }),
        10 => json!({ "action": "accounts", "accounts": [random.usize(..20)] }),
        11 => json!({ "action": "back" }),
        12 => json!({ "action": "close_bank", "is_agreed": random.bool() }),
        13 => json!({ "action": "open_bank" }),
        14 if random.u8(..4) == 0 => json!({ "action": "exit" }),
        _ => json!({ "action": "finish" }),
    }
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let plaid = Plaid::start().await;
    let refused = async |path: &str, headers: &[(&str, &str)], body: String| {
        let reply = plaid.send(hyper::Method::POST, path, headers, body).await;
        (
            reply.status,
            reply.json()["error_code"].as_str().unwrap().to_owned(),
        )
    };
    let json = &[("content-type", "application/json")];
    let invalid = (400, "INVALID_BODY".to_owned());
    for (path, body) in [
        ("/link/_api/open", String::new()),
        ("/link/_api/open", "{".to_owned()),
        ("/link/_api/open", "[]".to_owned()),
        ("/link/_api/open", r#"{"token":"a","more":1}"#.to_owned()),
        ("/link/_api/next", r#"{"visit":"a"}"#.to_owned()),
        (
            "/link/_api/next",
            r#"{"visit":1,"action":"exit"}"#.to_owned(),
        ),
        (
            "/link/_api/next",
            r#"{"visit":"a","action":"nope"}"#.to_owned(),
        ),
        (
            "/link/_api/next",
            r#"{"visit":"a","action":"accounts","accounts":[-1]}"#.to_owned(),
        ),
        (
            "/link/_api/open",
            format!(r#"{{"token":"{}"}}"#, "x".repeat(200 << 10)),
        ),
    ] {
        assert_eq!(refused(path, json, body).await, invalid);
    }
    let text = &[("content-type", "text/plain")];
    let open = r#"{"token":"a"}"#;
    assert_eq!(
        refused("/link/_api/open", text, open.to_owned()).await,
        invalid
    );
    for from in [
        ("origin", "https://evil.example"),
        ("origin", "https://cdn.plaid.com.evil.example"),
        ("origin", "http://cdn.plaid.com"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let headers = &[json[0], from];
        let expected = (403, "FORBIDDEN".to_owned());
        assert_eq!(
            refused("/link/_api/open", headers, open.to_owned()).await,
            expected
        );
    }
    for origin in [
        "https://cdn.plaid.com",
        "http://localhost:5173",
        "http://127.0.0.1:1",
    ] {
        let headers = &[json[0], ("origin", origin)];
        let reply = plaid
            .send(hyper::Method::POST, "/link/_api/open", headers, open)
            .await;
        assert_eq!(reply.status, 200, "{origin}");
    }
}

#[tokio::test]
async fn the_key_of_a_visit_is_never_repeated() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let config = Config {
            seed: Some(1),
            ..Config::default()
        };
        let plaid = Plaid::start_with(config).await;
        let visit = Visit::of_a_new_item(&plaid, transactions()).await;
        keys.push(visit.key.as_str().unwrap().to_owned());
    }
    assert_eq!(keys[0].len(), 32);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn visits_and_their_events_are_bounded() {
    let plaid = Plaid::start().await;
    let created = link::create(&plaid, link::fields(transactions())).await;
    let mut first = Visit::open(&plaid, link::token(&created)).await;
    for _ in 0..300 {
        Visit::open(&plaid, link::token(&created)).await;
    }
    first.act(json!({ "action": "consent" })).await;
    is_invalid(&first.reply);
    let item = plaid.item(None);
    let created = link::create(&plaid, link::update(&item, json!({}))).await;
    let mut visit = Visit::open(&plaid, link::token(&created)).await;
    for _ in 0..100 {
        visit.log_in("user_good", "wrong").await;
    }
    visit.leave().await;
    let fields = json!({ "link_token": link::token(&created) });
    let reply = plaid.post(link::GET, fields).await.json();
    let events = reply["link_sessions"][0]["events"].as_array().unwrap();
    assert_eq!(events.len(), 201);
    assert_eq!(events[0]["event_name"], "EXIT");
}

#[tokio::test]
async fn the_files_can_be_embedded_by_any_page() {
    let plaid = Plaid::start().await;
    let get = async |path: &str| {
        let path = format!("/link/v2/stable/{path}");
        plaid.send(hyper::Method::GET, &path, &[], "").await
    };
    for (file, kind) in [
        ("link-initialize.js", "text/javascript; charset=utf-8"),
        ("link.html", "text/html; charset=utf-8"),
    ] {
        let reply = get(file).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["content-type"], kind);
        assert_eq!(
            reply.headers["cross-origin-resource-policy"],
            "cross-origin"
        );
        assert_eq!(
            reply.headers["cross-origin-embedder-policy"],
            "require-corp"
        );
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
    let policy = get("link.html").await.headers["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!policy.contains("frame-ancestors"), "{policy}");
    let script = get("link-initialize.js").await.body;
    assert!(script.contains("const LIVE = false"));
    let live = get("link-initialize.js?events=live").await.body;
    assert_eq!(
        live,
        script.replace("const LIVE = false", "const LIVE = true")
    );
}
