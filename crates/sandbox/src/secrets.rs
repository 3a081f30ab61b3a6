//! What looks like a secret, and is therefore not told again: wherever it stands, the Sandbox may
//! have been given it by mistake.

/// What Plaid's tokens begin with (documented).
const KINDS: [&str; 6] = ["access", "public", "link", "user", "processor", "assets"];

/// `text`, or what stands for it when it holds a secret.
pub(crate) fn without_secrets(text: &str) -> &str {
    match holds_secret(text) {
        true => "(not shown)",
        false => text,
    }
}

/// Whether something in it has the form of a token of Plaid's or of a `secret`.
pub(crate) fn holds_secret(text: &str) -> bool {
    is_token(text) || holds_token(text) || holds_api_secret(text)
}

/// Whether it begins as a token of this Sandbox's does, whatever follows.
fn is_token(text: &str) -> bool {
    ["access-", "public-", "link-"]
        .iter()
        .any(|kind| text.starts_with(kind))
}

/// Such as `access-production-`.
fn holds_token(text: &str) -> bool {
    ["-sandbox-", "-development-", "-production-"]
        .iter()
        .flat_map(|environment| text.match_indices(environment))
        .any(|(at, _)| KINDS.iter().any(|kind| text[..at].ends_with(kind)))
}

/// A Plaid secret is 30 hex characters (observed).
fn holds_api_secret(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_hexdigit())
        .any(|part| part.len() == 30)
}
