//! A complete reply: its body within a bound, and what its status means.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::Response;

use crate::error::Error;
use crate::error_reply;
use crate::scrub::Secrets;
use crate::wire::Peer;

/// A complete reply with status 200, not parsed.
pub(crate) struct Answer {
    body: Bytes,
    encoding: Option<HeaderValue>,
    /// If they were asked for.
    pub(crate) headers: Option<HeaderMap>,
}

impl Answer {
    /// Parses the body.
    ///
    /// # Errors
    ///
    /// The error of `parse`; the encoding is named where it is the reason.
    pub(crate) fn read<T>(
        &self,
        parse: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        parse(&self.body).map_err(|error| explained(error, self.encoding.as_ref()))
    }
}

/// The body of a response, or nothing if it is longer than `longest`. One announced as longer is not
/// downloaded at all.
///
/// # Errors
///
/// reqwest's error, where the body ends early.
pub(crate) async fn body(
    response: &mut Response,
    longest: usize,
) -> Result<Option<Bytes>, reqwest::Error> {
    if response
        .content_length()
        .is_some_and(|length| length > longest as u64)
    {
        return Ok(None);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(reqwest::Error::without_url)? else {
            break;
        };
        if first.len().max(rest.len()) + chunk.len() > longest {
            return Ok(None);
        }
        if first.is_empty() {
            // Nearly always the whole body, which is then not copied.
            first = chunk;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&chunk);
    }
    Ok(Some(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    }))
}

/// Reads the status of a complete reply.
///
/// # Errors
///
/// [`Error::Api`] for an error of Plaid's or the gateway's, otherwise [`Error::Response`].
pub(crate) fn read(
    peer: Peer,
    response: &Response,
    body: Bytes,
    secrets: &Secrets<'_>,
) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let encoding = response.headers().get(CONTENT_ENCODING);
    match status {
        200 => Ok(Answer {
            body,
            encoding: encoding.cloned(),
            headers: None,
        }),
        300..=399 => Err(Error::response(
            status,
            "is a redirect, which is not followed: the credentials would go with it",
        )),
        400.. => {
            let error = error_reply::error(peer, status, &body, secrets);
            Err(explained(error, encoding))
        }
        _ => Err(explained(
            Error::response(
                status,
                "has a status that this operation does not answer with",
            ),
            encoding,
        )),
    }
}

/// The error of a body that could not be read: the encoding is the reason, where there is one.
fn explained(error: Error, encoding: Option<&HeaderValue>) -> Error {
    let (Error::Response { status, .. }, Some(encoding)) = (&error, encoding) else {
        return error;
    };
    let encoding = match encoding.as_bytes() {
        b"gzip" | b"x-gzip" => "gzip",
        b"br" => "br",
        b"deflate" => "deflate",
        b"zstd" => "zstd",
        _ => "unknown",
    };
    Error::response(
        *status,
        format!(
            "is compressed (content-encoding: {encoding}), which this client does not ask for: something between you and Plaid may have answered"
        ),
    )
}
