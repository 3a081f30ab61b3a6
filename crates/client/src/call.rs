//! One call: its input is checked, its request is sent, its reply is read.

use std::borrow::Cow;
use std::time::Duration;

use http::header::{HeaderMap, HeaderValue};

use crate::attempts::{self, Prepared, Progress, Shared};
use crate::credentials::check_input;
use crate::error::{Error, UsageError};
use crate::headers;
use crate::request::ResetLogin;
use crate::wire::{self, Reply};

/// How a call ended.
#[derive(Debug)]
pub struct Outcome<T = Reply> {
    /// The reply, or why there is none.
    pub result: Result<T, Error>,
    /// How many requests were started: 0 if the input was refused. A request that the server said
    /// it did not process is sent again without being counted.
    pub attempts: u32,
    /// The HTTP status of the last attempt, if it got one.
    pub status: Option<u16>,
    /// How long the server asked to wait before the next attempt (`Retry-After`), if the last attempt
    /// got a 429 or a 503 with it.
    pub retry_after: Option<Duration>,
    /// The headers of the reply, where [`ResetLogin::keep_headers`] asks for them. Credentials that
    /// they echo are removed.
    pub headers: Option<Vec<(String, String)>>,
}

impl<T> Outcome<T> {
    pub(crate) fn new(result: Result<T, Error>, progress: Progress) -> Self {
        Self {
            result,
            attempts: progress.attempts,
            status: progress.status,
            retry_after: progress.retry_after,
            headers: None,
        }
    }
}

/// Makes a call. Dropping the future cancels it.
pub(crate) async fn run(client: &Shared, call: &ResetLogin) -> Outcome {
    let mut progress = Progress::default();
    match send(client, call, &mut progress).await {
        Ok((reply, headers)) => Outcome {
            headers,
            ..Outcome::new(Ok(reply), progress)
        },
        Err(error) => Outcome::new(Err(error), progress),
    }
}

/// Names and values of headers.
type Headers = Vec<(String, String)>;

async fn send(
    client: &Shared,
    call: &ResetLogin,
    progress: &mut Progress,
) -> Result<(Reply, Option<Headers>), Error> {
    check_input(call)?;
    let headers = headers(client, call)?;
    let request = Prepared {
        headers: &headers,
        body: wire::body(client.peer, call),
        secrets: client.credentials.secrets(call, &headers),
        time_limit: call.timeout.unwrap_or(client.timeout),
        max_retries: call.max_retries.unwrap_or(client.max_retries),
        keep_headers: call.keep_headers,
    };
    let answer = attempts::run(client, &request, progress).await?;
    let reply = answer.read(|body| wire::success(client.peer, 200, body))?;
    let headers = answer.headers.as_ref().map(|headers| {
        let scrubber = request.secrets.credential_scrubber();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers
            .iter()
            .map(|(name, value)| (name.to_string(), scrubber.redacted(&text(value))))
            .collect()
    });
    Ok((reply.scrubbed(&request.secrets), headers))
}

/// The headers of a call: the client's, unless it brings its own.
///
/// # Errors
///
/// A [`UsageError`] if a header is refused, or a credential is missing.
pub(crate) fn headers<'a>(
    client: &'a Shared,
    call: &ResetLogin,
) -> Result<Cow<'a, HeaderMap>, UsageError> {
    let is_plain = call.client_id.is_none() && call.secret.is_none() && call.headers.is_empty();
    if let (true, Some(headers)) = (is_plain, &client.authorized) {
        return Ok(Cow::Borrowed(headers));
    }
    let mut headers = client.headers.clone();
    headers::add(&mut headers, &call.headers)?;
    client.credentials.add_to(&mut headers, client.peer, call)?;
    Ok(Cow::Owned(headers))
}
