//! No secret appears in the log, in the events, or in the output of a public type.

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::Event;

use crate::{
    link,
    plaid::{JSON, Plaid, ROUTES},
    wire,
};

/// Tokens and a secret of other environments, which a user may send by mistake.
pub(crate) const FOREIGN: [&str; 5] = [
    "access-production-11111111-aaaa-4111-8111-111111111111",
    "public-development-22222222-bbbb-4222-8222-222222222222",
    "link-production-33333333-cccc-4333-8333-333333333333",
    "processor-production-44444444-dddd-4444-8444-444444444444",
    "0123456789abcdef0123456789abcd",
];

/// Personal data and a password, which must not be shown whatever they look like.
const PRIVATE: [&str; 4] = ["Lovelace", "ada@example.test", "+12025550123", "hunter2"];

/// Everything that a Sandbox shows: log, Items, events and debug output.
async fn shown(plaid: &Plaid, events: &mut tokio::sync::broadcast::Receiver<Event>) -> String {
    let mut shown = serde_json::to_string(&plaid.sandbox.requests()).unwrap();
    shown += &format!("{:?}", plaid.sandbox.requests());
    shown += &serde_json::to_string(&plaid.sandbox.items()).unwrap();
    shown += &format!("{:?}", plaid.sandbox);
    while let Ok(event) = events.try_recv() {
        shown += &serde_json::to_string(&event).unwrap();
        shown += &format!("{event:?}");
    }
    shown
}

pub(crate) fn check<'a>(shown: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in secrets {
        // The log may show the last four characters of a token.
        let start = &secret[..secret.len() - 4];
        assert!(!shown.contains(start), "{secret} is shown");
    }
}

/// The tokens of one Item of each kind, and the credentials.
pub(crate) async fn secrets(plaid: &Plaid) -> Vec<String> {
    let item = plaid.item(None);
    let fields = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
    let created = plaid.post("/sandbox/public_token/create", fields).await;
    let public_token = created.json()["public_token"].as_str().unwrap().to_owned();
    let created = link::create(plaid, link::update(&item, json!({}))).await;
    vec![
        item.access_token.expose_secret().to_owned(),
        public_token,
        link::token(&created).to_owned(),
        plaid.secret().to_owned(),
        plaid.sandbox.client_id().to_owned(),
    ]
}

#[tokio::test]
async fn no_field_leaks_a_secret_into_the_log() {
    let plaid = Plaid::start().await;
    let mut events = plaid.sandbox.events();
    let own = secrets(&plaid).await;
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let client_id = plaid.sandbox.client_id();
    let names = [
        "access_token",
        "access_tokens",
        "account_filters",
        "client_name",
        "country_codes",
        "institution_id",
        "item_ids",
        "key_id",
        "link_token",
        "options",
        "products",
        "public_token",
        "reason_note",
        "redirect_uri",
        "secret",
        "unknown",
        "user",
        "user_id",
        "user_token",
        "webhook",
        "webhook_code",
        "client_id",
        "hosted_link",
        "access_tokens",
        "account_id",
        "asset_report_token",
        "client_transaction_id",
        "cursor",
        "identity",
        "processor",
        "query",
        "transactions",
    ];
    for route in ROUTES {
        for secret in own.iter().chain(&FOREIGN).filter(|it| **it != client_id) {
            let mut forms = vec![
                json!(secret),
                json!([secret]),
                json!([[secret]]),
                json!({ *secret: 1 }),
                json!({ "client_user_id": secret, "account_ids": [secret], "webhook": secret }),
                json!({ "a": { "b": [{ "c": secret }] } }),
            ];
            forms.push(json!(format!("http://127.0.0.1:9/hook?token={secret}&a=b")));
            for form in forms {
                let fields = names.map(|name| (name.to_owned(), form.clone()));
                let mut fields: serde_json::Map<String, Value> = fields.into_iter().collect();
                fields.insert((*secret).to_owned(), json!(1));
                plaid.post_unsigned(route, &fields.into()).await;
            }
            let one = json!({ "access_token": secret, "public_token": secret, *secret: secret });
            plaid.post(route, one).await;
        }
        check(
            &shown(&plaid, &mut events).await,
            own.iter().chain(&FOREIGN).copied(),
        );
    }
}

