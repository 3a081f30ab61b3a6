//! The credentials that a Sandbox accepts: given ones, or any.

use hyper::Method;
use secrecy::ExposeSecret;
use utdk_plaid_sandbox::{Config, Sandbox};

use crate::plaid::{JSON, Plaid};

const CLIENT_ID: &str = "0123456789abcdef01234567";
const SECRET: &str = "an-app's-own-test-secret";

/// The error code for a pair of credentials, or that of the missing field after them.
async fn code(plaid: &Plaid, client_id: &str, secret: &str) -> String {
    let headers = [
        ("content-type", JSON),
        ("plaid-client-id", client_id),
        ("plaid-secret", secret),
    ];
    let reply = plaid.send(Method::POST, "/item/get", &headers, "{}").await;
    reply.error_code()
}

#[tokio::test]
async fn given_credentials_are_the_only_ones() {
    let plaid = Plaid::start_with(Config {
        client_id: Some(CLIENT_ID.to_owned()),
        secret: Some(SECRET.into()),
        ..Config::default()
    })
    .await;
    assert_eq!(plaid.sandbox.client_id(), CLIENT_ID);
    assert_eq!(plaid.sandbox.secret().expose_secret(), SECRET);
    assert_eq!(code(&plaid, CLIENT_ID, SECRET).await, "MISSING_FIELDS");
    assert_eq!(code(&plaid, CLIENT_ID, "another").await, "INVALID_API_KEYS");
    plaid.sandbox.reset().await;
    assert_eq!(code(&plaid, CLIENT_ID, SECRET).await, "MISSING_FIELDS");
}

#[tokio::test]
async fn any_credentials_are_accepted_if_they_are_well_formed() {
    let plaid = Plaid::start_with(Config {
        any_credentials: true,
        ..Config::default()
    })
    .await;
    let own = plaid.sandbox.client_id().to_owned();
    for (client_id, secret) in [(CLIENT_ID, SECRET), (own.as_str(), plaid.secret())] {
        assert_eq!(code(&plaid, client_id, secret).await, "MISSING_FIELDS");
    }
    assert_eq!(code(&plaid, "an-id", SECRET).await, "INVALID_FIELD");
    assert_eq!(code(&plaid, CLIENT_ID, "").await, "INVALID_FIELD");
}

#[tokio::test]
async fn credentials_that_are_not_well_formed_are_refused_at_the_start() {
    let wrong_ids = [
        "",
        "0123",
        "0123456789abcdef0123456g",
        "0123456789abcdef012345678",
    ];
    let long = "a".repeat(257);
    let wrong_secrets = ["", "a b", "a\n", "\u{e4}", &long];
    let ids = wrong_ids.map(|id| (Some(id.to_owned()), None, "clientId"));
    let secrets = wrong_secrets.map(|secret| (None, Some(secret.into()), "secret"));
    for (client_id, secret, field) in ids.into_iter().chain(secrets) {
        let error = Sandbox::start(Config {
            client_id,
            secret,
            ..Config::default()
        })
        .await
        .unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("INVALID_OPTION", Some(field))
        );
    }
}
