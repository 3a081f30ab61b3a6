//! The errors of `/link/token/create`.

use serde_json::{Value, json};

use crate::{
    link::{CREATE, check, fields},
    plaid::Plaid,
};

/// Checks the INVALID_FIELD that each of these fields causes, next to valid required fields.
async fn check_fields(cases: &[(Value, &str)]) {
    let plaid = Plaid::start().await;
    for (more, message) in cases {
        let fields = fields(json!({ "products": ["auth"] }));
        let mut fields = fields.as_object().unwrap().clone();
        fields.extend(more.as_object().unwrap().clone());
        let reply = plaid.post(CREATE, fields.into()).await;
        check(&reply, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
}

#[tokio::test]
async fn an_invalid_access_token_is_refused() {
    let plaid = Plaid::start().await;
    let token = |token: &str| fields(json!({ "access_token": token }));
    let format = "provided access token is in an invalid format. expected format: \
                  access-<environment>-<identifier>";
    let wrong = "provided access token is for the wrong Plaid environment. expected \"sandbox\", \
                 got \"production\"";
    let unknown = "could not find matching access token";
    for (fields, message) in [
        (token("link-sandbox-1"), format),
        (token("access-production-1"), wrong),
        (token("access-sandbox-1"), unknown),
    ] {
        let reply = plaid.post(CREATE, fields).await;
        check(&reply, "INVALID_INPUT", "INVALID_ACCESS_TOKEN", message);
    }
    let reply = plaid.post(CREATE, token("")).await;
    let message = "access_token must be a non-empty string";
    check(&reply, "INVALID_REQUEST", "INVALID_FIELD", message);
}

#[tokio::test]
async fn a_token_without_an_item_needs_products() {
    let plaid = Plaid::start().await;
    for products in [json!("ABSENT"), json!(null), json!([])] {
        let reply = plaid
            .post(CREATE, fields(json!({ "products": products })))
            .await;
        let message = "must provide at least one product";
        check(&reply, "INVALID_REQUEST", "INVALID_FIELD", message);
    }
}

#[tokio::test]
async fn unknown_products_and_balance_are_refused() {
    let plaid = Plaid::start().await;
    let reply = plaid
        .post(CREATE, fields(json!({ "products": ["auth", "telepathy"] })))
        .await;
    let message = "products contains invalid products: [\"telepathy\"]";
    check(&reply, "INVALID_INPUT", "INVALID_PRODUCT", message);
    let reply = plaid
        .post(CREATE, fields(json!({ "products": ["auth", "balance"] })))
        .await;
    let message = "balance is not a valid product for this field. It is automatically \
                   initialized when any other valid product is included.";
    check(&reply, "INVALID_INPUT", "INVALID_PRODUCT", message);
}

#[tokio::test]
async fn missing_link_fields_are_named() {
    let plaid = Plaid::start().await;
    let missing = "the following required fields are missing:";
    for (fields, names) in [
        (json!({}), "client_name, language, country_codes"),
        (fields(json!({ "language": "ABSENT" })), "language"),
        (fields(json!({ "user": "ABSENT" })), "user"),
        (fields(json!({ "user": {} })), "user.client_user_id"),
        (
            fields(json!({ "user": {}, "user_id": "usr_1" })),
            "user.client_user_id",
        ),
    ] {
        let reply = plaid.post(CREATE, fields).await;
        let message = format!("{missing} {names}");
        check(&reply, "INVALID_REQUEST", "MISSING_FIELDS", &message);
    }
}

#[tokio::test]
async fn link_fields_with_an_invalid_value_are_named() {
    let url = |name: &str| format!("{name} must be a non-empty string URL");
    let lifetime = "hosted_link.url_lifetime_seconds must be a whole number from 1 to 1814400";
    let hosted = |seconds: Value| json!({ "hosted_link": { "url_lifetime_seconds": seconds } });
    let languages = "language must be one of: da, nl, en, et, fr, de, hi, it, lv, lt, no, pl, pt, \
                     ro, es, sv, vi";
    let countries = "country_codes must be among: US, GB, ES, NL, FR, IE, CA, DE, IT, PL, DK, NO, \
                     SE, EE, LT, LV, PT, BE, AT, FI";
    let no_countries = "country_codes must be a non-empty string array";
    let redirect = json!({ "hosted_link": { "completion_redirect_uri": "/done" } });
    let client_user_id = "user.client_user_id must be a non-empty string";
    check_fields(&[
        (
            json!({ "client_name": "" }),
            "client_name must be a non-empty string",
        ),
        (
            json!({ "client_name": 1 }),
            "client_name must be a non-empty string",
        ),
        (
            json!({ "language": "" }),
            "language must be a non-empty string",
        ),
        (json!({ "language": "EN" }), languages),
        (json!({ "country_codes": [] }), no_countries),
        (json!({ "country_codes": null }), no_countries),
        (json!({ "country_codes": "US" }), no_countries),
        (json!({ "country_codes": ["US", 1] }), no_countries),
        (json!({ "country_codes": ["US", "us"] }), countries),
        (json!({ "user": null }), "user must be an object"),
        (json!({ "user": "user-1" }), "user must be an object"),
        (json!({ "user": { "client_user_id": "" } }), client_user_id),
        (json!({ "user": { "client_user_id": 1 } }), client_user_id),
        (
            json!({ "user_id": "" }),
            "user_id must be a non-empty string",
        ),
        (
            json!({ "products": "auth" }),
            "products must be a list of strings",
        ),
        (
            json!({ "products": ["auth", 1] }),
            "products must be a list of strings",
        ),
        (json!({ "webhook": "" }), &url("webhook")),
        (json!({ "webhook": 1 }), &url("webhook")),
        (json!({ "webhook": "ftp://127.0.0.1/" }), &url("webhook")),
        (json!({ "redirect_uri": "app" }), &url("redirect_uri")),
        (
            json!({ "hosted_link": true }),
            "hosted_link must be an object",
        ),
        (redirect, &url("hosted_link.completion_redirect_uri")),
        (hosted(json!(0)), lifetime),
        (hosted(json!(1_814_401)), lifetime),
        (hosted(json!(-1)), lifetime),
        (hosted(json!(1.5)), lifetime),
        (hosted(json!("60")), lifetime),
        (json!({ "update": [] }), "update must be an object"),
        (
            json!({ "account_filters": { "depository": [] } }),
            "account_filters.depository must be an object",
        ),
        (
            json!({ "account_filters": { "credit": { "account_subtypes": "all" } } }),
            "account_filters.credit.account_subtypes must be a list of strings",
        ),
        (
            json!({ "institution_data": { "routing_number": 1 } }),
            "institution_data.routing_number must be a non-empty string",
        ),
    ])
    .await;
}

#[tokio::test]
async fn nested_unknown_fields_are_named_by_their_path() {
    let plaid = Plaid::start().await;
    let gse = json!({ "base_report": { "gse_options": { "x": 1 } } });
    for (more, path) in [
        (json!({ "accessToken": "x" }), "accessToken"),
        (
            json!({ "user": { "client_user_id": "u", "nick": 1 } }),
            "user.nick",
        ),
        (
            json!({ "user": { "client_user_id": "u", "name": { "nick": 3 } } }),
            "user.name.nick",
        ),
        (json!({ "update": { "all": true } }), "update.all"),
        (
            json!({ "cra_options": gse }),
            "cra_options.base_report.gse_options.x",
        ),
    ] {
        let reply = plaid.post(CREATE, fields(more)).await;
        let message = format!("the following fields are not recognized by this endpoint: {path}");
        check(&reply, "INVALID_REQUEST", "UNKNOWN_FIELDS", &message);
    }
}
