//! The keys that sign webhooks, by their ids: fetched once, and kept.
//!
//! Anyone can send a webhook with a made-up id. So unknown ids are remembered for a minute, they are
//! asked for at a limited rate, and everything that is kept has a bound.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;
use utdk_plaid_client::{Error, WebhookKey, WebhookKeys};

use crate::error::VerifyError;
use crate::token::PublicKey;

/// Plaid's error for an id that it does not know (documented).
const UNKNOWN: &str = "INVALID_WEBHOOK_VERIFICATION_KEY_ID";

/// How many ids are kept. Plaid has a few keys for each environment.
const MOST_KEPT: usize = 512;

/// How long an id that Plaid does not know is not asked for again.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);

/// How many requests for unknown ids, or without an answer, are made at once.
const BURST: u32 = 20;

/// One more such request is allowed after each.
const REFILL: Duration = Duration::from_secs(1);

/// The keys of one environment.
pub(crate) struct Keys {
    source: WebhookKeys,
    cache: Arc<Mutex<Cache>>,
}

struct Cache {
    slots: HashMap<String, Slot>,
    /// How many requests that may be in vain are left.
    left: u32,
    /// When [`Self::left`] was last refilled.
    refilled: Instant,
}

enum Slot {
    Key(Key),
    /// Plaid did not know the id at this time.
    Unknown(Instant),
    /// Every waiter polls the same request.
    Asking {
        asking: Asking,
        before: Option<Key>,
    },
}

type Asking = Shared<BoxFuture<'static, Result<Key, VerifyError>>>;

/// A key, and what is known of it.
#[derive(Clone, Copy)]
struct Key {
    public: PublicKey,
    /// It is refused (documented), and stays so.
    is_expired: bool,
    /// It may have expired since it was fetched.
    is_stale: bool,
    fetched: Instant,
}

enum Found {
    Key(Key),
    Asking(Asking),
}

impl Keys {
    pub(crate) fn new(source: WebhookKeys) -> Self {
        let cache = Cache {
            slots: HashMap::new(),
            left: BURST,
            refilled: Instant::now(),
        };
        Self {
            source,
            cache: Arc::new(Mutex::new(cache)),
        }
    }

    /// The key with this id.
    ///
    /// # Errors
    ///
    /// [`VerifyError::UnknownKey`], [`VerifyError::ExpiredKey`], [`VerifyError::KeyUnavailable`],
    /// [`VerifyError::TooManyUnknownKeys`] or [`VerifyError::Usage`].
    pub(crate) async fn find(&self, kid: &str) -> Result<PublicKey, VerifyError> {
        let found = lock(&self.cache).find(kid, || self.ask(kid))?;
        let key = match found {
            Found::Key(key) => key,
            Found::Asking(asking) => asking.await?,
        };
        match key.is_expired {
            true => Err(VerifyError::ExpiredKey),
            false => Ok(key.public),
        }
    }

    fn ask(&self, kid: &str) -> Asking {
        let (source, kid) = (self.source.clone(), kid.to_owned());
        // Weak: the cache holds this future.
        let cache = Arc::downgrade(&self.cache);
        fetch(source, cache, kid).boxed().shared()
    }
}

async fn fetch(
    source: WebhookKeys,
    cache: Weak<Mutex<Cache>>,
    kid: String,
) -> Result<Key, VerifyError> {
    let outcome = source.fetch(&kid).await;
    let unavailable = |error| VerifyError::KeyUnavailable {
        source: Box::new(error),
        attempts: outcome.attempts,
    };
    let answer = match outcome.result {
        Ok(key) => read(&key, &kid).map_err(unavailable),
        Err(Error::Api(api)) if api.error_code == UNKNOWN => Err(VerifyError::UnknownKey),
        Err(Error::Usage(usage)) => Err(usage.into()),
        Err(error) => Err(unavailable(error)),
    };
    if let Some(cache) = cache.upgrade() {
        lock(&cache).settle(&kid, &answer);
    }
    answer
}

