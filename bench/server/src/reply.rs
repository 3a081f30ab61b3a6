//! One request: Plaid's reply to a valid reset_login call, and the webhooks that are counted.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;

const API_VERSION: &str = "2020-09-14";

/// What the connections share.
pub(crate) struct Server {
    /// How long each reply to reset_login is held back.
    pub(crate) delay: Duration,
    /// How many signed webhooks have arrived.
    pub(crate) webhooks: AtomicU64,
}

/// The fields that a call must carry; credentials may be in the body or in the headers.
#[derive(Deserialize)]
struct ResetLogin<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    secret: Option<Cow<'a, str>>,
}

impl Server {
    /// Reads the whole request, and replies.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return refused("the body could not be read");
        };
        let body = body.to_bytes();
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/sandbox/item/reset_login") => {
                if let Err(why) = check(&head.headers, &body) {
                    return refused(why);
                }
                if !self.delay.is_zero() {
                    tokio::time::sleep(self.delay).await;
                }
                done()
            }
            (&Method::POST, "/webhook") => {
                if body.is_empty() || !head.headers.contains_key("plaid-verification") {
                    return refused("a webhook has a body and a signature");
                }
                self.webhooks.fetch_add(1, Ordering::Relaxed);
                reply(StatusCode::OK, String::new())
            }
            (&Method::GET, "/webhook") => {
                let received = self.webhooks.load(Ordering::Relaxed);
                reply(StatusCode::OK, received.to_string())
            }
            _ => refused("this route does not exist"),
        }
    }
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
    let is_json = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return Err("the content type must be application/json");
    }
    let call: ResetLogin<'_> =
        serde_json::from_slice(body).map_err(|_| "the body must be JSON with an access_token")?;
    if !call.access_token.starts_with("access-sandbox-") {
        return Err("access_token must be a Sandbox token");
    }
    if !carries(headers, "plaid-client-id", call.client_id.as_deref()) {
        return Err("client_id is missing");
    }
    if !carries(headers, "plaid-secret", call.secret.as_deref()) {
        return Err("secret is missing");
    }
    Ok(())
}

fn carries(headers: &HeaderMap, header: &str, field: Option<&str>) -> bool {
    headers.get(header).is_some_and(|value| !value.is_empty())
        || field.is_some_and(|value| !value.is_empty())
}

/// Byte for byte what Plaid sends, with a `request_id` of its own.
fn done() -> Response<Full<Bytes>> {
    let request_id = fastrand::u64(..1 << 60);
    let body = format!("{{\n  \"request_id\": \"{request_id:015x}\",\n  \"reset_login\": true\n}}");
    reply(StatusCode::OK, body)
}

fn refused(why: &str) -> Response<Full<Bytes>> {
    let body = format!("{{\n  \"error_message\": \"{why}\"\n}}");
    reply(StatusCode::BAD_REQUEST, body)
}

fn reply(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert("plaid-version", HeaderValue::from_static(API_VERSION));
    response
}
