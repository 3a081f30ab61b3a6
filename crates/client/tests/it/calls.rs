//! What the tests send, and the limit on how long they wait.

use std::time::Duration;

use utdk_plaid_client::{Client, Config, ResetLogin};

pub(crate) const ACCESS_TOKEN: &str = "access-sandbox-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
pub(crate) const CLIENT_ID: &str = "5f3a9c0d1e2b4a6788990011";
pub(crate) const SECRET: &str = "3d9e5b7f1a2c4e6d8f0b1a3c5e7d99";

/// Plaid's reply when the login was reset.
pub(crate) const DONE: &str = r#"{"reset_login":true,"request_id":"m8MDnv9okwxFNBV"}"#;

/// The settings for a test: credentials, and `base_url`.
pub(crate) fn config(base_url: &str) -> Config {
    Config {
        client_id: Some(CLIENT_ID.into()),
        secret: Some(SECRET.into()),
        base_url: Some(base_url.to_owned()),
        ..Config::default()
    }
}

pub(crate) fn client(base_url: &str) -> Client {
    Client::new(config(base_url)).expect("the settings are good")
}

pub(crate) fn call() -> ResetLogin {
    ResetLogin::new(ACCESS_TOKEN.into())
}

/// Fails the test if `happening` takes too long. The limit is longer than any pause of a busy
/// machine.
pub(crate) async fn within<T>(happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), happening)
        .await
        .expect("it did not happen within 20 s")
}
