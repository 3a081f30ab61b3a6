//! The routes of institutions.

use serde_json::{Value, json};

use crate::{errors::check, plaid::Plaid};

async fn post(path: &str, fields: Value) -> Value {
    let plaid = Plaid::start().await;
    let reply = plaid.post(path, fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

fn ids(body: &Value) -> Vec<&str> {
    let all = body["institutions"].as_array().unwrap().iter();
    all.map(|it| it["institution_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_institution_has_the_keys_of_the_recording() {
    let fields = json!({ "institution_id": "ins_109508", "country_codes": ["US"] });
    let body = post("/institutions/get_by_id", fields).await;
    let shown = &body["institution"];
    let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let expected = [
        "connection_availability",
        "country_codes",
        "institution_id",
        "name",
        "oauth",
        "products",
        "routing_numbers",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        (&shown["name"], &shown["oauth"]),
        (&json!("First Platypus Bank"), &json!(false))
    );
    assert_eq!(shown["products"].as_array().unwrap().len(), 15);
}

#[tokio::test]
async fn options_add_what_they_name() {
    let options = json!({
        "include_optional_metadata": true, "include_status": true, "include_auth_metadata": true,
        "include_payment_initiation_metadata": true,
    });
    let fields =
        json!({ "institution_id": "ins_132361", "country_codes": ["US"], "options": options });
    let body = post("/institutions/get_by_id", fields).await;
    let shown = &body["institution"];
    assert_eq!(
        (&shown["logo"], &shown["primary_color"]),
        (&Value::Null, &json!("#0075a3"))
    );
    assert_eq!(shown["status"]["item_logins"]["status"], "DOWN");
    assert_eq!(
        shown["auth_metadata"]["supported_methods"]["instant_auth"],
        true
    );
    assert_eq!(shown["payment_initiation_metadata"], Value::Null);
}

#[tokio::test]
async fn tartan_bank_has_no_statements() {
    let fields = json!({ "institution_id": "ins_109511", "country_codes": ["US"] });
    let body = post("/institutions/get_by_id", fields).await;
    let products = body["institution"]["products"].as_array().unwrap();
    assert_eq!(products.len(), 13);
    assert!(
        !products.contains(&json!("statements")) && !products.contains(&json!("investments_auth"))
    );
}

#[tokio::test]
async fn the_list_is_paged_and_filtered() {
    let fields = json!({ "count": 2, "offset": 1, "country_codes": ["US"] });
    let body = post("/institutions/get", fields).await;
    assert_eq!(ids(&body), ["ins_109509", "ins_109510"]);
    assert_eq!(body["total"], 16);
    let fields = json!({ "count": 500, "offset": 0, "country_codes": ["GB", "CA"] });
    assert_eq!(post("/institutions/get", fields).await["total"], 4);
    let options = json!({ "oauth": true, "products": ["auth"] });
    let fields = json!({ "count": 500, "offset": 0, "country_codes": ["US"], "options": options });
    assert_eq!(
        ids(&post("/institutions/get", fields).await),
        ["ins_127287", "ins_132241"]
    );
    let options = json!({ "routing_numbers": ["011200365"] });
    let fields = json!({ "count": 500, "offset": 0, "country_codes": ["US"], "options": options });
    assert_eq!(
        ids(&post("/institutions/get", fields).await),
        ["ins_109512"]
    );
}

#[tokio::test]
async fn an_institution_that_takes_no_items_is_not_listed() {
    let all = json!({ "count": 500, "offset": 0, "country_codes": ["US"] });
    let search = json!({ "query": "Unsupported", "country_codes": ["US"] });
    for (path, fields) in [("/institutions/get", all), ("/institutions/search", search)] {
        let body = post(path, fields).await;
        assert!(ids(&body).iter().all(|id| *id != "ins_133402"));
    }
    let availability = async |id: &str| {
        let fields = json!({ "institution_id": id, "country_codes": ["US"] });
        let body = post("/institutions/get_by_id", fields).await;
        body["institution"]["connection_availability"].clone()
    };
    assert_eq!(availability("ins_133402").await, "NOT_SUPPORTED");
    assert_eq!(availability("ins_109508").await, "SUPPORTED");
}

#[tokio::test]
async fn a_search_finds_parts_of_names() {
    let fields =
        json!({ "query": "first platypus BANK", "products": null, "country_codes": ["US"] });
    assert_eq!(
        ids(&post("/institutions/search", fields).await),
        ["ins_109508"]
    );
    let fields = json!({ "query": "a", "country_codes": ["US"], "products": ["transactions"] });
    assert_eq!(ids(&post("/institutions/search", fields).await).len(), 10);
    let fields = json!({ "query": "tartan", "country_codes": ["US"], "products": ["statements"] });
    assert!(ids(&post("/institutions/search", fields).await).is_empty());
}

#[tokio::test]
async fn invalid_requests_get_the_recorded_messages() {
    let plaid = Plaid::start().await;
    let us = json!(["US"]);
    let cases = [
        (
            "/institutions/get_by_id",
            json!({ "institution_id": "ABCDEFG1234567", "country_codes": us }),
            "INVALID_INPUT",
            "INVALID_INSTITUTION",
            "invalid institution_id provided",
        ),
        (
            "/institutions/get_by_id",
            json!({ "institution_id": "ins_109508", "country_codes": ["GB"] }),
            "INVALID_INPUT",
            "INVALID_INSTITUTION",
            "invalid institution_id provided",
        ),
        (
            "/institutions/get",
            json!({ "count": "ABC", "offset": "ABC", "country_codes": us }),
            "INVALID_REQUEST",
            "INVALID_FIELD",
            "count must be an integer",
        ),
        (
            "/institutions/get",
            json!({ "count": 501, "offset": 0, "country_codes": us }),
            "INVALID_REQUEST",
            "INVALID_FIELD",
            "count must be an integer between 1 and 500",
        ),
        (
            "/institutions/search",
            json!({ "query": "First", "products": "ABC", "country_codes": us }),
            "INVALID_INPUT",
            "INVALID_PRODUCT",
            "products must either be null or a list of strings containing at least one valid product",
        ),
        (
            "/institutions/search",
            json!({ "query": "First", "products": ["ABC"], "country_codes": us }),
            "INVALID_INPUT",
            "INVALID_PRODUCT",
            "invalid product in products: \"ABC\"",
        ),
        (
            "/institutions/search",
            json!({ "query": "First", "country_codes": [] }),
            "INVALID_REQUEST",
            "INVALID_FIELD",
            "country_codes must be a non-empty array of country codes",
        ),
    ];
    for (path, fields, error_type, code, message) in cases {
        let reply = plaid.post(path, fields).await;
        check(&reply, 400, error_type, code, message);
    }
}

#[tokio::test]
async fn an_item_can_be_made_at_every_healthy_institution() {
    let plaid = Plaid::start().await;
    for (id, status) in [
        ("ins_1", 200),
        ("ins_3", 200),
        ("ins_132363", 200),
        ("ins_132361", 400),
    ] {
        let fields = json!({ "institution_id": id, "initial_products": ["auth"] });
        let reply = plaid.post("/sandbox/public_token/create", fields).await;
        assert_eq!(reply.status, status, "{id}");
    }
    let fields = json!({ "institution_id": "ins_132361", "initial_products": ["auth"] });
    let reply = plaid.post("/sandbox/public_token/create", fields).await;
    assert_eq!(reply.error_code(), "INSTITUTION_DOWN");
}
