//! The life of an Item: creation, broken login, repair.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use utdk_plaid_sandbox::{CreatedItem, NewItem};

use crate::plaid::Plaid;

const CREATE: &str = "/sandbox/public_token/create";
const EXCHANGE: &str = "/item/public_token/exchange";

/// Checks whether an Item is broken, on a route that shows it and on a route that refuses.
async fn check(plaid: &Plaid, item: &CreatedItem, broken: bool) {
    let shown = plaid.with_token("/item/get", item).await;
    assert_eq!(shown.status, 200);
    let error = &shown.json()["item"]["error"];
    let accounts = plaid.with_token("/accounts/get", item).await;
    match broken {
        true => {
            assert_eq!(error["error_code"], "ITEM_LOGIN_REQUIRED");
            assert_eq!(accounts.error_code(), "ITEM_LOGIN_REQUIRED");
        }
        false => {
            assert_eq!(error, &Value::Null);
            assert_eq!(accounts.json()["item"]["error"], Value::Null);
            assert_eq!(accounts.status, 200);
        }
    }
}

#[tokio::test]
async fn an_item_stays_the_same_when_it_breaks_and_is_repaired() {
    let plaid = Plaid::start().await;
    let (item, other) = (plaid.item(None), plaid.item(None));
    check(&plaid, &item, false).await;
    let before = plaid.with_token("/accounts/get", &item).await.json();

    assert_eq!(plaid.reset_login(&item).await.status, 200);
    check(&plaid, &item, true).await;
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    check(&plaid, &item, true).await;
    check(&plaid, &other, false).await;

    plaid.sandbox.repair_item(&item.item_id).unwrap();
    check(&plaid, &item, false).await;
    plaid.sandbox.repair_item(&item.item_id).unwrap();
    let after = plaid.with_token("/accounts/get", &item).await.json();
    assert_eq!(after["accounts"], before["accounts"]);
    assert_eq!(after["item"], before["item"]);

    assert_eq!(plaid.reset_login(&item).await.status, 200);
    check(&plaid, &item, true).await;
}

#[tokio::test]
async fn item_get_shows_the_error_that_data_routes_answer() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    plaid.reset_login(&item).await;
    let refused = plaid.with_token("/accounts/get", &item).await.json();
    let shown = plaid.with_token("/item/get", &item).await.json();
    let mut error = shown["item"]["error"].clone();
    assert_eq!(error["request_id"], shown["request_id"]);
    error["request_id"] = refused["request_id"].clone();
    assert_eq!(error, refused);
}

#[tokio::test]
async fn an_item_created_over_http_has_the_requested_fields() {
    let plaid = Plaid::start().await;
    let fields = json!({
        "institution_id": "ins_43",
        "initial_products": ["investments", "auth", "auth"],
        "options": {
            "webhook": "http://127.0.0.1:1/hook?a=<b>",
            "override_username": null,
            "transactions": null,
            "statements": { "start_date": "2026-01-01", "end_date": "2026-02-01" },
        },
    });
    let public_token = plaid.post(CREATE, fields).await.json()["public_token"].clone();
    let exchange = json!({ "public_token": public_token });
    let exchanged = plaid.post(EXCHANGE, exchange).await.json();

    let item = CreatedItem {
        access_token: SecretString::from(exchanged["access_token"].as_str().unwrap()),
        item_id: exchanged["item_id"].as_str().unwrap().to_owned(),
    };
    let reply = plaid.with_token("/item/get", &item).await;
    let shown = reply.json();
    assert_eq!(shown["item"]["item_id"], item.item_id);
    assert_eq!(
        shown["item"]["institution_name"],
        "Tartan-Dominion Bank of Canada"
    );
    assert_eq!(shown["item"]["products"], json!(["auth", "investments"]));
    assert_eq!(shown["item"]["webhook"], "http://127.0.0.1:1/hook?a=<b>");
    assert!(reply.body.contains(r"?a=\u003cb\u003e"));
    assert_eq!(
        shown["item"]["available_products"]
            .as_array()
            .unwrap()
            .len(),
        13
    );
    let status: Vec<&String> = shown["status"].as_object().unwrap().keys().collect();
    assert_eq!(status, ["investments", "last_webhook"]);
}

#[tokio::test]
async fn ids_have_plaids_form() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let is_id = |id: &str| id.len() == 37 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(is_id(&item.item_id));
    let accounts = plaid.with_token("/accounts/get", &item).await.json();
    assert!(is_id(
        accounts["accounts"][13]["account_id"].as_str().unwrap()
    ));

    let token = item.access_token.expose_secret();
    let uuid = token.strip_prefix("access-sandbox-").unwrap();
    let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!(uuid.as_bytes()[14], b'4');
    let is_hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    assert!(uuid.split('-').all(is_hex));
    assert!(plaid.sandbox.client_id().len() == 24 && is_hex(plaid.sandbox.client_id()));
    assert!(plaid.secret().len() == 30 && is_hex(plaid.secret()));
}

#[tokio::test]
async fn create_item_has_the_rules_of_the_route() {
    let plaid = Plaid::start().await;
    let refused = |item: NewItem| {
        let error = plaid.sandbox.create_item(item).unwrap_err();
        let field = error.field().unwrap().to_owned();
        (field, error.code(), error.to_string())
    };
    let item = NewItem {
        webhook: Some("nowhere".to_owned()),
        ..NewItem::default()
    };
    let message = "webhook must be a non-empty string URL".to_owned();
    let expected = ("webhook".to_owned(), "INVALID_FIELD", message);
    assert_eq!(refused(item), expected);
    let item = NewItem {
        products: Some(Vec::new()),
        ..NewItem::default()
    };
    let message = "products must be a list of strings containing at least one product".to_owned();
    let expected = ("products".to_owned(), "INVALID_FIELD", message);
    assert_eq!(refused(item), expected);
    let item = NewItem {
        products: Some(vec!["telepathy".to_owned()]),
        ..NewItem::default()
    };
    let message = r#"products contains invalid products: ["telepathy"]"#.to_owned();
    let expected = ("products".to_owned(), "INVALID_PRODUCT", message);
    assert_eq!(refused(item), expected);
    let item = NewItem {
        institution_id: Some("ins_0".to_owned()),
        ..NewItem::default()
    };
    let message = "invalid institution_id provided".to_owned();
    let expected = ("institution_id".to_owned(), "INVALID_INSTITUTION", message);
    assert_eq!(refused(item), expected);
}
