//! When a failed attempt is retried.

use std::time::{Duration, SystemTime};

use http::header::HeaderValue;

use crate::error::Error;

/// A failed attempt, and how long the server asks to wait.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) retry_after: Option<Duration>,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            retry_after: None,
        }
    }
}

/// Exponential with full jitter: up to half a second after the first attempt, up to one second after
/// the second, and so on up to eight.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let ceiling = Duration::from_millis(500) * 2_u32.pow(attempts.saturating_sub(1).min(4));
    ceiling.mul_f64(fastrand::f64())
}

/// `Retry-After` in either of its forms: seconds, or a date. A date in the past means no wait.
pub(crate) fn seconds_to_wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is a longer wait than any that does.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
