//! Link's drop-in: its files, what the page of its frame asks, tokens and sessions.

use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem};

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
    pub(crate) async fn of_a_new_item(plaid: &'a Plaid, more: Value) -> Self {
        let created = link::create(plaid, link::fields(more)).await;
        let mut visit = Visit::open(plaid, link::token(&created)).await;
        visit.act(json!({ "action": "consent" })).await;
        assert_eq!(visit.pane(), "institutions");
        visit
    }

    /// The same, at the credentials of Tartan Bank.
    pub(crate) async fn at_credentials(plaid: &'a Plaid, more: Value) -> Self {
        let mut visit = Visit::of_a_new_item(plaid, more).await;
        visit.select("ins_109511").await;
        assert_eq!(visit.pane(), "credentials");
        visit
    }

    /// A visit for update mode.
    pub(crate) async fn of_update_mode(plaid: &'a Plaid, item: &CreatedItem, more: Value) -> Self {
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

    pub(crate) async fn select(&mut self, institution_id: &str) {
        self.act(json!({ "action": "institution", "institution_id": institution_id }))
            .await;
    }

    pub(crate) async fn log_in(&mut self, username: &str, password: &str) {
        let action = json!({ "action": "credentials", "username": username, "password": password });
        self.act(action).await;
    }

    pub(crate) async fn answer(&mut self, answers: &[&str]) {
        self.act(json!({ "action": "answers", "answers": answers }))
            .await;
    }

    /// Selects these accounts, and finishes. Returns the arguments of `onSuccess`.
    pub(crate) async fn finish_with(&mut self, accounts: &[usize]) -> Value {
        self.act(json!({ "action": "accounts", "accounts": accounts }))
            .await;
        assert_eq!(self.pane(), "connected");
        self.act(json!({ "action": "finish" })).await["done"].clone()
    }

    pub(crate) fn pane(&self) -> &str {
        self.reply["pane"]["pane"].as_str().unwrap_or("none")
    }

    /// The code of the error that the pane shows.
    pub(crate) fn error(&self) -> Option<&str> {
        self.reply["pane"]["error"]["code"].as_str()
    }

    /// The names of the events of the last reply, those of views by the view.
    pub(crate) fn events(&self) -> Vec<&str> {
        let events = self.reply["events"].as_array().unwrap().iter();
        events
            .map(|event| match event["metadata"]["view_name"].as_str() {
                Some(view) if event["eventName"] == "TRANSITION_VIEW" => view,
                _ => event["eventName"].as_str().unwrap(),
            })
            .collect()
    }

    pub(crate) fn masks(&self) -> Vec<&str> {
        let accounts = self.reply["pane"]["accounts"].as_array().unwrap().iter();
        accounts.map(|it| it["mask"].as_str().unwrap()).collect()
    }

    /// The error code and the status that `onExit` gets if the user leaves now.
    pub(crate) async fn leave(&mut self) -> (Value, Value) {
        let done = self.act(json!({ "action": "exit" })).await["done"].clone();
        assert_eq!(done["type"], "exit");
        (
            done["error"]["error_code"].clone(),
            done["metadata"]["status"].clone(),
        )
    }
}

pub(crate) fn transactions() -> Value {
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
