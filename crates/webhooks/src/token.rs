//! The JWT of a `Plaid-Verification` header.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::VerifyError;

/// Plaid's have fewer than 400 bytes.
const LONGEST_TOKEN: usize = 4 << 10;

/// Plaid's are UUIDs. They are kept, and sent to Plaid.
const LONGEST_KID: usize = 128;

/// A point of P-256, uncompressed.
pub(crate) type PublicKey = [u8; 65];

/// What the JWT says. It may be forged until [`Token::is_signed_by`] has checked it.
pub(crate) struct Token {
    /// The id of the key.
    pub(crate) kid: String,
    /// When it was signed, in Unix seconds.
    pub(crate) iat: u64,
    /// The SHA-256 of the body.
    pub(crate) body_hash: [u8; 32],
    signed: String,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Payload {
    iat: u64,
    request_body_sha256: String,
}

impl Token {
    /// Reads the header's value.
    ///
    /// # Errors
    ///
    /// [`VerifyError::WrongAlgorithm`], or [`VerifyError::MalformedSignature`] for a text that is no
    /// JWT of Plaid's.
    pub(crate) fn read(text: &str) -> Result<Self, VerifyError> {
        if text.len() > LONGEST_TOKEN {
            return Err(malformed("is longer than 4 KiB"));
        }
        if text.contains(',') {
            return Err(malformed("has more than one value: it was sent twice"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("is not a JWT: it must have three parts"));
        };
        let signed = &text[..header.len() + 1 + payload.len()];
        let header: Header =
            decode(header).ok_or_else(|| malformed("is not a JWT: its header is not JSON"))?;
        if header.alg != "ES256" {
            return Err(VerifyError::WrongAlgorithm);
        }
        if header.crit.is_some() {
            return Err(malformed("has extensions (crit), which Plaid does not use"));
        }
        let kid = header.kid.unwrap_or_default();
        if kid.is_empty() || kid.len() > LONGEST_KID {
            return Err(malformed("names no key"));
        }
        let payload: Payload = decode(payload)
            .ok_or_else(|| malformed("has no iat and request_body_sha256 as Plaid's have"))?;
        let body_hash = hash(&payload.request_body_sha256)
            .ok_or_else(|| malformed("has a request_body_sha256 that is not a SHA-256"))?;
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| malformed("is not a JWT: its signature is not base64url"))?;
        Ok(Self {
            kid,
            iat: payload.iat,
            body_hash,
            signed: signed.to_owned(),
            signature,
        })
    }

    /// Checks the signature.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }
}

fn malformed(problem: &'static str) -> VerifyError {
    VerifyError::MalformedSignature { problem }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The bytes of 64 hex digits.
fn hash(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let digits = hex.as_bytes();
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(16 * digit(0)? + digit(1)?).ok()?;
    }
    Some(hash)
}
