//! The hash of a body.

use ring::digest::{SHA256, digest};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::elsewhere::elsewhere;
use crate::error::VerifyError;

/// A longer body is hashed on a thread of its own: other calls must not wait.
const LONG: usize = 256 << 10;

/// Checks that `body` has the signed hash.
///
/// # Errors
///
/// [`VerifyError::BodyMismatch`].
pub(crate) async fn check(body: Vec<u8>, signed: [u8; 32]) -> Result<(), VerifyError> {
    if body.len() <= LONG {
        return compare(&body, signed);
    }
    elsewhere(move || compare(&body, signed)).await
}

fn compare(body: &[u8], signed: [u8; 32]) -> Result<(), VerifyError> {
    match has_hash(body, &signed) {
        true => Ok(()),
        false => Err(VerifyError::BodyMismatch {
            is_serialized_again: body.len() <= LONG && is_serialized_again(body, &signed),
        }),
    }
}

/// In constant time.
fn has_hash(body: &[u8], signed: &[u8; 32]) -> bool {
    digest(&SHA256, body).as_ref().ct_eq(signed).into()
}

/// Whether the same JSON has the signed hash as Plaid writes it: indented by two, names in order
/// (observed), and `<`, `>`, `&` escaped.
fn is_serialized_again(body: &[u8], signed: &[u8; 32]) -> bool {
    let Ok(parsed) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let indented = format!("{parsed:#}");
    let escaped = escaped(&indented);
    [parsed.to_string(), indented, escaped]
        .iter()
        .any(|text| has_hash(text.as_bytes(), signed))
}

fn escaped(json: &str) -> String {
    // Outside of texts, JSON has none of these.
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}
