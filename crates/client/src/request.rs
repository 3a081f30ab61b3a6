//! The input of one call.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

/// The input of one call. What is `None` comes from the [`Client`](crate::Client).
pub struct ResetLogin {
    /// The Item's token; must start with `access-sandbox-`.
    pub access_token: SecretString,
    /// Replaces the client's own; sent in the body instead of a header.
    pub client_id: Option<SecretString>,
    /// Replaces the client's own; sent in the body instead of a header.
    pub secret: Option<SecretString>,
    /// The deadline of this call, retries included.
    pub timeout: Option<Duration>,
    /// How many times a failed attempt of this call is retried.
    pub max_retries: Option<u32>,
    /// Headers added to this call; they replace the client's of the same name.
    pub headers: Vec<(String, String)>,
    /// Whether the outcome has the headers of the reply.
    pub keep_headers: bool,
}

impl ResetLogin {
    /// A call with the client's own settings.
    pub fn new(access_token: SecretString) -> Self {
        Self {
            access_token,
            client_id: None,
            secret: None,
            timeout: None,
            max_retries: None,
            headers: Vec::new(),
            keep_headers: false,
        }
    }
}

/// Omits every field that can hold a credential; a header can.
impl fmt::Debug for ResetLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLogin")
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}
