//! Random requests for `fuzz`, valid and invalid.

use fastrand::Rng;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::{
    fuzz_mutations::{framed, mutate, mutate_path, value},
    link,
    plaid::{Plaid, ROUTES},
};

/// The kind of reply that a request must get.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Plaid,
    Control,
    Hosted,
    /// The console.
    Page,
}

/// A request in bytes.
pub(crate) struct Sent {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) is_head: bool,
}

/// The values and pages that the requests use.
pub(crate) struct World {
    /// Valid values of fields, so that some requests succeed.
    values: Vec<(&'static str, Value)>,
    credentials: [(&'static str, Value); 2],
    pages: Vec<String>,
}

/// Methods, routes and bodies. `webhooks/next` must have a timeout of 0.
const CONTROLS: [(&str, &str, &str); 26] = [
    ("GET", "health", ""),
    ("GET", "items", ""),
    ("POST", "items", r#"{"webhook":"http://127.0.0.1:9/"}"#),
    ("POST", "items", r#"{"products":["auth","x"]}"#),
    ("POST", "items", r#"{"user_id":"u1"}"#),
    ("POST", "items/x/repair", ""),
    ("POST", "items/%00%ff/repair", "{}"),
    ("POST", "items/x/update", ""),
    ("POST", "inbox", "<>"),
    ("GET", "webhooks", ""),
    ("POST", "webhooks/next", r#"{"timeoutMs":0}"#),
    (
        "POST",
        "webhooks/next",
        r#"{"timeoutMs":0,"webhook_code":"ERROR"}"#,
    ),
    ("POST", "webhooks/1/redeliver", ""),
    ("POST", "webhooks/-1/redeliver", ""),
    ("POST", "keys/rotate", ""),
    ("GET", "clock", ""),
    ("POST", "clock/advance", r#"{"ms":1000}"#),
    ("POST", "clock/advance", r#"{"ms":-1}"#),
    ("GET", "faults", ""),
    (
        "POST",
        "faults",
        r#"{"error_code":"ITEM_LOCKED","times":1}"#,
    ),
    (
        "POST",
        "faults",
        r#"{"status":500,"times":2,"probability":0.5}"#,
    ),
    ("POST", "faults", r#"{"kind":"delay","ms":0,"times":1}"#),
    ("DELETE", "faults", ""),
    ("POST", "link/complete", r#"{"link_token":"x"}"#),
    ("POST", "link/exit", r#"{"link_token":"link-sandbox-1"}"#),
    ("PUT", "reset/../..", "null"),
];

const METHODS: [&str; 10] = [
    "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "post", "BREW", "A-B.C",
];

const NUMBERS: [&str; 9] = [
    "0",
    "-1",
    "1.5",
    "1e308",
    "1e999",
    "-0.0",
    "18446744073709551616",
    "123456789012345678901234567890",
    "01",
];

/// The access token of an Item that `/sandbox/public_token/create` made with these options.
async fn item_by_link(plaid: &Plaid, product: &str, options: Value) -> Value {
    let fields = json!({
        "institution_id": "ins_109508",
        "initial_products": [product],
        "options": options,
    });
    let created = plaid
        .post("/sandbox/public_token/create", fields)
        .await
        .json();
    let fields = json!({ "public_token": created["public_token"] });
    let exchanged = plaid
        .post("/item/public_token/exchange", fields)
        .await
        .json();
    exchanged["access_token"].clone()
}

impl World {
    pub(crate) async fn new(plaid: &Plaid) -> World {
        let item = plaid.item(None);
        let called = plaid.item(Some("http://127.0.0.1:9/hook"));
        let fields = json!({ "institution_id": "ins_109508", "initial_products": ["auth"] });
        let created = plaid
            .post("/sandbox/public_token/create", fields)
            .await
            .json();
        let accounts = plaid.with_token("/accounts/get", &item).await.json();
        let account_id = accounts["accounts"][0]["account_id"].clone();
        let fields = json!({
            "access_tokens": [item.access_token.expose_secret()],
            "days_requested": 60,
        });
        let report = plaid.post("/asset_report/create", fields).await.json();
        let fields = json!({ "access_token": item.access_token.expose_secret(), "count": 3 });
        let page_of = plaid.post("/transactions/sync", fields).await.json();
        let today = humantime::format_rfc3339(plaid.sandbox.now()).to_string();
        let created_row = json!({
            "amount": 1.5,
            "date_posted": today[..10],
            "date_transacted": today[..10],
            "description": "x",
        });
        let days = json!({ "start_date": "2026-01-15", "end_date": "2026-04-15" });
        let statements = item_by_link(plaid, "statements", json!({ "statements": days })).await;
        let user = json!({ "override_username": "user_transactions_dynamic" });
        let dynamic = item_by_link(plaid, "transactions", user).await;
        let hosted = json!({ "hosted_link": {} });
        let update = link::create(plaid, link::update(&item, hosted)).await;
        let new = json!({ "hosted_link": {}, "products": ["auth"] });
        let new = link::create(plaid, link::fields(new)).await;
        let page = |created: &Value| {
            let url = created["hosted_link_url"].as_str().unwrap();
            url.strip_prefix(plaid.sandbox.url()).unwrap().to_owned()
        };
        World {
            pages: vec![
                page(&update),
                page(&new),
                "/hl/".to_owned(),
                "/hl/x".to_owned(),
            ],
            credentials: [
                ("client_id", plaid.sandbox.client_id().into()),
                ("secret", plaid.secret().into()),
            ],
            values: vec![
                ("access_token", item.access_token.expose_secret().into()),
                ("access_token", called.access_token.expose_secret().into()),
                ("access_token", statements),
                ("access_token", dynamic),
                ("public_token", created["public_token"].clone()),
                ("link_token", update["link_token"].clone()),
                ("link_token", new["link_token"].clone()),
                ("key_id", plaid.sandbox.rotate_key().into()),
                ("institution_id", "ins_109508".into()),
                ("initial_products", json!(["auth", "transactions"])),
                ("webhook_code", "DEFAULT_UPDATE".into()),
                ("client_name", "Wonder Budget".into()),
                ("language", "en".into()),
                ("country_codes", json!(["US"])),
                ("user", json!({ "client_user_id": "u" })),
                ("user_id", "u1".into()),
                ("products", json!(["auth"])),
                (
                    "hosted_link",
                    json!({ "completion_redirect_uri": "a:\u{e9}" }),
                ),
                ("options", json!({ "account_ids": [item.item_id] })),
                ("options", json!({ "account_ids": [account_id] })),
                ("options", json!({ "count": 3, "offset": 2 })),
                ("options", json!({ "account_id": account_id })),
                ("webhook", json!(null)),
                ("access_tokens", json!([item.access_token.expose_secret()])),
                ("account_id", account_id.clone()),
                ("account_ids", json!([account_id])),
                ("amount", json!(3.53)),
                ("asset_report_token", report["asset_report_token"].clone()),
                ("client_transaction_id", "1".into()),
                ("client_user_id", "u".into()),
                ("count", 5.into()),
                ("cursor", "now".into()),
                ("cursor", page_of["next_cursor"].clone()),
                ("days_requested", 60.into()),
                ("end_date", "2100-01-01".into()),
                (
                    "identity",
                    json!({ "name": { "given_name": "A", "family_name": "B" } }),
                ),
                ("offset", 1.into()),
                ("processor", "dwolla".into()),
                ("query", "platypus".into()),
                ("start_date", "2000-01-01".into()),
                ("transactions", json!([created_row])),
                ("verification_status", "verification_expired".into()),
            ],
        }
    }

    /// A request that is HTTP.
    pub(crate) fn request(&self, random: &mut Rng) -> Sent {
        let (kind, mut method, mut path, mut body) = match random.u8(..) {
            0..180 => {
                let path = match random.u8(..15) {
                    0 => "/",
                    _ => random.choice(ROUTES).unwrap(),
                };
                (
                    Kind::Plaid,
                    "POST",
                    path.to_owned(),
                    self.body(random, path),
                )
            }
            180..225 => {
                let (method, path, body) = random.choice(CONTROLS).unwrap();
                let path = format!("/_sandbox/{path}");
                (Kind::Control, method, path, body.as_bytes().to_vec())
            }
            225.. => {
                let page = random.choice(&self.pages).unwrap();
                let below = random
                    .choice(["", "/complete", "/exit", "/exited", "/x"])
                    .unwrap();
                let method = random.choice(["GET", "POST"]).unwrap();
                (Kind::Hosted, method, format!("{page}{below}"), Vec::new())
            }
        };
        if random.u8(..) < 20 {
            method = random.choice(METHODS).unwrap();
        }
        if random.u8(..) < 25 {
            mutate_path(random, &mut path, kind);
        }
        if matches!(kind, Kind::Plaid) && random.u8(..) < 40 {
            mutate(random, &mut body);
        }
        let kind = match (method, path.split('?').next().unwrap_or_default()) {
            ("GET" | "HEAD", "/") => Kind::Page,
            _ => kind,
        };
        Sent {
            bytes: framed(random, method, &path, &body),
            kind,
            is_head: method == "HEAD",
        }
    }

    /// A request that may not be HTTP. The connection cannot be used after it.
    pub(crate) fn broken_request(&self, random: &mut Rng) -> Vec<u8> {
        let mut bytes = self.request(random).bytes;
        let head = "POST /item/get HTTP/1.1\r\nhost: x\r\n";
        match random.u8(..11) {
            0 => bytes.truncate(random.usize(..bytes.len())),
            1 => mutate(random, &mut bytes),
            2 => (0..10).for_each(|_| mutate(random, &mut bytes)),
            3 => bytes = (0..random.usize(..2_000)).map(|_| random.u8(..)).collect(),
            4 => bytes = format!("{head}content-length: 99999\r\n\r\n{{").into_bytes(),
            5 => bytes = format!("{head}content-length: -1\r\n\r\n{{}}").into_bytes(),
            6 => bytes = format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n").into_bytes(),
            7 => {
                let both = "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n";
                bytes = format!("{head}{both}").into_bytes();
            }
            8 => bytes = format!("{head}{}\r\n", "a: b\r\n".repeat(500)).into_bytes(),
            9 => bytes = format!("{head}x: {}\r\n\r\n", "y".repeat(600_000)).into_bytes(),
            _ => bytes = format!("POST {} HTTP/1.0\n\n", "/a".repeat(40_000)).into_bytes(),
        }
        bytes
    }

    /// A body for a route: mostly its fields, and sometimes other fields.
    fn body(&self, random: &mut Rng, path: &str) -> Vec<u8> {
        let mut fields = Map::new();
        for (name, value) in &self.credentials {
            if random.u8(..) < 250 {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
        let wanted: &[&str] = match path {
            "/item/public_token/exchange" => &["public_token"],
            "/link/token/get" => &["link_token"],
            "/webhook_verification_key/get" => &["key_id"],
            "/sandbox/user/reset_login" => &["user_id"],
            "/sandbox/public_token/create" => &["institution_id", "initial_products"],
            "/sandbox/item/fire_webhook" => &["access_token", "webhook_code"],
            "/link/token/create" => &[
                "client_name",
                "language",
                "country_codes",
                "user",
                "products",
                "hosted_link",
            ],
            "/item/webhook/update" => &["access_token", "webhook"],
            "/asset_report/create" => &["access_tokens", "days_requested"],
            "/asset_report/get" => &["asset_report_token"],
            "/institutions/get" => &["country_codes", "count", "offset"],
            "/institutions/get_by_id" => &["country_codes", "institution_id"],
            "/institutions/search" => &["country_codes", "query", "products"],
            "/investments/transactions/get" | "/transactions/get" => {
                &["access_token", "end_date", "options", "start_date"]
            }
            "/processor/token/create" => &["access_token", "account_id", "processor"],
            "/sandbox/item/set_verification_status" => {
                &["access_token", "account_id", "verification_status"]
            }
            "/sandbox/transactions/create" => &["access_token", "transactions"],
            "/signal/evaluate" => &[
                "access_token",
                "account_id",
                "amount",
                "client_transaction_id",
            ],
            "/transactions/recurring/get" => &["access_token", "account_ids"],
            "/transactions/sync" => &["access_token", "count", "cursor", "options"],
            "/user/create" => &["client_user_id", "identity"],
            _ => &["access_token"],
        };
        let mut values: Vec<_> = self.values.iter().collect();
        random.shuffle(&mut values);
        for (name, value) in values {
            if wanted.contains(name) == (random.u8(..) < 253) {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
        if random.u8(..) < 60 {
            let (name, _) = random.choice(&self.values).unwrap();
            fields.insert((*name).to_owned(), value(random, 4));
        }
        let mut body = Value::Object(fields).to_string();
        match random.u8(..) {
            0..8 => body = value(random, 6).to_string(),
            8..16 => {
                // A number that serde_json cannot hold, in a known or an unknown field.
                let number = random.choice(NUMBERS).unwrap();
                let name = random.choice(["access_token", "options", "x"]).unwrap();
                body = format!("{{\"{name}\":{number},{}", &body[1..]);
            }
            16..20 => {
                let deep = random.usize(1..300);
                body = format!("{}{}", "{\"options\":".repeat(deep), "}".repeat(deep));
            }
            20..24 => body = format!("{{\"x\":\"\\ud800\",{}", &body[1..]),
            _ => {}
        }
        body.into_bytes()
    }
}
