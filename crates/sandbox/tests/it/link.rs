//! Link tokens: what they are asked for with, what they are good for, and for how long.

use std::time::{Duration, UNIX_EPOCH};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem};

use crate::{
    plaid::{JSON, Plaid, Reply},
    wire,
};

pub(crate) const CREATE: &str = "/link/token/create";
pub(crate) const GET: &str = "/link/token/get";

/// What `/link/token/create` requires, and `more`; null leaves a field out.
pub(crate) fn fields(more: Value) -> Value {
    let mut fields = json!({
        "client_name": "Wonder Budget",
        "country_codes": ["US"],
        "language": "en",
        "user": { "client_user_id": "user-1" },
    });
    for (name, value) in more.as_object().unwrap() {
        match value.as_str() {
            Some("LEFT OUT") => drop(fields.as_object_mut().unwrap().remove(name)),
            _ => fields[name] = value.clone(),
        }
    }
    fields
}

/// What update mode of this Item requires, and `more`.
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

/// A Sandbox whose clock starts with the year 2027.
async fn at_new_year() -> Plaid {
    let config = Config {
        now: Some(UNIX_EPOCH + Duration::from_secs(1_798_761_600)),
        ..Config::default()
    };
    Plaid::start_with(config).await
}

pub(crate) fn check(reply: &Reply, error_type: &str, code: &str, message: &str) {
    let body = reply.json();
    assert_eq!(body["error_message"], message);
    assert_eq!(body["error_code"], code);
    assert_eq!(body["error_type"], error_type);
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn a_token_for_update_mode_has_no_products_and_lives_half_an_hour() {
    let plaid = at_new_year().await;
    let item = plaid.item(None);
    for products in [json!("LEFT OUT"), json!(null), json!([])] {
        let fields = update(&item, json!({ "products": products }));
        let body = create(&plaid, fields).await;
        let names: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["expiration", "link_token", "request_id"]);
        let expiration = body["expiration"].as_str().unwrap();
        assert!(expiration.starts_with("2027-01-01T00:30:"), "{expiration}");
        assert_eq!(expiration.len(), "2027-01-01T00:30:00Z".len());
        let (_, uuid) = token(&body).split_once("link-sandbox-").unwrap();
        assert_eq!(uuid.len(), 36);
    }
}

#[tokio::test]
async fn a_token_for_a_new_item_lives_four_hours() {
    let plaid = at_new_year().await;
    for more in [
        json!({ "products": ["auth"] }),
        json!({ "products": ["auth"], "access_token": null }),
    ] {
        let reply = create(&plaid, fields(more)).await;
        let expiration = reply["expiration"].as_str().unwrap();
        assert!(expiration.starts_with("2027-01-01T04:00:"), "{expiration}");
    }
}

#[tokio::test]
async fn a_hosted_link_lives_half_an_hour_or_as_long_as_is_asked() {
    let plaid = at_new_year().await;
    for (hosted, start) in [
        (json!({}), "2027-01-01T00:30:"),
        (json!({ "url_lifetime_seconds": null }), "2027-01-01T00:30:"),
        (json!({ "url_lifetime_seconds": 3600 }), "2027-01-01T01:00:"),
        (
            json!({ "url_lifetime_seconds": 1_814_400 }),
            "2027-01-22T00:00:",
        ),
        (json!({ "url_lifetime_seconds": 1 }), "2027-01-01T00:00:"),
        (
            json!({ "is_mobile_app": true, "anything": {} }),
            "2027-01-01T00:30:",
        ),
    ] {
        let more = json!({ "products": ["auth"], "hosted_link": hosted });
        let reply = create(&plaid, fields(more)).await;
        let expiration = reply["expiration"].as_str().unwrap();
        assert!(expiration.starts_with(start), "{expiration}");
    }
}

#[tokio::test]
async fn update_mode_takes_a_broken_item_and_a_healthy_one_but_no_removed_one() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    create(&plaid, update(&item, json!({}))).await;
    plaid.reset_login(&item).await;
    create(&plaid, update(&item, json!({}))).await;
    plaid.with_token("/item/remove", &item).await;
    let reply = plaid.post(CREATE, update(&item, json!({}))).await;
    let message = "The Item you requested cannot be found. This Item does not exist, has been \
                   previously removed via /item/remove, or has had access removed by the user.";
    check(&reply, "ITEM_ERROR", "ITEM_NOT_FOUND", message);
}

#[tokio::test]
async fn update_mode_takes_credit_products_alone() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for product in [
        "assets",
        "cra_base_report",
        "cra_cashflow_insights",
        "cra_income_insights",
        "cra_lend_score",
        "cra_monitoring",
        "cra_network_insights",
        "cra_partner_insights",
        "income",
        "income_verification",
        "statements",
    ] {
        create(&plaid, update(&item, json!({ "products": [product] }))).await;
    }
    for products in [json!(["auth"]), json!(["assets", "transactions"])] {
        let reply = plaid
            .post(CREATE, update(&item, json!({ "products": products })))
            .await;
        let message = "products must be omitted when access_token is provided";
        check(&reply, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
}

#[tokio::test]
async fn a_user_id_stands_for_the_user_and_is_answered() {
    let plaid = Plaid::start().await;
    let more = json!({ "products": ["auth"], "user": "LEFT OUT", "user_id": "usr_1" });
    let reply = create(&plaid, fields(more)).await;
    assert_eq!(reply["user_id"], "usr_1");
    let link = plaid
        .post(GET, json!({ "link_token": token(&reply) }))
        .await;
    assert_eq!(link.json()["user_id"], "usr_1");
}

#[tokio::test]
async fn plaids_other_fields_are_taken() {
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
async fn a_link_token_is_answered_with_what_it_was_made_of() {
    let plaid = Plaid::start().await;
    let webhook = "http://127.0.0.1:9/hook";
    let more = json!({
        "country_codes": ["US", "CA"],
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
            "client_name": "Wonder Budget",
            "country_codes": ["US", "CA"],
            "initial_products": ["auth", "transactions"],
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
async fn an_unknown_link_token_is_invalid_and_an_expired_one_still_answered() {
    let plaid = Plaid::start().await;
    for token in ["link-sandbox-1", "access-sandbox-1", "x"] {
        let reply = plaid.post(GET, json!({ "link_token": token })).await;
        let message = "invalid link_token provided";
        check(&reply, "INVALID_INPUT", "INVALID_LINK_TOKEN", message);
    }
    let created = create(&plaid, fields(json!({ "products": ["auth"] }))).await;
    let day = Duration::from_secs(24 * 60 * 60);
    plaid.sandbox.advance_clock(day).await.unwrap();
    let reply = plaid
        .post(GET, json!({ "link_token": token(&created) }))
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn only_hosted_link_has_an_address_where_it_was_asked_for_and_without_the_token() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    for hosted in [json!("LEFT OUT"), json!(null)] {
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
        let is_moved_hex = |byte: u8| byte.is_ascii_digit() || (b'n'..=b's').contains(&byte);
        assert!(id.len() == 32 && id.bytes().all(is_moved_hex), "{id}");
        let uuid = token(&reply).strip_prefix("link-sandbox-").unwrap();
        assert!(!url.contains(uuid) && !url.contains(&uuid.replace('-', "")));
    }
}
