//! Every error of Plaid's table on these routes: its status, type, code and sentence, and which
//! of two errors comes first.

use hyper::Method;
use serde_json::{Value, json};

use crate::plaid::{JSON, Plaid, Reply};

const RESET: &str = "/sandbox/item/reset_login";
const CREATE: &str = "/sandbox/public_token/create";
const EXCHANGE: &str = "/item/public_token/exchange";

fn check(reply: &Reply, status: u16, error_type: &str, code: &str, message: &str) {
    let body = reply.json();
    let page = match error_type {
        "INVALID_REQUEST" => "invalid-request",
        "INVALID_INPUT" => "invalid-input",
        other => panic!("no test expects {other}"),
    };
    let link = format!(
        "https://plaid.com/docs/errors/{page}/#{}",
        code.to_lowercase()
    );
    let expected = json!({
        "display_message": null,
        "documentation_url": link,
        "error_code": code,
        "error_message": message,
        "error_type": error_type,
        "request_id": body["request_id"],
        "suggested_action": null,
    });
    assert_eq!(body, expected);
    assert_eq!(reply.status, status);
}

/// Checks the errors of requests that carry the right credentials.
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
async fn an_unknown_path_is_not_found() {
    let plaid = Plaid::start().await;
    for path in ["/", "/item/get/", "/item/remove", "/_sandbox/items"] {
        let reply = plaid.post(path, json!({})).await;
        check(&reply, 404, "INVALID_REQUEST", "NOT_FOUND", "not found");
    }
}

#[tokio::test]
async fn another_method_on_a_known_path_is_an_invalid_route() {
    let plaid = Plaid::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let reply = plaid.send(method, RESET, &[], "").await;
        let message = format!("invalid route: {RESET}");
        check(&reply, 400, "INVALID_REQUEST", "NOT_FOUND", &message);
    }
}

#[tokio::test]
async fn missing_credentials_are_named_together() {
    let plaid = Plaid::start().await;
    for (body, names) in [
        (json!({}), "client_id, secret"),
        (json!({ "secret": plaid.secret() }), "client_id"),
        (json!({ "client_id": plaid.sandbox.client_id() }), "secret"),
    ] {
        let reply = plaid.post_unsigned(RESET, &body).await;
        let message = format!("the following required fields are missing: {names}");
        check(&reply, 400, "INVALID_REQUEST", "MISSING_FIELDS", &message);
    }
}

#[tokio::test]
async fn credentials_of_the_wrong_form_are_invalid_fields() {
    let plaid = Plaid::start().await;
    for (name, value) in [
        ("client_id", json!(null)),
        ("client_id", json!("")),
        ("client_id", json!(7)),
        ("client_id", json!("g".repeat(24))),
        ("client_id", json!("a".repeat(25))),
        ("secret", json!(null)),
        ("secret", json!("")),
    ] {
        let mut body = plaid.signed(json!({}));
        body[name] = value;
        let reply = plaid.post_unsigned(RESET, &body).await;
        let message = format!("{name} must be a properly formatted, non-empty string");
        check(&reply, 400, "INVALID_REQUEST", "INVALID_FIELD", &message);
    }
}

#[tokio::test]
async fn credentials_in_headers_are_as_good_and_those_in_the_body_win() {
    let plaid = Plaid::start().await;
    let wrong = "0".repeat(24);
    let send = async |client_id: &str, body: Value| {
        let headers = [
            ("content-type", JSON),
            ("PLAID-CLIENT-ID", client_id),
            ("PLAID-SECRET", plaid.secret()),
        ];
        let reply = plaid
            .send(Method::POST, RESET, &headers, body.to_string())
            .await;
        reply.error_code()
    };
    let right = plaid.sandbox.client_id();
    assert_eq!(send(right, json!({})).await, "MISSING_FIELDS");
    assert_eq!(send(&wrong, json!({})).await, "INVALID_API_KEYS");
    assert_eq!(
        send(&wrong, json!({ "client_id": right })).await,
        "MISSING_FIELDS"
    );
    assert_eq!(
        send(right, json!({ "client_id": wrong })).await,
        "INVALID_API_KEYS"
    );
}

#[tokio::test]
async fn missing_fields_are_named_in_the_order_of_the_documentation() {
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
async fn unknown_fields_are_named_with_their_path() {
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
async fn a_field_that_is_null_empty_or_no_string_is_invalid() {
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
async fn a_token_is_refused_for_its_form_its_environment_or_being_unknown() {
    for (path, field, name, code) in [
        (RESET, "access_token", "access", "INVALID_ACCESS_TOKEN"),
        (EXCHANGE, "public_token", "public", "INVALID_PUBLIC_TOKEN"),
    ] {
        let malformed = format!(
            "provided {name} token is in an invalid format. expected format: \
             {name}-<environment>-<identifier>"
        );
        let foreign = format!(
            "provided {name} token is for the wrong Plaid environment. expected \"sandbox\", \
             got \"production\""
        );
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
                (token(format!("{name}-production-1")), &foreign),
                (token(format!("{name}-sandbox-1")), &unknown),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn what_an_item_is_made_of_is_checked() {
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
            (fields("initial_products", json!(["telepathy"])), products),
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
    let elsewhere = fields("institution_id", json!("ABCDEFG1234567"));
    let message = "invalid institution_id provided";
    check_all(
        CREATE,
        "INVALID_INPUT",
        "INVALID_INSTITUTION",
        &[(elsewhere, message)],
    )
    .await;
}

#[tokio::test]
async fn an_unknown_verification_key_is_refused() {
    let message = "invalid key_id provided. note that key_ids are specific to Plaid environments, \
                   and verification requests must be made to the same environment that the \
                   webhook was sent from";
    let fields = json!({ "key_id": "6c5516e1-92dc-479e-a8ff-5a51992e0001" });
    let code = "INVALID_WEBHOOK_VERIFICATION_KEY_ID";
    let path = "/webhook_verification_key/get";
    check_all(path, "INVALID_INPUT", code, &[(fields, message)]).await;
}

#[tokio::test]
async fn route_then_body_then_credentials_then_fields_then_token_are_checked() {
    let plaid = Plaid::start().await;
    let text = [("content-type", "text/plain")];
    let code = |reply: Reply| reply.error_code();
    let reply = plaid.send(Method::POST, "/nowhere", &text, "{").await;
    assert_eq!(code(reply), "NOT_FOUND");
    let reply = plaid.send(Method::POST, RESET, &text, "{}").await;
    assert_eq!(code(reply), "INVALID_BODY");
    let reply = plaid.post_unsigned(RESET, &json!({ "a": 1 })).await;
    assert_eq!(
        reply.json()["error_message"]
            .as_str()
            .unwrap()
            .matches("secret")
            .count(),
        1
    );
    let reply = plaid.post(RESET, json!({ "a": 1 })).await;
    assert_eq!(code(reply), "MISSING_FIELDS");
    let reply = plaid
        .post(RESET, json!({ "a": 1, "access_token": null }))
        .await;
    assert_eq!(code(reply), "UNKNOWN_FIELDS");
    let reply = plaid.post(RESET, json!({ "access_token": null })).await;
    assert_eq!(code(reply), "INVALID_FIELD");
    let reply = plaid.post(RESET, json!({ "access_token": "x" })).await;
    assert_eq!(code(reply), "INVALID_ACCESS_TOKEN");
}
