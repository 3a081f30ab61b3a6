//! One request: is it a real reset_login call, and if so Plaid's reply to it.

use std::borrow::Cow;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;

const PATH: &str = "/sandbox/item/reset_login";
const API_VERSION: &str = "2020-09-14";

/// The fields that a call must carry; credentials may travel here or in the headers.
#[derive(Deserialize)]
struct ResetLogin<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    secret: Option<Cow<'a, str>>,
}

/// Reads the whole request, waits `delay`, and replies.
pub(crate) async fn answer(request: Request<Incoming>, delay: Duration) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return refused("the body could not be read");
    };
    if head.method != Method::POST || head.uri.path() != PATH {
        return refused("only POST /sandbox/item/reset_login is answered");
    }
    if let Err(why) = check(&head.headers, &body.to_bytes()) {
        return refused(why);
    }
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    done()
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

/// Byte for byte what Plaid sends, with a request_id that no other reply has.
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
