//! The form of Plaid's ids.

use fastrand::Rng;

/// Whether this has the form of a `client_id`: every one that Plaid issues is 24 hex characters
/// (observed).
pub(crate) fn is_client_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 15 lowercase hex characters (observed).
pub(crate) fn request_id(random: &mut Rng) -> String {
    hex(random, 15)
}

/// The id of an Item or an account: 37 characters of base 62 (observed).
pub(crate) fn object_id(random: &mut Rng) -> String {
    (0..37).map(|_| random.alphanumeric()).collect()
}

/// An id of the form of [`object_id`] that always comes out the same for `seed` and `key`.
pub(crate) fn derived_id(seed: u64, key: u64) -> String {
    // Keys are close together: spread them over the whole range.
    let mut random = Rng::with_seed(seed ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    object_id(&mut random)
}

/// The id in the URL of a Hosted Link (observed): `ls` and 32 hex characters, their letters moved by
/// thirteen.
pub(crate) fn hosted_link_id(random: &mut Rng) -> String {
    let moved = |character| match character {
        'a'..='f' => char::from(character as u8 + 13),
        _ => character,
    };
    let id: String = hex(random, 32).chars().map(moved).collect();
    format!("ls{id}")
}

/// A version 4 UUID.
pub(crate) fn uuid(random: &mut Rng) -> String {
    "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"
        .chars()
        .map(|character| match character {
            'x' => random.digit(16),
            'v' => random.choice(['8', '9', 'a', 'b']).unwrap_or('8'),
            fixed => fixed,
        })
        .collect()
}

pub(crate) fn hex(random: &mut Rng, length: usize) -> String {
    (0..length).map(|_| random.digit(16)).collect()
}
