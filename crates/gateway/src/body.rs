//! Reads the bodies of requests, and discards those that a response does not depend on.

use std::{str, time::Duration};

use http_body_util::BodyExt;
use hyper::{
    StatusCode,
    body::{Body, Incoming},
    header::{CONTENT_LENGTH, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING},
};
use tokio::time::timeout;
use utdk_plaid_local::is_json;

use crate::refusal::Refusal;

/// The limit on a body, in bytes. Inputs of the operation are shorter.
const LIMIT: u64 = 64 << 10;

/// The time limit for a body to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for the rest of a body that the response does not depend on.
const DISCARD_TIME_LIMIT: Duration = Duration::from_secs(1);

/// Reads the body of a request that must have one.
pub(crate) async fn read(headers: &HeaderMap, body: &mut Incoming) -> Result<Vec<u8>, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be JSON, with content-type: application/json",
        ));
    }
    // Proxies disagree on a body with two lengths, which allows request smuggling. One content-length
    // cannot be misread.
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    let length = length.and_then(|value| str::from_utf8(value).ok()?.parse::<u64>().ok());
    let Some(length) = length.filter(|_| !headers.contains_key(TRANSFER_ENCODING)) else {
        return Err(Refusal::new(
            StatusCode::LENGTH_REQUIRED,
            "LENGTH_REQUIRED",
            "the body must have a content-length, and no transfer-encoding",
        ));
    };
    if length > LIMIT {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BODY_TOO_LARGE",
            "the body must not be longer than 64 KiB",
        ));
    }
    match timeout(TIME_LIMIT, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(_)) => Err(Refusal::bad_request("the body ended before its length")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "BODY_TIMEOUT",
            "the body took longer than 10 seconds to arrive",
        )),
    }
}

/// Reads the rest of a body that the response does not depend on. A client that sends its whole
/// request before it reads the response would otherwise lose the response, and its connection.
///
/// # Returns
///
/// Whether the whole body was read, so that the connection can be reused.
pub(crate) async fn discard(status: StatusCode, headers: &HeaderMap, mut body: Incoming) -> bool {
    // With Expect, a client waits for permission to send the body. It needs the response instead.
    let is_pointless = status == StatusCode::REQUEST_TIMEOUT
        || headers.contains_key(EXPECT)
        || body.size_hint().lower() > LIMIT;
    if is_pointless {
        return false;
    }
    let read = async {
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            length += frame.data_ref().map_or(0, |data| data.len() as u64);
            if length > LIMIT {
                return false;
            }
        }
        true
    };
    timeout(DISCARD_TIME_LIMIT, read).await.unwrap_or(false)
}
