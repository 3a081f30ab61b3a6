//! What commands use of the environment. The caller reads it.

use secrecy::SecretString;
use utdk_plaid_client::Config;

/// The environment of a command, as its caller read it.
#[derive(Debug, Default)]
pub struct Environment {
    /// The credentials, and how to reach Plaid; no gateway.
    pub client: Config,
    /// Where the gateway is.
    pub gateway_url: Option<String>,
    /// Its bearer token.
    pub gateway_token: Option<SecretString>,
    /// What is installed, as names and values: for `doctor` to report.
    pub facts: Vec<(String, String)>,
}
