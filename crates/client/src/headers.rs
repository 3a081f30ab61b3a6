//! The headers of a request that hold no credential of Plaid's: this crate's own and the caller's.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};

use crate::error::UsageError;
use crate::wire::Peer;

/// Headers that this crate writes itself: framing and credentials.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "plaid-client-id",
    "plaid-secret",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers that every request of a client has, with `extra` of the caller's.
///
/// # Errors
///
/// A [`UsageError`] for a header of `extra` that [`add`] refuses.
pub(crate) fn of_client(peer: Peer, extra: &[(String, String)]) -> Result<HeaderMap, UsageError> {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("utdk-plaid/", env!("CARGO_PKG_VERSION"))),
    );
    if peer == Peer::Plaid {
        headers.insert("plaid-version", HeaderValue::from_static("2020-09-14"));
    }
    add(&mut headers, extra)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

/// The longest that a caller's headers may be together, in bytes.
const LONGEST_HEADERS: usize = 64 << 10;

/// Adds the caller's headers to `map`, later ones replacing earlier ones of the same name.
///
/// # Errors
///
/// A [`UsageError`] for a name or value that is not HTTP, a reserved name, or too many bytes. It
/// quotes neither name nor value.
pub(crate) fn add(map: &mut HeaderMap, headers: &[(String, String)]) -> Result<(), UsageError> {
    let length = headers.iter().map(|(name, value)| name.len() + value.len());
    if length.sum::<usize>() > LONGEST_HEADERS {
        return Err(UsageError::new(
            "INVALID_HEADER",
            "headers",
            "the headers are longer than 64 KiB together",
        ));
    }
    for (position, (name, value)) in headers.iter().enumerate() {
        let refuse = |problem: String| Err(UsageError::new("INVALID_HEADER", "headers", problem));
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return refuse(format!(
                "the name of header {} is not a valid HTTP header name",
                position + 1
            ));
        };
        if RESERVED.contains(&name.as_str()) {
            return refuse(format!(
                "header {name} is set by the client itself and cannot be given"
            ));
        }
        let Ok(mut value) = HeaderValue::from_str(value) else {
            return refuse(format!(
                "the value of header {} has a character that HTTP does not allow, such as a newline",
                position + 1
            ));
        };
        // A caller's header can hold a credential.
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(())
}
