//! The keys that sign webhooks: Plaid's `Plaid-Verification` header, and the public halves that
//! `/webhook_verification_key/get` hands out.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{random::Random, time};

/// Every key of a Sandbox. Webhooks are signed by the newest.
pub(crate) struct Keys {
    random: Random,
    current: Arc<Signer>,
    /// With the Unix seconds at which each expired.
    expired: Vec<(Arc<Signer>, u64)>,
}

impl Keys {
    pub(crate) fn new(mut random: Random, now: SystemTime) -> Self {
        Keys {
            current: Arc::new(Signer::new(&mut random, now)),
            expired: Vec::new(),
            random,
        }
    }

    pub(crate) fn current(&self) -> Arc<Signer> {
        Arc::clone(&self.current)
    }

    /// Makes a new key the current one, and returns its `kid`. The last one is still handed out,
    /// as expired: receivers are to refuse it (documented).
    pub(crate) fn rotate(&mut self, now: SystemTime) -> String {
        let new = Arc::new(Signer::new(&mut self.random, now));
        let kid = new.kid.clone();
        let old = std::mem::replace(&mut self.current, new);
        self.expired.push((old, time::unix(now)));
        kid
    }

    /// The public key of this `kid` as Plaid shows it, if there is one.
    pub(crate) fn jwk(&self, kid: &str) -> Option<Value> {
        if kid == self.current.kid {
            return Some(self.current.jwk(None));
        }
        let expired = self.expired.iter().find(|(signer, _)| signer.kid == kid);
        expired.map(|(signer, at)| signer.jwk(Some(*at)))
    }
}

/// An ECDSA key on P-256.
pub(crate) struct Signer {
    key: SigningKey,
    /// A uuid (observed).
    kid: String,
    /// Unix seconds.
    created_at: u64,
}

impl Signer {
    fn new(random: &mut Random, now: SystemTime) -> Self {
        let key = loop {
            // Zero and the numbers above the curve's order are no keys: one draw in four billion.
            if let Ok(key) = SigningKey::from_slice(&random.bytes()) {
                break key;
            }
        };
        Signer {
            key,
            kid: random.uuid(),
            created_at: time::unix(now),
        }
    }

    /// The public key as Plaid shows it (observed).
    fn jwk(&self, expired_at: Option<u64>) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        json!({
            "alg": "ES256",
            "created_at": self.created_at,
            "crv": "P-256",
            "expired_at": expired_at,
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": point.x().map(|x| BASE64_URL_SAFE_NO_PAD.encode(x)),
            "y": point.y().map(|y| BASE64_URL_SAFE_NO_PAD.encode(y)),
        })
    }

    /// The JWT that vouches for `body`; `iat` in Unix seconds (documented).
    pub(crate) fn sign(&self, body: &str, iat: u64) -> String {
        let header = json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" });
        let hash: String = Sha256::digest(body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let payload = json!({ "iat": iat, "request_body_sha256": hash });
        let signed = format!(
            "{}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
            BASE64_URL_SAFE_NO_PAD.encode(payload.to_string()),
        );
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("{signed}.{signature}")
    }
}