#[tokio::test]
async fn successful_requests_leak_no_secret_into_the_log() {
    let plaid = Plaid::start().await;
    let mut events = plaid.sandbox.events();
    let own = secrets(&plaid).await;
    let [access_token, public_token, link_token, ..] = &own[..] else {
        panic!("secrets");
    };
    let token = json!({ "access_token": access_token });
    let mut secrets: Vec<String> = own.clone();
    for (route, fields) in [
        ("/sandbox/item/reset_login", token.clone()),
        ("/item/get", token.clone()),
        (
            "/item/public_token/exchange",
            json!({ "public_token": public_token }),
        ),
        ("/link/token/get", json!({ "link_token": link_token })),
        ("/item/access_token/invalidate", token),
    ] {
        let reply = plaid.post(route, fields).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        for name in ["access_token", "new_access_token"] {
            secrets.extend(reply.json()[name].as_str().map(str::to_owned));
        }
    }
    assert_eq!(secrets.len(), own.len() + 2);
    check(
        &shown(&plaid, &mut events).await,
        secrets.iter().map(String::as_str),
    );
}

#[tokio::test]
async fn the_log_contains_no_personal_data_and_no_password() {
    let plaid = Plaid::start().await;
    let mut events = plaid.sandbox.events();
    let [name, email, phone, password] = PRIVATE;
    let user = json!({
        "client_user_id": "user-1",
        "legal_name": name,
        "name": { "given_name": name, "family_name": name },
        "email_address": email,
        "phone_number": phone,
        "ssn": phone,
        "date_of_birth": phone,
        "address": { "street": name, "street2": name, "city": name, "region": name,
            "postal_code": phone, "country": name },
        "id_number": { "value": phone, "type": name },
    });
    link::create(
        &plaid,
        link::fields(json!({ "products": ["auth"], "user": user })),
    )
    .await;
    let fields = json!({
        "institution_id": "ins_109508",
        "initial_products": ["auth"],
        "options": { "override_username": email, "override_password": password },
        "user_token": format!("user-sandbox-{password}"),
    });
    let reply = plaid.post("/sandbox/public_token/create", fields).await;
    assert_eq!(reply.status, 200);
    let wrong = json!({ "user": [name, { "email_address": email }], "options": [password] });
    plaid.post("/link/token/create", wrong.clone()).await;
    plaid.post("/sandbox/public_token/create", wrong).await;
    let token = json!({ "user_token": format!("user-sandbox-{password}") });
    assert_eq!(
        plaid.post("/sandbox/user/reset_login", token).await.status,
        200
    );
    let shown = shown(&plaid, &mut events).await;
    for private in PRIVATE {
        assert!(!shown.contains(private), "{private} is shown");
    }
    // The `client_user_id` is not personal data.
    assert!(shown.contains("user-1"));
}

#[tokio::test]
async fn no_webhook_contains_a_user_token() {
    let plaid = Plaid::start().await;
    let token = "user-sandbox-b0e2c4ee-a763-4df5-bfe9-46a46bce993d";
    let fields = json!({
        "institution_id": "ins_109508",
        "initial_products": ["auth"],
        "options": { "webhook": "http://127.0.0.1:9/hook" },
        "user_token": token,
    });
    plaid.post("/sandbox/public_token/create", fields).await;
    plaid
        .post("/sandbox/user/reset_login", json!({ "user_token": token }))
        .await;
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert!(!webhooks[0].body.contains(token));
    assert_eq!(plaid.sandbox.items()[0].user_id, None);
}

#[tokio::test]
async fn headers_methods_paths_and_queries_leak_no_secret_into_the_log() {
    let plaid = Plaid::start().await;
    let mut events = plaid.sandbox.events();
    let own = secrets(&plaid).await;
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let all: Vec<&str> = own.iter().chain(&FOREIGN).copied().collect();
    for secret in &all {
        let headers = [
            ("content-type", JSON),
            ("plaid-client-id", secret),
            ("plaid-secret", secret),
            ("authorization", secret),
            (secret, "x"),
        ];
        plaid.send(Method::POST, "/item/get", &headers, "{}").await;
        plaid
            .send(Method::POST, "/item/get", &[("content-type", secret)], "{}")
            .await;
        for path in [
            format!("/{secret}"),
            format!("/item/get/{secret}"),
            format!("/item/get?access_token={secret}"),
            format!("/items;{secret}/%61{secret}"),
            format!("/nowhere?{secret}"),
            format!("/{}/{secret}", "a".repeat(190)),
        ] {
            wire::send(&plaid.sandbox, "POST", &path, &[], "").await;
        }
        wire::send(&plaid.sandbox, secret, "/item/get", &[], "").await;
    }
    check(&shown(&plaid, &mut events).await, all);
}
