//! The errors for the fields of a route.

use serde_json::{Value, json};

use crate::{errors::check, plaid::Plaid};

const RESET: &str = "/sandbox/item/reset_login";
const CREATE: &str = "/sandbox/public_token/create";
const EXCHANGE: &str = "/item/public_token/exchange";

/// Checks the errors of requests with valid credentials.
async fn check_all(path: &str, error_type: &str, code: &str, cases: &[(Value, &str)]) {
    let plaid = Plaid::start().await;
    for (fields, message) in cases {
        check(
            &plaid.post(path, fields.clone()).await,
            400,
            error_type,
            code,
            message,
        );
    }
}

#[tokio::test]
async fn missing_fields_are_named_in_documented_order() {
    let missing = "the following required fields are missing:";
    let token = format!("{missing} access_token");
    for path in [RESET, "/item/get", "/accounts/get"] {
        check_all(
            path,
            "INVALID_REQUEST",
            "MISSING_FIELDS",
            &[(json!({}), &token)],
        )
        .await;
    }
    let both = format!("{missing} institution_id, initial_products");
    check_all(
        CREATE,
        "INVALID_REQUEST",
        "MISSING_FIELDS",
        &[(json!({}), &both)],
    )
    .await;
    let public = format!("{missing} public_token");
    check_all(
        EXCHANGE,
        "INVALID_REQUEST",
        "MISSING_FIELDS",
        &[(json!({}), &public)],
    )
    .await;
    let key = format!("{missing} key_id");
    let path = "/webhook_verification_key/get";
    check_all(
        path,
        "INVALID_REQUEST",
        "MISSING_FIELDS",
        &[(json!({}), &key)],
    )
    .await;
}

#[tokio::test]
async fn unknown_fields_are_named_by_their_path() {
    let fields = |options: Value| {
        json!({
            "institution_id": "ins_109508",
            "initial_products": ["auth"],
            "options": options,
        })
    };
    let unknown = "the following fields are not recognized by this endpoint:";
    check_all(
        CREATE,
        "INVALID_REQUEST",
        "UNKNOWN_FIELDS",
        &[
            (
                fields(json!({ "hook": "" })),
                &format!("{unknown} options.hook"),
            ),
            (
                fields(json!({ "transactions": { "end": 1 }, "a": 2 })),
                &format!("{unknown} options.a, options.transactions.end"),
            ),
        ],
    )
    .await;
    let reset = json!({ "access_token": "x", "accessToken": "x" });
    let message = format!("{unknown} accessToken");
    check_all(
        RESET,
        "INVALID_REQUEST",
        "UNKNOWN_FIELDS",
        &[(reset, &message)],
    )
    .await;
}

#[tokio::test]
async fn a_field_that_is_null_empty_or_not_a_string_is_invalid() {
    for (path, name) in [
        (RESET, "access_token"),
        ("/item/get", "access_token"),
        ("/accounts/get", "access_token"),
        (EXCHANGE, "public_token"),
        ("/webhook_verification_key/get", "key_id"),
    ] {
        let message = format!("{name} must be a non-empty string");
        let cases = [
            json!(null),
            json!(""),
            json!(1),
            json!(["a"]),
            json!({ "a": 1 }),
        ]
        .map(|value| (json!({ name: value }), message.as_str()));
        check_all(path, "INVALID_REQUEST", "INVALID_FIELD", &cases).await;
    }
}

#[tokio::test]
async fn a_token_is_refused_if_malformed_foreign_or_unknown() {
    for (path, field, name, code) in [
        (RESET, "access_token", "access", "INVALID_ACCESS_TOKEN"),
        (EXCHANGE, "public_token", "public", "INVALID_PUBLIC_TOKEN"),
    ] {
        let malformed = format!(
            "provided {name} token is in an invalid format. expected format: \
             {name}-<environment>-<identifier>"
        );
        let foreign = |environment: &str| {
            format!(
                "provided {name} token is for the wrong Plaid environment. expected \"sandbox\", \
                 got \"{environment}\""
            )
        };
        let unknown = format!("could not find matching {name} token");
        let token = |token: String| json!({ field: token });
        check_all(
            path,
            "INVALID_INPUT",
            code,
            &[
                (token(format!("{name}-sandbox")), &malformed),
                (token(format!("{name}-sandbox-")), &malformed),
                (token(format!("{name}-elsewhere-1")), &malformed),
                (token("link-sandbox-1".to_owned()), &malformed),
                (token("ABCDEFG1234567".to_owned()), &malformed),
                (
                    token(format!("{name}-production-1")),
                    &foreign("production"),
                ),
                (
                    token(format!("{name}-development-1")),
                    &foreign("development"),
                ),
                (token(format!("{name}-sandbox-1")), &unknown),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn the_fields_of_a_new_item_are_checked() {
    let fields = |name: &str, value: Value| {
        let mut fields = json!({
            "institution_id": "ins_109508",
            "initial_products": ["transactions"],
            "options": {},
        });
        fields[name] = value;
        fields
    };
    let products = "initial_products must be a list of strings containing at least one product";
    let webhook = "options.webhook must be a non-empty string URL";
    check_all(
        CREATE,
        "INVALID_REQUEST",
        "INVALID_FIELD",
        &[
            (
                fields("initial_products", json!("ABCDEFG1234567")),
                products,
            ),
            (fields("initial_products", json!(null)), products),
            (fields("initial_products", json!([])), products),
            (fields("initial_products", json!(["auth", 1])), products),
            (
                fields("options", json!({ "webhook": "ABCDEFG1234567" })),
                webhook,
            ),
            (fields("options", json!({ "webhook": "" })), webhook),
            (fields("options", json!({ "webhook": null })), webhook),
            (
                fields("options", json!({ "webhook": "ftp://localhost/" })),
                webhook,
            ),
            (fields("options", json!(null)), "options must be an object"),
            (
                fields("institution_id", json!(3)),
                "institution_id must be a non-empty string",
            ),
            (
                fields("user_id", json!("")),
                "user_id must be a non-empty string",
            ),
        ],
    )
    .await;
    let unknown_bank = fields("institution_id", json!("ABCDEFG1234567"));
    let message = "invalid institution_id provided";
    check_all(
        CREATE,
        "INVALID_INPUT",
        "INVALID_INSTITUTION",
        &[(unknown_bank, message)],
    )
    .await;
    let unknown = fields("initial_products", json!(["telepathy", "auth", "x\"y"]));
    let message = r#"initial_products contains invalid products: ["telepathy","x\"y"]"#;
    check_all(
        CREATE,
        "INVALID_INPUT",
        "INVALID_PRODUCT",
        &[(unknown, message)],
    )
    .await;
}

#[tokio::test]
async fn an_unknown_verification_key_is_refused() {
    let message = "invalid key_id provided. note that key_ids are specific to Plaid environments, \
                   and verification requests must be made to the same environment that the \
                   webhook was sent from";
    let fields = json!({ "key_id": "6c5516e1-92dc-479e-a8ff-5a51992e0002" });
    let code = "INVALID_WEBHOOK_VERIFICATION_KEY_ID";
    let path = "/webhook_verification_key/get";
    check_all(path, "INVALID_INPUT", code, &[(fields, message)]).await;
}
