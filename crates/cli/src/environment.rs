//! The settings from environment variables.

use secrecy::SecretString;
use utdk_plaid_client::Config;

/// The settings from environment variables, read by the caller.
#[derive(Debug, Default)]
pub struct Environment {
    /// The credentials, and how to reach Plaid; no gateway.
    pub client: Config,
    /// The URL of the gateway.
    pub gateway_url: Option<String>,
    /// Its bearer token.
    pub gateway_token: Option<SecretString>,
    /// What is installed, as names and values, for `doctor`.
    pub facts: Vec<(String, String)>,
}
