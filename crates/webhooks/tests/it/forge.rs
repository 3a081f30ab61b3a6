//! JWTs that no Plaid signed.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::plaid::BODY;

/// A key that Plaid does not know.
pub(crate) struct Forger(EcdsaKeyPair);

impl Forger {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
    }

    /// A JWT with this header and payload, and a good signature of this key.
    pub(crate) fn sign(&self, header: &Value, payload: &Value) -> String {
        let signed = unsigned(header, payload);
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", base64(signature))
    }

    /// A good JWT of this key for [`BODY`].
    pub(crate) fn webhook(&self, kid: &str) -> String {
        self.sign(&header(kid), &payload())
    }

    /// The public key, as the reply of the key service.
    pub(crate) fn reply(&self, kid: &str) -> Value {
        let point = self.0.public_key().as_ref();
        json!({
            "key": {
                "alg": "ES256",
                "created_at": 1_560_466_143,
                "crv": "P-256",
                "expired_at": null,
                "kid": kid,
                "kty": "EC",
                "use": "sig",
                "x": base64(&point[1..33]),
                "y": base64(&point[33..]),
            },
            "request_id": "141b05d20f5dcdb",
        })
    }
}

pub(crate) fn header(kid: &str) -> Value {
    json!({ "alg": "ES256", "kid": kid, "typ": "JWT" })
}

/// A payload for [`BODY`], signed now.
pub(crate) fn payload() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let hash = digest(&SHA256, BODY.as_bytes());
    let hex: String = hash.as_ref().iter().map(|it| format!("{it:02x}")).collect();
    json!({ "iat": now.as_secs(), "request_body_sha256": hex })
}

/// The first two parts of a JWT.
pub(crate) fn unsigned(header: &Value, payload: &Value) -> String {
    format!(
        "{}.{}",
        base64(header.to_string()),
        base64(payload.to_string())
    )
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The id of the key that signed a JWT.
pub(crate) fn kid(jwt: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
