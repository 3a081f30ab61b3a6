//! The key that signs webhooks: Plaid's `Plaid-Verification` header, and the public half that
//! `/webhook_verification_key/get` hands out.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{random::Random, time};

/// An ECDSA key on P-256, one for the lifetime of a Sandbox.
pub(crate) struct Signer {
    key: SigningKey,
    /// A uuid (observed).
    kid: String,
    /// Unix seconds.
    created_at: u64,
}

impl Signer {
    pub(crate) fn new(random: &mut Random) -> Self {
        let key = loop {
            // Zero and the numbers above the curve's order are no keys: one draw in four billion.
            if let Ok(key) = SigningKey::from_slice(&random.bytes()) {
                break key;
            }
        };
        Signer {
            key,
            kid: random.uuid(),
            created_at: time::unix(time::now()),
        }
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as Plaid shows it (observed).
    pub(crate) fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        json!({
            "alg": "ES256",
            "created_at": self.created_at,
            "crv": "P-256",
            "expired_at": null,
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
