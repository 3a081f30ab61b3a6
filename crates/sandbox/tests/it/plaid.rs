//! A Sandbox and an HTTP client that keeps the bytes of each reply.

use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_sandbox::{Config, CreatedItem, NewItem, Sandbox};

pub(crate) const JSON: &str = "application/json";

/// Every route of Plaid that the Sandbox serves.
pub(crate) const ROUTES: [&str; 37] = [
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
    "/accounts/balance/get",
    "/asset_report/create",
    "/asset_report/get",
    "/categories/get",
    "/identity/get",
    "/institutions/get",
    "/institutions/get_by_id",
    "/institutions/search",
    "/investments/holdings/get",
    "/investments/refresh",
    "/investments/transactions/get",
    "/item/public_token/create",
    "/liabilities/get",
    "/processor/token/create",
    "/sandbox/item/set_verification_status",
    "/sandbox/transactions/create",
    "/signal/evaluate",
    "/statements/list",
    "/transactions/get",
    "/transactions/recurring/get",
    "/transactions/refresh",
    "/transactions/sync",
    "/user/create",
];

/// A Sandbox and a client.
pub(crate) struct Plaid {
    pub(crate) sandbox: Sandbox,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// A reply, unchanged.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Plaid {
    pub(crate) async fn start() -> Plaid {
        Plaid::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Plaid {
        Plaid {
            sandbox: Sandbox::start(config).await.unwrap(),
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) fn secret(&self) -> &str {
        self.sandbox.secret().expose_secret()
    }

    /// `fields` with this Sandbox's credentials.
    pub(crate) fn signed(&self, mut fields: Value) -> Value {
        fields["client_id"] = self.sandbox.client_id().into();
        fields["secret"] = self.secret().into();
        fields
    }

    /// Posts `fields` with credentials in the body.
    pub(crate) async fn post(&self, path: &str, fields: Value) -> Reply {
        self.post_unsigned(path, &self.signed(fields)).await
    }

    pub(crate) async fn post_unsigned(&self, path: &str, body: &Value) -> Reply {
        self.send(
            Method::POST,
            path,
            &[("content-type", JSON)],
            body.to_string(),
        )
        .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let url = format!("{}{path}", self.sandbox.url());
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let (head, body) = self.http.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.into()).unwrap(),
        }
    }

    /// An Item whose webhooks go to `webhook`.
    pub(crate) fn item(&self, webhook: Option<&str>) -> CreatedItem {
        self.sandbox
            .create_item(NewItem {
                webhook: webhook.map(str::to_owned),
                ..NewItem::default()
            })
            .unwrap()
    }

    pub(crate) async fn reset_login(&self, item: &CreatedItem) -> Reply {
        self.with_token("/sandbox/item/reset_login", item).await
    }

    pub(crate) async fn with_token(&self, path: &str, item: &CreatedItem) -> Reply {
        let access_token = item.access_token.expose_secret();
        self.post(path, json!({ "access_token": access_token }))
            .await
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error_code"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    }

    /// The body, with every value that differs between replies replaced by `MASKED`.
    pub(crate) fn masked(&self) -> String {
        mask(&self.body)
    }
}

/// Masks ids, tokens, times and keys, line by line. Every other byte stays.
pub(crate) fn mask(text: &str) -> String {
    const KEYS: [&str; 13] = [
        "access_token",
        "account_id",
        "created_at",
        "expiration",
        "item_id",
        "kid",
        "link_token",
        "new_access_token",
        "public_token",
        "request_id",
        "sent_at",
        "x",
        "y",
    ];
    let mask_line = |line: &str| {
        let is_masked = |key: &&&str| line.trim_start().starts_with(&format!("\"{key}\": "));
        match KEYS.iter().find(is_masked) {
            None => line.to_owned(),
            Some(key) => {
                let indent = line.len() - line.trim_start().len();
                let comma = if line.ends_with(',') { "," } else { "" };
                format!("{}\"{key}\": \"MASKED\"{comma}", &line[..indent])
            }
        }
    };
    let lines: Vec<String> = text.split('\n').map(mask_line).collect();
    lines.join("\n")
}
