//! The values that the tests send.

pub(crate) const ACCESS_TOKEN: &str = "access-sandbox-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

/// The gateway's own credentials.
pub(crate) const CLIENT_ID: &str = "5f3a9c0d1e2b4a6788990011";
pub(crate) const SECRET: &str = "3d9e5b7f1a2c4e6d8f0b1a3c5e7d99";

/// A caller's own credentials.
pub(crate) const OWN_ID: &str = "77aa88bb99cc00dd11ee22ff";
pub(crate) const OWN_SECRET: &str = "callers-own-0a1b2c3d4e5f60718293a4";

/// The token of a gateway that needs one.
pub(crate) const TOKEN: &str = "token-of-the-gateway-c0ffee";

/// Must not appear in any reply or log.
pub(crate) const SECRETS: [&str; 6] = [ACCESS_TOKEN, CLIENT_ID, SECRET, OWN_ID, OWN_SECRET, TOKEN];

/// The two routes of the operation.
pub(crate) const TOOL: &str = "/tools/plaid/sandboxitemresetlogin";
pub(crate) const PLAID: &str = "/sandbox/item/reset_login";

/// Plaid's reply to a successful call.
pub(crate) const DONE: &str = r#"{"request_id":"m8MDnv9okwxFNBV","reset_login":true}"#;

/// The arguments of a call.
pub(crate) fn arguments() -> String {
    format!(r#"{{"access_token":"{ACCESS_TOKEN}"}}"#)
}
