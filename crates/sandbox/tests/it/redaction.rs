//! That no secret comes out of a Sandbox by another way than it went in: not in the log, not in the
//! events, not in what its types print.

use hyper::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::Event;

use crate::{
    link,
    plaid::{JSON, Plaid},
    wire,
};

/// Tokens and a secret of other environments, such as one gives by mistake.
pub(crate) const FOREIGN: [&str; 5] = [
    "access-production-11111111-aaaa-4111-8111-111111111111",
    "public-development-22222222-bbbb-4222-8222-222222222222",
    "link-production-33333333-cccc-4333-8333-333333333333",
    "processor-production-44444444-dddd-4444-8444-444444444444",
    "0123456789abcdef0123456789abcd",
];

/// Texts of a kind that must not be told, whatever they look like.
const PRIVATE: [&str; 4] = ["Lovelace", "ada@example.test", "+12025550123", "hunter2"];

const ROUTES: [&str; 14] = [
    "/sandbox/item/reset_login",
    "/item/get",
    "/accounts/get",
    "/auth/get",
    "/item/remove",
    "/item/webhook/update",
    "/item/access_token/invalidate",
    "/item/public_token/exchange",
    "/sandbox/public_token/create",
    "/sandbox/user/reset_login",
    "/sandbox/item/fire_webhook",
    "/link/token/create",
    "/link/token/get",
    "/webhook_verification_key/get",
];

/// All that a Sandbox tells of itself, and what was told while it happened.
async fn told(plaid: &Plaid, events: &mut tokio::sync::broadcast::Receiver<Event>) -> String {
    let mut told = serde_json::to_string(&plaid.sandbox.requests()).unwrap();
    told += &format!("{:?}", plaid.sandbox.requests());
    told += &serde_json::to_string(&plaid.sandbox.items()).unwrap();
    told += &format!("{:?}", plaid.sandbox);
    while let Ok(event) = events.try_recv() {
        told += &serde_json::to_string(&event).unwrap();
        told += &format!("{event:?}");
    }
    told
}

pub(crate) fn check<'a>(told: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in secrets {
        // The end of a token is shown, all but its last four characters must not be.
        let most = &secret[..secret.len() - 4];
        assert!(!told.contains(most), "{secret} is told");
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
async fn the_log_tells_no_secret_wherever_it_stood_in_the_body() {
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
            &told(&plaid, &mut events).await,
            own.iter().chain(&FOREIGN).copied(),
        );
    }
}

#[tokio::test]
async fn the_log_tells_no_secret_of_calls_that_succeed() {
    let plaid = Plaid::start().await;
    let mut events = plaid.sandbox.events();
    let own = secrets(&plaid).await;
    let [access_token, public_token, link_token, ..] = &own[..] else {
        panic!("secrets");
    };
    let token = json!({ "access_token": access_token });
    let mut given: Vec<String> = own.clone();
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
            given.extend(reply.json()[name].as_str().map(str::to_owned));
        }
    }
    assert_eq!(given.len(), own.len() + 2);
    check(
        &told(&plaid, &mut events).await,
        given.iter().map(String::as_str),
    );
}

#[tokio::test]
async fn the_log_names_no_person_and_no_password() {
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
    let told = told(&plaid, &mut events).await;
    for private in PRIVATE {
        assert!(!told.contains(private), "{private} is told");
    }
    // What the client calls its user is no name.
    assert!(told.contains("user-1"));
}

#[tokio::test]
async fn no_webhook_holds_the_token_of_a_user() {
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
async fn the_log_tells_no_secret_of_headers_methods_paths_and_queries() {
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
    // The last of its hex characters are told of no token whose form a path does not show.
    check(&told(&plaid, &mut events).await, all);
}
