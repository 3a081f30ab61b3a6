//! Link sessions: what `/link/token/get` shows of them, and completing and exiting them by the
//! controls.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::ItemState;

use crate::{link, plaid::Plaid, wire};

/// A link token with a hosted page, and its Sandbox.
struct Link {
    plaid: Plaid,
    token: String,
    path: String,
}

impl Link {
    async fn create(plaid: Plaid, fields: Value) -> Link {
        let reply = link::create(&plaid, fields).await;
        let url = reply["hosted_link_url"].as_str().unwrap();
        Link {
            path: url.strip_prefix(plaid.sandbox.url()).unwrap().to_owned(),
            token: link::token(&reply).to_owned(),
            plaid,
        }
    }

    /// For update mode of a broken Item.
    async fn of_a_broken_item() -> Link {
        let plaid = Plaid::start().await;
        let item = plaid.item(None);
        plaid.reset_login(&item).await;
        let fields = link::update(&item, json!({ "hosted_link": {} }));
        Link::create(plaid, fields).await
    }

    /// For a new Item.
    async fn of_a_new_item() -> Link {
        let fields = link::fields(json!({
            "hosted_link": {},
            "products": ["transactions", "auth"],
            "webhook": "http://127.0.0.1:9/hook",
            "user_id": "usr_1",
        }));
        Link::create(Plaid::start().await, fields).await
    }

    async fn open(&self) {
        let page = wire::send(&self.plaid.sandbox, "GET", &self.path, &[], "").await;
        assert_eq!(page.status, 200);
    }

    /// The sessions, newest first. The route never returns an empty list.
    async fn sessions(&self) -> Vec<Value> {
        let fields = json!({ "link_token": self.token });
        let reply = self.plaid.post(link::GET, fields).await.json();
        match reply.get("link_sessions") {
            None => Vec::new(),
            Some(sessions) => {
                let sessions = sessions.as_array().unwrap().clone();
                assert!(!sessions.is_empty());
                sessions
            }
        }
    }

    fn state(&self) -> ItemState {
        self.plaid.sandbox.items()[0].state
    }
}

