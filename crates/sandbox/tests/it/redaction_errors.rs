//! No error repeats a secret that was sent by mistake.

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use utdk_plaid_sandbox::{NewItem, WebhookFilter};

use crate::{
    control::control,
    plaid::Plaid,
    redaction::{FOREIGN, check, secrets},
};

#[tokio::test]
async fn errors_of_the_handle_contain_no_secret() {
    let plaid = Plaid::start().await;
    let own = secrets(&plaid).await;
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let client_id = plaid.sandbox.client_id();
    for secret in own.iter().chain(&FOREIGN).filter(|it| **it != client_id) {
        let text = || Some((*secret).to_owned());
        let items = [
            NewItem {
                webhook: text(),
                ..NewItem::default()
            },
            NewItem {
                products: Some(vec![(*secret).to_owned()]),
                ..NewItem::default()
            },
            NewItem {
                institution_id: text(),
                ..NewItem::default()
            },
        ];
        let mut errors = Vec::new();
        for item in items {
            errors.push(plaid.sandbox.create_item(item).unwrap_err());
        }
        errors.push(plaid.sandbox.repair_item(secret).unwrap_err());
        errors.push(plaid.sandbox.exit_link(&secret[1..]).unwrap_err());
        let filters = [
            WebhookFilter {
                item_id: text(),
                webhook_code: None,
            },
            WebhookFilter {
                item_id: None,
                webhook_code: text(),
            },
            WebhookFilter {
                item_id: text(),
                webhook_code: text(),
            },
        ];
        for filter in filters {
            let waited = plaid.sandbox.next_webhook(filter, Default::default()).await;
            errors.push(waited.unwrap_err());
        }
        for error in errors {
            check(&format!("{error} {error:?}"), [*secret]);
        }
    }
}

#[tokio::test]
async fn errors_of_the_control_routes_contain_no_secret() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let token = item.access_token.expose_secret();
    let secret = plaid.secret();
    let repair = format!("items/{token}/repair");
    for (path, options) in [
        ("items", json!({ secret: 1 })),
        ("items", json!({ token: 1 })),
        ("items", json!({ "webhook": secret })),
        ("items", json!({ "products": [token, secret] })),
        ("items", json!({ "institution_id": token })),
        (repair.as_str(), json!({})),
        ("webhooks/next", json!({ "item_id": token, "timeoutMs": 0 })),
        (
            "webhooks/next",
            json!({ "webhook_code": secret, "timeoutMs": 0 }),
        ),
        (&format!("webhooks/{token}/redeliver"), json!({})),
        (&format!("{token}/{secret}"), json!({})),
        ("link/complete", json!({ "link_token": token })),
        ("link/exit", json!({ "link_token": secret })),
        ("faults", json!({ "kind": token })),
        ("faults", json!({ "error_code": secret })),
        ("faults", json!({ "path": token, "kind": "hang" })),
    ] {
        let reply = control(&plaid, Method::POST, path, options).await;
        assert!(reply.status >= 400);
        let body = &reply.body;
        assert!(!body.contains(token) && !body.contains(secret), "{body}");
    }
}
