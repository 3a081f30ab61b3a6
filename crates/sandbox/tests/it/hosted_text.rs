//! The text of hosted pages: hostile input is escaped, and no link is unsafe.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    hosted::Broken,
    link,
    plaid::{Plaid, Reply},
    wire,
};

/// The hosted page of an application with this name.
async fn page_of(client_name: &str) -> Reply {
    let plaid = Plaid::start().await;
    let fields = json!({
        "client_name": client_name,
        "hosted_link": {},
        "products": ["auth"],
    });
    let created = link::create(&plaid, link::fields(fields)).await;
    let url = created["hosted_link_url"].as_str().unwrap();
    let path = url.strip_prefix(plaid.sandbox.url()).unwrap();
    wire::send(&plaid.sandbox, "GET", path, &[], "").await
}

/// The two pages that may link to the `completion_redirect_uri`.
async fn pages_with_link_to(uri: &str) -> [Reply; 2] {
    let broken = Broken::start(json!({ "completion_redirect_uri": uri })).await;
    broken.press("/exit").await;
    let exited = broken.show("/exited").await;
    broken.press("/complete").await;
    [exited, broken.show("").await]
}

#[tokio::test]
async fn names_and_urls_are_escaped() {
    let hostile = "'\"><b>&";
    let escaped = "&#39;&quot;&gt;&lt;b&gt;&amp;";
    let [exited, completed] = pages_with_link_to(&format!("https://a.example/{hostile}")).await;
    for page in [page_of(hostile).await, exited, completed] {
        assert!(page.body.contains(escaped), "{}", page.body);
        assert!(!page.body.contains(hostile), "{}", page.body);
    }
}

#[tokio::test]
async fn a_client_name_of_more_than_30_characters_is_shown_as_this_application() {
    let longest = "é".repeat(30);
    let long = format!("{longest}é");
    for (client_name, shown) in [(&longest, longest.as_str()), (&long, "This Application")] {
        let page = page_of(client_name).await;
        assert!(page.body.contains(&format!("<bdi>{shown}</bdi>")));
    }
}

#[tokio::test]
async fn a_link_opens_a_web_page_or_an_app_and_never_runs_a_script() {
    for uri in [
        "https://app.example/done?a=1",
        "http://127.0.0.1:3000/",
        "my-app://linked",
    ] {
        for page in pages_with_link_to(uri).await {
            assert!(page.body.contains(&format!("href=\"{uri}\"")), "{uri}");
        }
    }
    for uri in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "\u{1}javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,alert(1)",
        "vbscript:alert(1)",
        "blob:https://app.example/alert(1)",
        "file:///alert(1)",
        "filesystem:https://app.example/alert(1)",
    ] {
        for page in pages_with_link_to(uri).await {
            assert_eq!(page.status, 200);
            assert!(!page.body.contains("alert(1)"), "{uri:?}");
            assert!(!page.body.contains("<a "), "{uri:?}");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_the_style_of_every_page() {
    let plaid = Plaid::start().await;
    let unknown = wire::send(&plaid.sandbox, "GET", "/hl/x", &[], "").await;
    for page in [page_of("A").await, unknown] {
        let (_, rest) = page.body.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        assert!(!style.contains('\r'));
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
    }
}
