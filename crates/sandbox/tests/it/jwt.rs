//! Verifies the `Plaid-Verification` header as a receiver does: gets the key, checks the signature
//! and the hash of the body.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::plaid::Plaid;

/// A JWT that was verified with the published key.
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) payload: Value,
}

impl Jwt {
    /// Checks the signature of `verification` and its hash of `body`.
    pub(crate) async fn verified(plaid: &Plaid, verification: &str, body: &[u8]) -> Jwt {
        let parts: Vec<&str> = verification.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("a JWT has three parts");
        };
        let jwt = Jwt {
            header: decoded(header),
            payload: decoded(payload),
        };
        let key = key(plaid, jwt.kid()).await;
        let mut point = vec![4];
        point.extend(bytes(key["x"].as_str().unwrap()));
        point.extend(bytes(key["y"].as_str().unwrap()));
        let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
        let signed = format!("{header}.{payload}");
        let signature = Signature::from_slice(&bytes(signature)).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();

        let digest = Sha256::digest(body);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(jwt.payload["request_body_sha256"], hex);
        jwt
    }

    pub(crate) fn kid(&self) -> &str {
        self.header["kid"].as_str().unwrap()
    }

    /// In Unix seconds.
    pub(crate) fn iat(&self) -> u64 {
        self.payload["iat"].as_u64().unwrap()
    }
}

/// The id of the key that signed a JWT.
pub(crate) fn kid(verification: &str) -> String {
    let header = verification.split('.').next().unwrap();
    decoded(header)["kid"].as_str().unwrap().to_owned()
}

/// A key, as Plaid's route returns it.
pub(crate) async fn key(plaid: &Plaid, kid: &str) -> Value {
    let fields = json!({ "key_id": kid });
    let reply = plaid.post("/webhook_verification_key/get", fields).await;
    assert_eq!(reply.status, 200);
    reply.json()["key"].clone()
}

fn bytes(base64: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(base64).unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&bytes(part)).unwrap()
}
