//! Looks at a server's certificate for what ring and webpki do not support, so that its refusal can
//! name the reason: their own errors do not.

use rustls::pki_types::CertificateDer;

/// Why a certificate cannot be verified, independent of who signed it.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnsupportedCertificate {
    #[error("the server's certificate is of X.509 version 1 or 2: this client accepts version 3")]
    Version,
    #[error("the server's certificate has an RSA key of {0} bits: this client accepts {ACCEPTED}")]
    RsaLength(usize),
    #[error("the server's certificate has a key of the kind {0}: this client accepts {ACCEPTED}")]
    Key(&'static str),
}

const ACCEPTED: &str = "RSA from 2048 to 8192 bits, P-256, P-384 and Ed25519";

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];

/// What the certificate has that is not supported. A certificate that cannot be read is left to the
/// verifier.
pub(crate) fn unsupported(certificate: &CertificateDer<'_>) -> Option<UnsupportedCertificate> {
    use UnsupportedCertificate::{Key, RsaLength, Version};
    let mut certificate = element(certificate)?.content;
    let mut fields = next(&mut certificate)?.content;
    // RFC 5280 §4.1: the version is tagged [0], and only version 3 has the other fields too.
    let first = next(&mut fields)?;
    match (first.tag, first.content) {
        (VERSION, [INTEGER, 1, 2]) => {}
        _ => return Some(Version),
    }
    // Serial number, signature algorithm, issuer, validity, subject; then the key.
    for _ in 0..5 {
        next(&mut fields)?;
    }
    let mut key = next(&mut fields)?.content;
    let mut algorithm = next(&mut key)?.content;
    let bits = next(&mut key)?.content;
    match next(&mut algorithm)?.content {
        RSA => {
            // After the count of unused bits: a sequence of modulus and exponent.
            let mut numbers = element(bits.get(1..)?)?.content;
            let modulus = next(&mut numbers)?.content;
            let length = bit_length(modulus);
            (!(2048..=8192).contains(&length)).then_some(RsaLength(length))
        }
        EC => match next(&mut algorithm)?.content {
            P256 | P384 => None,
            P521 => Some(Key("P-521")),
            SECP256K1 => Some(Key("secp256k1")),
            _ => Some(Key("an elliptic curve other than P-256 and P-384")),
        },
        ED25519 => None,
        RSA_PSS => Some(Key("RSA-PSS")),
        ED448 => Some(Key("Ed448")),
        DSA => Some(Key("DSA")),
        _ => None,
    }
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

fn element(mut der: &[u8]) -> Option<Element<'_>> {
    next(&mut der)
}

/// Takes the first element off `der`.
fn next<'a>(der: &mut &'a [u8]) -> Option<Element<'a>> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 3 {
            return None;
        }
        length = bytes
            .iter()
            .fold(0, |length, &byte| length << 8 | usize::from(byte));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    *der = rest;
    Some(Element { tag, content })
}

fn bit_length(integer: &[u8]) -> usize {
    let significant = integer.iter().skip_while(|&&byte| byte == 0);
    let bytes = significant.clone().count();
    let leading = significant
        .clone()
        .next()
        .map_or(0, |byte| byte.leading_zeros());
    (bytes * 8).saturating_sub(leading as usize)
}
