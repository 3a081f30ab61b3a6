//! The keys that sign webhooks: Plaid's `Plaid-Verification` header, and the public halves that
//! `/webhook_verification_key/get` hands out.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
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
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// The public key's coordinates, in base64.
    x: String,
    y: String,
    /// A uuid (observed).
    kid: String,
    /// Unix seconds.
    created_at: u64,
}

impl Signer {
    fn new(random: &mut Random, now: SystemTime) -> Self {
        let key = loop {
            // Zero and the numbers above the curve's order are no keys: one draw in four billion.
            if let Ok(key) = SecretKey::from_slice(&random.bytes()) {
                break key;
            }
        };
        let point = key.public_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&_>| {
            bytes.map_or_else(String::new, |bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
        };
        let system = SystemRandom::new();
        Signer {
            key: EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &key.to_bytes(),
                point.as_bytes(),
                &system,
            )
            .expect("the two halves belong together"),
            random: system,
            x: coordinate(point.x()),
            y: coordinate(point.y()),
            kid: random.uuid(),
            created_at: time::unix(now),
        }
    }

    /// The public key as Plaid shows it (observed).
    fn jwk(&self, expired_at: Option<u64>) -> Value {
        json!({
            "alg": "ES256",
            "created_at": self.created_at,
            "crv": "P-256",
            "expired_at": expired_at,
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": self.x,
            "y": self.y,
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
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .expect("the system has random numbers");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        format!("{signed}.{signature}")
    }
}
