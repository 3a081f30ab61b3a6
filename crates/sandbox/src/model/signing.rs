//! The keys that sign webhooks: the private keys make Plaid's `Plaid-Verification` header,
//! `/webhook_verification_key/get` serves the public keys.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fastrand::Rng;
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::plaid::{ids, time};

const RECORDED_KID: &str = "6c5516e1-92dc-479e-a8ff-5a51992e0001";

/// Every key of a Sandbox. The newest signs.
pub(crate) struct Keys {
    random: Rng,
    current: Arc<Signer>,
    /// Each with the Unix second it expired at.
    expired: Vec<(Arc<Signer>, u64)>,
}

impl Keys {
    pub(crate) fn new(mut random: Rng, now: SystemTime) -> Self {
        Keys {
            current: Arc::new(Signer::new(&mut random, now)),
            expired: Vec::new(),
            random,
        }
    }

    pub(crate) fn current(&self) -> Arc<Signer> {
        Arc::clone(&self.current)
    }

    /// Makes a new key the current one. Returns its `kid`. The key before it is still served, as
    /// expired: receivers must refuse it (documented).
    pub(crate) fn rotate(&mut self, now: SystemTime) -> String {
        let new = Arc::new(Signer::new(&mut self.random, now));
        let kid = new.kid.clone();
        let old = std::mem::replace(&mut self.current, new);
        self.expired.push((old, time::unix(now)));
        kid
    }

    /// The public key with this `kid`, as Plaid shows it. The test suites of Plaid's own SDKs ask for
    /// one fixed key of Plaid's Sandbox (observed in 2020): it is served, and signs nothing here.
    pub(crate) fn jwk(&self, kid: &str) -> Option<Value> {
        if kid == RECORDED_KID {
            return Some(json!({
                "alg": "ES256",
                "created_at": 1_560_466_143,
                "crv": "P-256",
                "expired_at": null,
                "kid": RECORDED_KID,
                "kty": "EC",
                "use": "sig",
                "x": "35lvC8uz2QrWpQJ3TUH8t9o9DURMp7ydU518RKDl20k",
                "y": "I8BuXB2bvxelzJAd7OKhd-ZwjCst05Fx47Mb_0ugros",
            }));
        }
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
    /// The coordinates of the public key, in base64.
    x: String,
    y: String,
    /// A UUID (observed).
    kid: String,
    /// Unix seconds.
    created_at: u64,
}

impl Signer {
    fn new(random: &mut Rng, now: SystemTime) -> Self {
        let key = loop {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            // Fails for one draw in four billion: zero, or at least the order of the curve.
            if let Ok(key) = SecretKey::from_slice(&bytes) {
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
            .expect("the public key is the private key's"),
            random: system,
            x: coordinate(point.x()),
            y: coordinate(point.y()),
            kid: ids::uuid(random),
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

    /// The JWT for `body`; `iat` in Unix seconds (documented).
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
            .expect("the system gives random numbers");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        format!("{signed}.{signature}")
    }
}
