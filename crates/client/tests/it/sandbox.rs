//! The call against the local Sandbox: its effect on an Item, and which credentials it sends.

use utdk_plaid_client::{Client, Config, Error, ResetLogin};
use utdk_plaid_sandbox::{NewItem, Sandbox};

use crate::calls::{call, within};

async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(utdk_plaid_sandbox::Config::default()).await;
    sandbox.expect("a free port")
}

/// The settings that a user of `sandbox` would have.
fn config(sandbox: &Sandbox) -> Config {
    Config {
        client_id: Some(sandbox.client_id().into()),
        secret: Some(sandbox.secret().clone()),
        base_url: Some(sandbox.url().to_owned()),
        ..Config::default()
    }
}

fn client(config: Config) -> Client {
    Client::new(config).expect("the settings are good")
}

fn call_for_new_item(sandbox: &Sandbox) -> ResetLogin {
    let item = sandbox.create_item(NewItem::default());
    ResetLogin::new(item.expect("an Item").access_token)
}

#[tokio::test]
async fn a_fresh_item_is_broken_by_one_request() {
    let sandbox = sandbox().await;

    let outcome = within(client(config(&sandbox)).reset_login(call_for_new_item(&sandbox))).await;

    let reply = outcome.result.expect("a reply");
    assert!(reply.reset_login);
    assert!(!reply.request_id.is_empty());
    assert_eq!((outcome.attempts, outcome.status), (1, Some(200)));
}

#[tokio::test]
async fn an_item_that_is_broken_already_can_be_reset_again() {
    let sandbox = sandbox().await;
    let client = client(config(&sandbox));
    let first = call_for_new_item(&sandbox);
    let second = ResetLogin::new(first.access_token.clone());

    let mut ids = Vec::new();
    for call in [first, second] {
        let reply = within(client.reset_login(call)).await.result;
        let reply = reply.expect("a reply");
        assert!(reply.reset_login);
        ids.push(reply.request_id);
    }

    assert_ne!(ids[0], ids[1], "each request has an id of its own");
}

#[tokio::test]
async fn a_wrong_secret_is_an_api_error_that_names_the_request() {
    let sandbox = sandbox().await;
    let client = client(Config {
        secret: Some("0123456789abcdef0123456789abcd".into()),
        ..config(&sandbox)
    });

    let outcome = within(client.reset_login(call_for_new_item(&sandbox))).await;

    let Err(Error::Api(error)) = outcome.result else {
        panic!("an api error was expected: {outcome:?}");
    };
    assert_eq!(error.status, 400);
    assert_eq!(error.error_type, "INVALID_INPUT");
    assert_eq!(error.error_code, "INVALID_API_KEYS");
    assert!(error.request_id.is_some_and(|id| !id.is_empty()));
    assert_eq!((outcome.attempts, outcome.status), (1, Some(400)));
}

#[tokio::test]
async fn the_credentials_of_a_call_replace_the_clients() {
    let sandbox = sandbox().await;
    let wrong = client(Config {
        client_id: Some("000000000000000000000000".into()),
        secret: Some("000000000000000000000000000000".into()),
        ..config(&sandbox)
    });
    let none = client(Config {
        client_id: None,
        secret: None,
        ..config(&sandbox)
    });

    for client in [wrong, none] {
        let outcome = within(client.reset_login(ResetLogin {
            client_id: Some(sandbox.client_id().into()),
            secret: Some(sandbox.secret().clone()),
            ..call_for_new_item(&sandbox)
        }))
        .await;
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_credentials() {
    let sandbox = sandbox().await;
    for (client_id, secret, field) in [
        (None, Some(sandbox.secret().clone()), "clientId"),
        (Some(sandbox.client_id().into()), None, "secret"),
    ] {
        let client = client(Config {
            client_id,
            secret,
            ..config(&sandbox)
        });

        let outcome = within(client.reset_login(call())).await;

        let Err(Error::Usage(error)) = outcome.result else {
            panic!("a usage error was expected: {outcome:?}");
        };
        assert_eq!((error.code, error.field), ("MISSING_CREDENTIALS", field));
        assert_eq!((outcome.attempts, outcome.status), (0, None));
    }
}
