//! Recognises text that looks like a secret. The Sandbox does not repeat such text in logs or
//! errors: a caller may have put a secret into any field by mistake.

/// The first words of Plaid's tokens (documented).
const KINDS: [&str; 6] = ["access", "public", "link", "user", "processor", "assets"];

/// `text`, or a placeholder if it contains a secret.
pub(crate) fn without_secrets(text: &str) -> &str {
    match contains_secret(text) {
        true => "(not shown)",
        false => text,
    }
}

/// Whether `text` contains a Plaid token or a Plaid `secret`, judged by form.
pub(crate) fn contains_secret(text: &str) -> bool {
    is_token(text) || contains_token(text) || contains_api_secret(text)
}

/// Whether `text` starts like a token, whatever follows.
fn is_token(text: &str) -> bool {
    ["access-", "public-", "link-"]
        .iter()
        .any(|kind| text.starts_with(kind))
}

/// For instance `access-production-`.
fn contains_token(text: &str) -> bool {
    ["-sandbox-", "-development-", "-production-"]
        .iter()
        .flat_map(|environment| text.match_indices(environment))
        .any(|(at, _)| KINDS.iter().any(|kind| text[..at].ends_with(kind)))
}

/// A Plaid secret is 30 hex characters (observed).
fn contains_api_secret(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_hexdigit())
        .any(|part| part.len() == 30)
}
