//! The verifier: checks that cost nothing first, and the signature last.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;
use utdk_plaid_client::{UsageError, WebhookKeys};

use crate::body;
use crate::elsewhere::elsewhere;
use crate::error::VerifyError;
use crate::keys::Keys;
use crate::token::Token;

/// How far Plaid's clock may be ahead of this machine's.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Plaid waits ten seconds for the response to a webhook.
const KEY_TIMEOUT: Duration = Duration::from_secs(8);

/// The settings of a [`Verifier`].
pub struct Config {
    /// How the keys are fetched. Its base URL may be any environment of Plaid's; its time limit is
    /// not used.
    pub client: utdk_plaid_client::Config,
    /// How long after it was signed a webhook is accepted. Plaid recommends five minutes.
    pub max_age: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            client: utdk_plaid_client::Config::default(),
            max_age: Duration::from_secs(5 * 60),
        }
    }
}

/// Verifies webhooks of one environment.
pub struct Verifier {
    keys: Keys,
    max_age: Duration,
    /// A permit for each core but this thread's: a signature is checked there, so that many
    /// webhooks at once use the whole machine.
    others: Arc<Semaphore>,
}

impl Verifier {
    /// A verifier. It opens no connection until it meets a key.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        let client = utdk_plaid_client::Config {
            timeout: KEY_TIMEOUT,
            ..config.client
        };
        Ok(Self {
            keys: Keys::new(WebhookKeys::new(client)?),
            max_age: config.max_age,
            others: Arc::new(Semaphore::new(cores().saturating_sub(1))),
        })
    }

    /// Checks that Plaid signed `body` with `signature`, the value of its `Plaid-Verification`
    /// header. Must run on a tokio runtime.
    ///
    /// # Errors
    ///
    /// Why the webhook is refused.
    pub async fn verify(&self, body: Vec<u8>, signature: Option<&str>) -> Result<(), VerifyError> {
        let signature = signature.filter(|value| !value.is_empty());
        let token = Token::read(signature.ok_or(VerifyError::MissingSignature)?)?;
        self.check_time(token.iat, SystemTime::now())?;
        // Before the key: a made-up webhook with another body must cause no request.
        body::check(body, token.body_hash).await?;
        let key = self.keys.find(&token.kid).await?;
        let is_signed = match self.others.clone().try_acquire_owned() {
            Ok(permit) => {
                let check = move || {
                    let _permit = permit;
                    token.is_signed_by(&key)
                };
                elsewhere(check).await
            }
            Err(_) => token.is_signed_by(&key),
        };
        match is_signed {
            true => Ok(()),
            false => Err(VerifyError::BadSignature),
        }
    }

    fn check_time(&self, iat: u64, now: SystemTime) -> Result<(), VerifyError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let signed = Duration::from_secs(iat);
        if let Some(ahead) = signed.checked_sub(now + CLOCK_SKEW) {
            return Err(VerifyError::FromTheFuture {
                ahead_s: (ahead + CLOCK_SKEW).as_secs(),
            });
        }
        let age = now.saturating_sub(signed);
        match age > self.max_age {
            true => Err(VerifyError::TooOld {
                age_s: age.as_secs(),
                max_s: self.max_age.as_secs(),
            }),
            false => Ok(()),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
