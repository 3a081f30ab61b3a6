//! Link tokens: `/link/token/create` and `/link/token/get`.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, ItemState};

use crate::{
    plaid::{JSON, Plaid, Reply},
    wire,
};

pub(crate) const CREATE: &str = "/link/token/create";
pub(crate) const GET: &str = "/link/token/get";

/// The required fields of `/link/token/create`, and `more`. The value "ABSENT" removes a field.
pub(crate) fn fields(more: Value) -> Value {
    let mut fields = json!({
        "client_name": "Wonder Budget",
        "country_codes": ["US"],
        "language": "en",
        "user": { "client_user_id": "user-1" },
    });
    for (name, value) in more.as_object().unwrap() {
        match value.as_str() {
            Some("ABSENT") => drop(fields.as_object_mut().unwrap().remove(name)),
            _ => fields[name] = value.clone(),
        }
    }
    fields
}

/// The required fields for update mode of an Item, and `more`.
pub(crate) fn update(item: &CreatedItem, more: Value) -> Value {
    let mut fields = fields(more);
    fields["access_token"] = item.access_token.expose_secret().into();
    fields
}

/// The reply to `/link/token/create`, which must succeed.
pub(crate) async fn create(plaid: &Plaid, fields: Value) -> Value {
    let reply = plaid.post(CREATE, fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

pub(crate) fn token(reply: &Value) -> &str {
    reply["link_token"].as_str().unwrap()
}

pub(crate) fn check(reply: &Reply, error_type: &str, code: &str, message: &str) {
    let body = reply.json();
    assert_eq!(body["error_message"], message);
    assert_eq!(body["error_code"], code);
    assert_eq!(body["error_type"], error_type);
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn update_mode_needs_no_products() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for products in [json!("ABSENT"), json!(null), json!([])] {
        let fields = update(&item, json!({ "products": products }));
        let body = create(&plaid, fields).await;
        let names: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["expiration", "link_token", "request_id"]);
        let (_, uuid) = token(&body).split_once("link-sandbox-").unwrap();
        assert_eq!(uuid.len(), 36);
    }
}

#[tokio::test]
async fn update_mode_accepts_a_broken_and_a_healthy_item() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    create(&plaid, update(&item, json!({}))).await;
    plaid.reset_login(&item).await;
    create(&plaid, update(&item, json!({}))).await;
}

#[tokio::test]
async fn update_mode_accepts_products_and_the_item_keeps_its_own() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    for products in [json!(["statements"]), json!(["transactions", "auth"])] {
        let fields = update(&item, json!({ "products": products }));
        let created = create(&plaid, fields).await;
        plaid.sandbox.complete_link(token(&created)).unwrap();
        let item = plaid.sandbox.items().remove(0);
        assert_eq!(item.state, ItemState::Healthy);
        assert_eq!(item.products, ["transactions"]);
    }
    assert_eq!(plaid.sandbox.items().len(), 1);
}

#[tokio::test]
async fn a_user_id_replaces_the_user_and_is_returned() {
    let plaid = Plaid::start().await;
    let more = json!({ "products": ["auth"], "user": "ABSENT", "user_id": "usr_1" });
    let reply = create(&plaid, fields(more)).await;
    assert_eq!(reply["user_id"], "usr_1");
    let link = plaid
        .post(GET, json!({ "link_token": token(&reply) }))
        .await;
    assert_eq!(link.json()["user_id"], "usr_1");
}

#[tokio::test]
async fn documented_fields_without_effect_are_accepted() {
    let plaid = Plaid::start().await;
    let more = json!({
        "products": ["auth"],
        "account_filters": { "depository": { "account_subtypes": ["checking"] } },
        "link_customization_name": "default",
        "redirect_uri": "my-app://linked",
        "update": { "account_selection_enabled": true },
        "user": {
            "client_user_id": "user-1",
            "address": { "city": "Springfield", "country": "US" },
            "name": { "given_name": "Ada", "family_name": "Lovelace" },
            "phone_number": "+12025550123",
        },
        "webhook": null,
    });
    create(&plaid, fields(more)).await;
}