fn read(key: &WebhookKey, kid: &str) -> Result<Key, Error> {
    let coordinate = |text: &str| -> Option<[u8; 32]> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok()
    };
    let is_ours = key.kid == kid && key.alg == "ES256" && key.kty == "EC" && key.crv == "P-256";
    let (true, Some(x), Some(y)) = (is_ours, coordinate(&key.x), coordinate(&key.y)) else {
        return Err(Error::Response {
            status: 200,
            problem: "has another key than an ES256 key with the id that was asked for".into(),
        });
    };
    let mut public = [0x04; 65];
    public[1..33].copy_from_slice(&x);
    public[33..].copy_from_slice(&y);
    Ok(Key {
        public,
        is_expired: key.expired_at.is_some(),
        is_stale: false,
        fetched: Instant::now(),
    })
}

impl Cache {
    /// What is known of an id; otherwise the request that `ask` starts, or one under way.
    ///
    /// # Errors
    ///
    /// [`VerifyError::UnknownKey`] or [`VerifyError::TooManyUnknownKeys`].
    fn find(&mut self, kid: &str, ask: impl FnOnce() -> Asking) -> Result<Found, VerifyError> {
        let before = match self.slots.get(kid) {
            Some(Slot::Key(key)) if key.is_expired || !key.is_stale => {
                return Ok(Found::Key(*key));
            }
            Some(Slot::Asking { asking, .. }) => return Ok(Found::Asking(asking.clone())),
            Some(Slot::Unknown(since)) if since.elapsed() < UNKNOWN_FOR => {
                return Err(VerifyError::UnknownKey);
            }
            Some(Slot::Key(key)) => Some(*key),
            Some(Slot::Unknown(_)) | None => None,
        };
        // Plaid knew the others, so they are few.
        if before.is_none() && !self.take_permit() {
            return Err(VerifyError::TooManyUnknownKeys);
        }
        self.make_room();
        let asking = ask();
        let slot = Slot::Asking {
            asking: asking.clone(),
            before,
        };
        self.slots.insert(kid.to_owned(), slot);
        Ok(Found::Asking(asking))
    }

    fn settle(&mut self, kid: &str, answer: &Result<Key, VerifyError>) {
        let before = match self.slots.remove(kid) {
            Some(Slot::Asking { before, .. }) => before,
            _ => None,
        };
        let slot = match answer {
            Ok(key) => {
                let is_new = before.is_none();
                if is_new {
                    self.left = BURST.min(self.left + 1);
                }
                // A new key, or the end of one: Plaid rotates its keys, so ask again for the others
                // (documented).
                if is_new || key.is_expired {
                    self.mark_stale();
                }
                Slot::Key(*key)
            }
            Err(VerifyError::UnknownKey) => Slot::Unknown(Instant::now()),
            Err(_) => match before {
                Some(key) => Slot::Key(key),
                None => return,
            },
        };
        self.slots.insert(kid.to_owned(), slot);
    }

    fn mark_stale(&mut self) {
        for slot in self.slots.values_mut() {
            if let Slot::Key(key) = slot {
                key.is_stale = true;
            }
        }
    }

    /// Takes a permit for a request that may be in vain, if one is left.
    fn take_permit(&mut self) -> bool {
        let elapsed = self.refilled.elapsed();
        let more = elapsed.as_nanos() / REFILL.as_nanos();
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(BURST).min(BURST);
            self.left = BURST.min(self.left + more);
            self.refilled = Instant::now();
        }
        let is_left = self.left > 0;
        self.left -= u32::from(is_left);
        is_left
    }

    /// Drops the ids that are worth least until one more can be kept.
    fn make_room(&mut self) {
        if self.slots.len() < MOST_KEPT {
            return;
        }
        let is_kept = |slot: &Slot| match slot {
            Slot::Unknown(since) => since.elapsed() < UNKNOWN_FOR,
            Slot::Key(_) | Slot::Asking { .. } => true,
        };
        self.slots.retain(|_, slot| is_kept(slot));
        while self.slots.len() >= MOST_KEPT {
            let worth = |slot: &Slot| match slot {
                Slot::Unknown(since) => (0, Some(*since)),
                Slot::Key(key) => (1, Some(key.fetched)),
                Slot::Asking { .. } => (2, None),
            };
            let least = self.slots.iter().min_by_key(|(_, slot)| worth(slot));
            let Some(kid) = least.map(|(kid, _)| kid.clone()) else {
                return;
            };
            self.slots.remove(&kid);
        }
    }
}

fn lock(cache: &Mutex<Cache>) -> MutexGuard<'_, Cache> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}