fn names(session: &Value) -> Vec<&str> {
    let events = session["events"].as_array().unwrap();
    let names = events.iter().map(|event| event["event_name"].as_str());
    names.map(Option::unwrap).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn opening_link_twice_makes_one_session() {
    let link = Link::of_a_broken_item().await;
    assert!(link.sessions().await.is_empty());
    link.open().await;
    link.open().await;
    let sessions = link.sessions().await;
    assert_eq!(sessions.len(), 1);
    let session = &sessions[0];
    let expected = ["events", "finished_at", "link_session_id", "started_at"];
    assert_eq!(keys(session), expected);
    assert_eq!(session["finished_at"], Value::Null);
    assert_eq!(names(session), ["OPEN"]);
    let event = &session["events"][0];
    let expected = ["event_id", "event_metadata", "event_name", "timestamp"];
    assert_eq!(keys(event), expected);
    let request_id = event["event_metadata"]["request_id"].as_str().unwrap();
    assert_eq!(request_id.len(), 15);
}

#[tokio::test]
async fn an_exited_session_is_recorded_and_the_next_open_starts_another() {
    let link = Link::of_a_broken_item().await;
    link.open().await;
    link.plaid.sandbox.exit_link(&link.token).unwrap();
    let session = link.sessions().await.remove(0);
    assert_eq!(names(&session), ["EXIT", "OPEN"]);
    assert!(session["finished_at"].is_string());
    assert!(session.get("results").is_none());
    let exit = &session["exit"];
    assert_eq!(exit["error"], Value::Null);
    assert_eq!(exit["metadata"]["status"], "requires_credentials");
    assert_eq!(
        exit["metadata"]["link_session_id"],
        session["link_session_id"]
    );
    assert_eq!(link.state(), ItemState::LoginRequired);
    link.open().await;
    let sessions = link.sessions().await;
    assert_eq!(sessions.len(), 2);
    assert_eq!(names(&sessions[0]), ["OPEN"]);
    assert_eq!(sessions[1], session);
}

#[tokio::test]
async fn a_completed_update_adds_no_item() {
    let link = Link::of_a_broken_item().await;
    // Without opening the page first.
    let completed = link.plaid.sandbox.complete_link(&link.token).unwrap();
    assert!(completed.public_token.is_none());
    assert_eq!(link.state(), ItemState::Healthy);
    let sessions = link.sessions().await;
    assert_eq!(sessions.len(), 1);
    let session = &sessions[0];
    assert_eq!(names(session), ["HANDOFF", "OPEN"]);
    assert!(session["finished_at"].is_string() && session.get("exit").is_none());
    assert_eq!(session["results"]["item_add_results"], json!([]));
    assert_eq!(link.plaid.sandbox.items().len(), 1);
}

#[tokio::test]
async fn a_linked_item_has_the_requested_fields() {
    let link = Link::of_a_new_item().await;
    let plaid = &link.plaid;
    link.open().await;
    let complete = format!("{}/complete", link.path);
    let reply = wire::send(&plaid.sandbox, "POST", &complete, &[], "").await;
    assert_eq!(reply.status, 303);
    let session = link.sessions().await.remove(0);
    let added = session["results"]["item_add_results"].as_array().unwrap();
    assert_eq!(added.len(), 1);
    let institution = json!({ "institution_id": "ins_109508", "name": "First Platypus Bank" });
    assert_eq!(added[0]["institution"], institution);
    let public_token = &added[0]["public_token"];
    let fields = json!({ "public_token": public_token });
    let exchanged = plaid
        .post("/item/public_token/exchange", fields)
        .await
        .json();
    let fields = json!({ "access_token": exchanged["access_token"] });
    let item = plaid.post("/item/get", fields.clone()).await.json();
    let item = &item["item"];
    assert_eq!(item["item_id"], exchanged["item_id"]);
    assert_eq!(item["products"], json!(["auth", "transactions"]));
    assert_eq!(item["webhook"], "http://127.0.0.1:9/hook");
    let summary = &plaid.sandbox.items()[0];
    assert_eq!(summary.user_id.as_deref(), Some("usr_1"));
    let accounts = plaid.post("/accounts/get", fields).await.json();
    let id = |account: &Value, name: &str| account[name].clone();
    let accounts = accounts["accounts"].as_array().unwrap().iter();
    let shown = added[0]["accounts"].as_array().unwrap().iter();
    let ids: Vec<Value> = accounts.map(|it| id(it, "account_id")).collect();
    assert_eq!(ids, shown.map(|it| id(it, "id")).collect::<Vec<_>>());
    // Completing again returns the same token.
    let again = plaid.sandbox.complete_link(&link.token).unwrap();
    let again_token = again.public_token.unwrap();
    assert_eq!(again_token.expose_secret(), public_token.as_str().unwrap());
    let metadata = json!({
        "accounts": added[0]["accounts"],
        "institution": institution,
        "link_session_id": session["link_session_id"],
        "transfer_status": null,
    });
    assert_eq!(again.metadata, metadata);
    assert_eq!(plaid.sandbox.items().len(), 1);
}

#[tokio::test]
async fn a_link_token_that_cannot_be_used_is_an_error() {
    let link = Link::of_a_broken_item().await;
    let sandbox = &link.plaid.sandbox;
    let secret = "access-sandbox-11111111-2222-4333-8444-555555555555";
    for token in ["", "link-sandbox-1", secret] {
        for error in [
            sandbox.complete_link(token).unwrap_err(),
            sandbox.exit_link(token).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.field()), ("INVALID_LINK_TOKEN", None));
            assert!(!format!("{error} {error:?}").contains(secret));
        }
    }
    sandbox.complete_link(&link.token).unwrap();
    let error = sandbox.exit_link(&link.token).unwrap_err();
    assert_eq!(error.to_string(), "this Link session is already completed");
}

#[tokio::test]
async fn updating_a_healthy_item_changes_and_fires_nothing() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://127.0.0.1:9/hook"));
    let reply = link::create(&plaid, link::update(&item, json!({}))).await;
    plaid.sandbox.complete_link(link::token(&reply)).unwrap();
    assert_eq!(plaid.sandbox.items()[0].state, ItemState::Healthy);
    assert!(plaid.sandbox.webhooks().is_empty());
}