#[tokio::test]
async fn a_link_token_is_returned_with_its_metadata() {
    let plaid = Plaid::start().await;
    let webhook = "http://127.0.0.1:9/hook";
    let filters = json!({
        "credit": { "account_subtypes": ["all"] },
        "depository": { "account_subtypes": ["checking", "savings"] },
    });
    let more = json!({
        "account_filters": filters,
        "country_codes": ["US", "CA"],
        "institution_data": { "routing_number": "110000000" },
        "products": ["transactions", "auth"],
        "redirect_uri": "https://app.example/oauth",
        "webhook": webhook,
    });
    let created = create(&plaid, fields(more)).await;
    let token = token(&created);
    let reply = plaid.post(GET, json!({ "link_token": token })).await.json();
    let expected = json!({
        "created_at": reply["created_at"],
        "expiration": created["expiration"],
        "link_token": token,
        "metadata": {
            "account_filters": filters,
            "client_name": "Wonder Budget",
            "country_codes": ["US", "CA"],
            "initial_products": ["auth", "transactions"],
            "institution_data": { "routing_number": "110000000" },
            "language": "en",
            "redirect_uri": "https://app.example/oauth",
            "webhook": webhook,
        },
        "request_id": reply["request_id"],
    });
    assert_eq!(reply, expected);
    assert!(reply["created_at"].as_str() < reply["expiration"].as_str());
}

#[tokio::test]
async fn metadata_that_was_not_given_is_absent() {
    let plaid = Plaid::start().await;
    for more in [
        json!({ "products": ["auth"] }),
        json!({ "products": ["auth"], "account_filters": {}, "institution_data": {} }),
        json!({ "products": ["auth"], "account_filters": null }),
    ] {
        let created = create(&plaid, fields(more)).await;
        let fields = json!({ "link_token": token(&created) });
        let metadata = plaid.post(GET, fields).await.json()["metadata"].clone();
        assert_eq!(metadata.as_object().unwrap().len(), 6, "{metadata}");
    }
}

#[tokio::test]
async fn an_unknown_link_token_is_invalid() {
    let plaid = Plaid::start().await;
    for token in ["link-sandbox-1", "access-sandbox-1", "x"] {
        let reply = plaid.post(GET, json!({ "link_token": token })).await;
        let message = "invalid link_token provided";
        check(&reply, "INVALID_INPUT", "INVALID_LINK_TOKEN", message);
    }
}

#[tokio::test]
async fn only_hosted_link_has_a_url_and_the_url_does_not_contain_the_token() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for hosted in [json!("ABSENT"), json!(null)] {
        let reply = create(&plaid, update(&item, json!({ "hosted_link": hosted }))).await;
        assert!(reply.get("hosted_link_url").is_none());
    }
    let own = plaid.sandbox.url();
    let body = plaid
        .signed(update(&item, json!({ "hosted_link": {} })))
        .to_string();
    for (host, origin) in [
        (wire::address(&plaid.sandbox), own),
        ("plaid.test:8080", "http://plaid.test:8080"),
        ("[::1]:80", "http://[::1]:80"),
        ("user@plaid.test", own),
        ("plaid.test/x", own),
        ("", own),
    ] {
        let headers = [("host", host), ("content-type", JSON)];
        let reply = wire::send(&plaid.sandbox, "POST", CREATE, &headers, &body).await;
        let reply = reply.json();
        let url = reply["hosted_link_url"].as_str().unwrap();
        let (start, id) = url.split_once("/hl/ls").unwrap();
        assert_eq!(start, origin, "{host}");
        let is_shifted_hex = |byte: u8| byte.is_ascii_digit() || (b'n'..=b's').contains(&byte);
        assert!(id.len() == 32 && id.bytes().all(is_shifted_hex), "{id}");
        let uuid = token(&reply).strip_prefix("link-sandbox-").unwrap();
        assert!(!url.contains(uuid) && !url.contains(&uuid.replace('-', "")));
    }
}
