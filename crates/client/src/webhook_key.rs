//! The keys that sign webhooks: `POST /webhook_verification_key/get`.

use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::attempts::{self, Prepared, Progress, Shared};
use crate::call::{self, Outcome};
use crate::config::Config;
use crate::error::{Error, UsageError};
use crate::request::ResetLogin;
use crate::target;
use crate::wire::{self, Peer};

/// The connections by which keys are fetched. Cheap to clone.
#[derive(Clone)]
pub struct WebhookKeys {
    shared: Arc<Shared>,
}

/// A public key, field for field as Plaid documents it.
#[derive(Debug, Deserialize)]
pub struct WebhookKey {
    /// `ES256`.
    pub alg: String,
    /// `P-256`.
    pub crv: String,
    /// When it expired, in Unix seconds; `None` for a key that signs.
    pub expired_at: Option<i64>,
    /// Its id.
    pub kid: String,
    /// `EC`.
    pub kty: String,
    /// A coordinate of the key, in base64url.
    pub x: String,
    /// The other one.
    pub y: String,
}

impl WebhookKeys {
    /// Unlike a [`Client`](crate::Client), it takes the base URL of every environment of Plaid's:
    /// reading a public key changes nothing. A gateway is ignored.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        let base_url = config.base_url.as_deref();
        let url = target::key_url(base_url.unwrap_or(target::DEFAULT_BASE_URL))?;
        let config = Config {
            gateway: None,
            ..config
        };
        let shared = Arc::new(Shared::new(config, Peer::Plaid, url)?);
        Ok(Self { shared })
    }

    /// Fetches the key with this id.
    pub async fn fetch(&self, key_id: &str) -> Outcome<WebhookKey> {
        let mut progress = Progress::default();
        let result = self.send(key_id, &mut progress).await;
        Outcome::new(result, progress)
    }

    async fn send(&self, key_id: &str, progress: &mut Progress) -> Result<WebhookKey, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            key_id: &'a str,
        }
        #[derive(Deserialize)]
        struct Reply {
            key: WebhookKey,
        }
        let client = &*self.shared;
        // It brings no credentials of its own.
        let call = ResetLogin::new(SecretString::default());
        let headers = call::headers(client, &call)?;
        let body = serde_json::to_vec(&Body { key_id }).expect("a string is always JSON");
        let request = Prepared {
            headers: &headers,
            body: body.into(),
            secrets: client.credentials.secrets(&call, &headers),
            time_limit: client.timeout,
            keep_headers: false,
            max_retries: client.max_retries,
        };
        let answer = attempts::run(client, &request, progress).await?;
        let reply: Reply = answer.read(|body| wire::parse(200, body))?;
        Ok(reply.key)
    }
}
