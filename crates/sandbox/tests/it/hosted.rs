//! Hosted Link pages over HTTP: shown, completed, exited, expired.

use std::time::Duration;

use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem, ItemState, NewItem};

use crate::{
    link,
    plaid::{Plaid, Reply},
    wire,
};

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

/// A broken Item, and the path of a page that repairs it.
pub(crate) struct Broken {
    pub(crate) plaid: Plaid,
    pub(crate) item: CreatedItem,
    pub(crate) path: String,
    pub(crate) link_token: String,
}

impl Broken {
    pub(crate) async fn start(hosted: Value) -> Broken {
        Broken::start_with(Config::default(), hosted).await
    }

    pub(crate) async fn start_with(config: Config, hosted: Value) -> Broken {
        let plaid = Plaid::start_with(config).await;
        let item = plaid.item(Some("http://127.0.0.1:9/hook"));
        plaid.reset_login(&item).await;
        let fields = link::update(&item, json!({ "hosted_link": hosted }));
        let reply = link::create(&plaid, fields).await;
        Broken {
            path: path(&plaid, &reply),
            link_token: link::token(&reply).to_owned(),
            item,
            plaid,
        }
    }

    pub(crate) async fn show(&self, below: &str) -> Reply {
        self.send("GET", below, &[]).await
    }

    pub(crate) async fn press(&self, button: &str) -> Reply {
        self.send("POST", button, &[]).await
    }

    pub(crate) async fn send(&self, method: &str, below: &str, headers: &[(&str, &str)]) -> Reply {
        let path = format!("{}{below}", self.path);
        wire::send(&self.plaid.sandbox, method, &path, headers, "").await
    }

    pub(crate) fn state(&self) -> ItemState {
        self.plaid.sandbox.items()[0].state
    }

    /// How many Link sessions there were.
    pub(crate) async fn sessions(&self) -> usize {
        let fields = json!({ "link_token": self.link_token });
        let link = self.plaid.post(link::GET, fields).await.json();
        link["link_sessions"].as_array().map_or(0, Vec::len)
    }

    pub(crate) async fn advance(&self, by: Duration) {
        self.plaid.sandbox.advance_clock(by).await.unwrap();
    }
}

/// The path of the hosted page.
fn path(plaid: &Plaid, created: &Value) -> String {
    let url = created["hosted_link_url"].as_str().unwrap();
    url.strip_prefix(plaid.sandbox.url()).unwrap().to_owned()
}

pub(crate) fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303);
    reply.headers["location"].to_str().unwrap()
}

pub(crate) fn heading(reply: &Reply) -> &str {
    assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
    let (_, rest) = reply.body.split_once("<h1>").unwrap();
    rest.split_once("</h1>").unwrap().0
}

#[tokio::test]
async fn the_page_is_html_without_scripts_and_is_never_cached() {
    let broken = Broken::start(json!({})).await;
    for reply in [broken.show("").await, broken.show("x").await] {
        assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["referrer-policy"], "same-origin");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
        assert!(!reply.body.contains("<script"));
        assert!(!reply.body.contains(&broken.link_token));
    }
}

#[tokio::test]
async fn the_page_says_what_the_user_must_do() {
    let broken = Broken::start(json!({})).await;
    let plaid = &broken.plaid;
    let page = broken.show("").await;
    assert_eq!((page.status, heading(&page)), (200, "Log in again"));
    assert!(page.body.contains("Wonder Budget") && page.body.contains("First Platypus Bank"));
    for button in ["complete", "exit"] {
        assert!(page.body.contains(&format!("\"{}/{button}\"", broken.path)));
    }
    let healthy = NewItem {
        institution_id: Some("ins_109512".to_owned()),
        ..NewItem::default()
    };
    let healthy = plaid.sandbox.create_item(healthy).unwrap();
    let hosted = json!({ "hosted_link": {} });
    let reply = link::create(plaid, link::update(&healthy, hosted)).await;
    let page = wire::send(&plaid.sandbox, "GET", &path(plaid, &reply), &[], "").await;
    assert_eq!(heading(&page), "Update your login");
    assert!(page.body.contains("Houndstooth Bank"));
    let new = json!({ "hosted_link": {}, "products": ["auth"] });
    let reply = link::create(plaid, link::fields(new)).await;
    let page = wire::send(&plaid.sandbox, "GET", &path(plaid, &reply), &[], "").await;
    assert_eq!(heading(&page), "Link your account");
}

