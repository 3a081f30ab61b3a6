//! The LINK webhooks of hosted sessions.

use std::time::Duration;

use serde_json::{Value, json};
use utdk_plaid_sandbox::{Webhook, WebhookFilter};

use crate::{
    link,
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    wire,
};

/// A hosted page whose webhooks are received.
struct Hosted {
    plaid: Plaid,
    receiver: Receiver,
    token: String,
    path: String,
}

impl Hosted {
    /// For a new Item, with `more` fields.
    async fn of_a_new_item(more: Value) -> Hosted {
        let plaid = Plaid::start().await;
        let receiver = Receiver::start(Behavior::Answer(200)).await;
        let mut fields = link::fields(json!({
            "hosted_link": {},
            "products": ["auth"],
            "webhook": receiver.url(),
        }));
        let fields_map = fields.as_object_mut().unwrap();
        fields_map.extend(more.as_object().unwrap().clone());
        Hosted::create(plaid, receiver, fields).await
    }

    async fn create(plaid: Plaid, receiver: Receiver, fields: Value) -> Hosted {
        let reply = link::create(&plaid, fields).await;
        let url = reply["hosted_link_url"].as_str().unwrap();
        Hosted {
            path: url.strip_prefix(plaid.sandbox.url()).unwrap().to_owned(),
            token: link::token(&reply).to_owned(),
            plaid,
            receiver,
        }
    }

    async fn click(&self, button: &str) {
        let path = format!("{}/{button}", self.path);
        let reply = wire::send(&self.plaid.sandbox, "POST", &path, &[], "").await;
        assert_eq!(reply.status, 303);
    }

    /// The newest session of `/link/token/get`.
    async fn session(&self) -> Value {
        let fields = json!({ "link_token": self.token });
        let reply = self.plaid.post(link::GET, fields).await.json();
        reply["link_sessions"][0].clone()
    }

    /// The bodies that were received, as many as were fired.
    async fn received(&mut self) -> Vec<Value> {
        let mut bodies = Vec::new();
        for _ in 0..self.plaid.sandbox.webhooks().len() {
            let received = self.receiver.next().await;
            bodies.push(serde_json::from_slice(&received.body).unwrap());
        }
        bodies
    }
}

fn codes(webhooks: &[Webhook]) -> Vec<&str> {
    webhooks.iter().map(|it| it.webhook_code).collect()
}

#[tokio::test]
async fn a_hosted_session_that_adds_an_item_fires_its_result_its_end_and_its_events() {
    let mut hosted = Hosted::of_a_new_item(json!({ "user_id": "usr_1" })).await;
    hosted.click("complete").await;
    let fired = hosted.plaid.sandbox.webhooks();
    let expected = ["ITEM_ADD_RESULT", "SESSION_FINISHED", "EVENTS"];
    assert_eq!(codes(&fired), expected);
    let session = hosted.session().await;
    let public_token = &session["results"]["item_add_results"][0]["public_token"];
    assert!(
        public_token
            .as_str()
            .unwrap()
            .starts_with("public-sandbox-")
    );
    let body = |code: &str, more: Value| {
        let mut body = json!({
            "environment": "sandbox",
            "link_session_id": session["link_session_id"],
            "link_token": hosted.token,
            "webhook_code": code,
            "webhook_type": "LINK",
        });
        let fields = body.as_object_mut().unwrap();
        if code == "EVENTS" {
            fields.remove("environment");
        }
        fields.extend(more.as_object().unwrap().clone());
        body
    };
    let expected = [
        body("ITEM_ADD_RESULT", json!({ "public_token": public_token })),
        body(
            "SESSION_FINISHED",
            json!({
                "public_tokens": [public_token],
                "status": "SUCCESS",
                "user_id": "usr_1",
            }),
        ),
        body("EVENTS", json!({ "events": session["events"] })),
    ];
    // Each of the three is sent on a connection of its own.
    let received = hosted.received().await;
    assert_eq!(received.len(), 3);
    assert!(
        expected.iter().all(|it| received.contains(it)),
        "{received:?}"
    );
    for (webhook, body) in fired.iter().zip(&expected) {
        assert_eq!(serde_json::from_str::<Value>(&webhook.body).unwrap(), *body);
        assert_eq!(webhook.item_id, None);
        assert_eq!(webhook.url, hosted.receiver.url());
    }
    let sandbox = &hosted.plaid.sandbox;
    let filter = WebhookFilter {
        webhook_code: Some("SESSION_FINISHED".to_owned()),
        ..WebhookFilter::default()
    };
    let next = sandbox.next_webhook(filter, Duration::from_secs(20)).await;
    assert_eq!(next.unwrap().body, fired[1].body);
    // Completing again fires nothing more.
    sandbox.complete_link(&hosted.token).unwrap();
    assert_eq!(sandbox.webhooks().len(), 3);
}

#[tokio::test]
async fn a_hosted_session_that_the_user_leaves_is_exited_each_time() {
    let mut hosted = Hosted::of_a_new_item(json!({})).await;
    hosted.click("exit").await;
    let session = hosted.session().await;
    let received = hosted.received().await;
    let expected = json!({
        "environment": "sandbox",
        "link_session_id": session["link_session_id"],
        "link_token": hosted.token,
        "public_tokens": [],
        "status": "EXITED",
        "webhook_code": "SESSION_FINISHED",
        "webhook_type": "LINK",
    });
    assert!(received.contains(&expected), "{received:?}");
    assert_eq!(received.len(), 2);
    hosted.plaid.sandbox.exit_link(&hosted.token).unwrap();
    let fired = hosted.plaid.sandbox.webhooks();
    let expected = ["SESSION_FINISHED", "EVENTS", "SESSION_FINISHED", "EVENTS"];
    assert_eq!(codes(&fired), expected);
    assert_ne!(
        hosted.session().await["link_session_id"],
        session["link_session_id"]
    );
}

#[tokio::test]
async fn a_hosted_update_finishes_without_a_public_token_and_without_login_repaired() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let more = json!({ "hosted_link": {}, "webhook": receiver.url() });
    let fields = link::update(&item, more);
    let hosted = Hosted::create(plaid, receiver, fields).await;
    hosted.click("complete").await;
    let fired = hosted.plaid.sandbox.webhooks();
    assert_eq!(codes(&fired), ["SESSION_FINISHED", "EVENTS"]);
    let body: Value = serde_json::from_str(&fired[0].body).unwrap();
    assert_eq!(
        (&body["status"], &body["public_tokens"]),
        (&json!("SUCCESS"), &json!([]))
    );
}

#[tokio::test]
async fn a_session_without_a_hosted_page_or_a_webhook_url_fires_no_link_webhook() {
    for more in [
        json!({ "products": ["auth"], "webhook": "http://127.0.0.1:9/hook" }),
        json!({ "products": ["auth"], "hosted_link": {} }),
    ] {
        let plaid = Plaid::start().await;
        let created = link::create(&plaid, link::fields(more)).await;
        plaid.sandbox.exit_link(link::token(&created)).unwrap();
        plaid.sandbox.complete_link(link::token(&created)).unwrap();
        assert!(plaid.sandbox.webhooks().is_empty());
    }
}