#[tokio::test]
async fn completing_repairs_the_same_item_and_fires_nothing() {
    let broken = Broken::start(json!({})).await;
    let plaid = &broken.plaid;
    let healthy = plaid.item(None);
    let account_ids = async |item: &CreatedItem| {
        let accounts = plaid.with_token("/accounts/get", item).await.json();
        let accounts = accounts["accounts"].as_array().unwrap();
        let ids = accounts.iter().map(|account| account["account_id"].clone());
        ids.collect::<Vec<Value>>()
    };
    let link = link::create(plaid, link::update(&healthy, json!({}))).await;
    plaid.sandbox.complete_link(link::token(&link)).unwrap();
    let before = account_ids(&healthy).await;
    plaid.reset_login(&healthy).await;
    let hosted = json!({ "hosted_link": {} });
    let reply = link::create(plaid, link::update(&healthy, hosted)).await;
    let page = path(plaid, &reply);
    let done = wire::send(&plaid.sandbox, "POST", &format!("{page}/complete"), &[], "").await;
    assert_eq!(location(&done), page);
    assert_eq!(account_ids(&healthy).await, before);
    let got = plaid.with_token("/item/get", &healthy).await.json();
    assert_eq!(got["item"]["item_id"], healthy.item_id.as_str());
    assert_eq!(got["item"]["error"], Value::Null);

    assert_eq!(location(&broken.press("/complete").await), broken.path);
    assert_eq!(broken.state(), ItemState::Healthy);
    assert_eq!(heading(&broken.show("").await), "Login updated");
    let webhooks = plaid.sandbox.webhooks();
    let codes: Vec<&str> = webhooks.iter().map(|it| it.webhook_code).collect();
    assert_eq!(codes, ["ERROR"]);
}

#[tokio::test]
async fn completing_redirects_to_the_completion_redirect_uri() {
    for (uri, shown) in [
        (
            "https://app.example/done?a=1",
            "https://app.example/done?a=1",
        ),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("my-app://linked", "my-app://linked"),
        (
            "https://app.example/é d\u{a}one",
            "https://app.example/%C3%A9%20done",
        ),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ] {
        let broken = Broken::start(json!({ "completion_redirect_uri": uri })).await;
        assert_eq!(location(&broken.press("/complete").await), shown);
        assert_eq!(broken.state(), ItemState::Healthy);
    }
}

#[tokio::test]
async fn exiting_changes_nothing_and_the_page_can_be_used_again() {
    let broken = Broken::start(json!({})).await;
    let exit = broken.press("/exit").await;
    assert_eq!(location(&exit), format!("{}/exited", broken.path));
    assert_eq!(broken.state(), ItemState::LoginRequired);
    let left = broken.show("/exited").await;
    assert_eq!(
        (left.status, heading(&left)),
        (200, "You left without finishing")
    );
    assert_eq!(heading(&broken.show("").await), "Log in again");
    broken.press("/exit").await;
    assert_eq!(location(&broken.press("/complete").await), broken.path);
    assert_eq!(broken.state(), ItemState::Healthy);
}

#[tokio::test]
async fn completing_twice_is_harmless() {
    let broken = Broken::start(json!({})).await;
    for _ in 0..2 {
        assert_eq!(location(&broken.press("/complete").await), broken.path);
    }
    assert_eq!(broken.press("/exit").await.status, 200);
    assert_eq!(broken.sessions().await, 1);
    // A completed session does not repair the Item again.
    broken.plaid.reset_login(&broken.item).await;
    broken.press("/complete").await;
    assert_eq!(broken.state(), ItemState::LoginRequired);

    let new = json!({ "hosted_link": {}, "products": ["auth"] });
    let plaid = &broken.plaid;
    let reply = link::create(plaid, link::fields(new)).await;
    let page = path(plaid, &reply);
    for _ in 0..2 {
        let done = wire::send(&plaid.sandbox, "POST", &format!("{page}/complete"), &[], "").await;
        assert_eq!(location(&done), page);
    }
    assert_eq!(plaid.sandbox.items().len(), 2);
}

#[tokio::test]
async fn viewing_a_finished_or_expired_page_starts_no_session() {
    let broken = Broken::start(json!({})).await;
    broken.show("").await;
    broken.press("/complete").await;
    // The page after the redirect.
    assert_eq!(heading(&broken.show("").await), "Login updated");
    assert_eq!(broken.sessions().await, 1);
    let late = Broken::start(json!({})).await;
    late.advance(HALF_AN_HOUR).await;
    late.show("").await;
    assert_eq!(late.sessions().await, 0);
}

#[tokio::test]
async fn an_expired_page_is_gone_and_does_nothing() {
    let broken = Broken::start(json!({})).await;
    broken.advance(HALF_AN_HOUR - Duration::from_secs(60)).await;
    assert_eq!(broken.show("").await.status, 200);
    broken.advance(Duration::from_secs(60)).await;
    for reply in [
        broken.show("").await,
        broken.press("/complete").await,
        broken.press("/exit").await,
    ] {
        assert_eq!(
            (reply.status, heading(&reply)),
            (410, "This link has expired")
        );
    }
    assert_eq!(broken.state(), ItemState::LoginRequired);
}

#[tokio::test]
async fn a_completed_page_stays_completed_after_its_lifetime() {
    let broken = Broken::start(json!({})).await;
    broken.press("/complete").await;
    broken.advance(HALF_AN_HOUR).await;
    let page = broken.show("").await;
    assert_eq!((page.status, heading(&page)), (200, "Login updated"));
}
