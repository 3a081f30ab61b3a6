//! No type prints a secret.

use std::fmt::Debug;

use utdk_plaid_client::{Client, Config, Gateway, Outcome, ResetLogin};

use crate::calls::{ACCESS_TOKEN, CLIENT_ID, DONE, SECRET, call, client, within};
use crate::server::{Server, reply};

const SECRETS: &[&str] = &[
    ACCESS_TOKEN,
    CLIENT_ID,
    SECRET,
    "token-of-the-gateway",
    "password-of-the-proxy",
];

fn check(printed: &impl Debug) {
    for text in [format!("{printed:?}"), format!("{printed:#?}")] {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} shows in {text}");
        }
    }
}

fn config(base_url: &str) -> Config {
    Config {
        https_proxy: Some("http://user:password-of-the-proxy@proxy.example:8080".into()),
        gateway: Some(Gateway {
            url: base_url.to_owned(),
            token: Some("token-of-the-gateway".into()),
        }),
        ..crate::calls::config(base_url)
    }
}

#[test]
fn the_settings_of_a_client_print_no_credential() {
    check(&config("http://localhost:4000"));
    check(&config("http://localhost:4000").gateway);
}

/// A header can hold a credential, such as `authorization` for a proxy in front of Plaid.
#[test]
fn the_headers_in_the_settings_of_a_client_print_no_value() {
    check(&Config {
        headers: vec![("authorization".into(), format!("Bearer {SECRET}"))],
        ..Config::default()
    });
}

#[test]
fn the_input_of_a_call_prints_no_credential() {
    check(&ResetLogin {
        client_id: Some(CLIENT_ID.into()),
        secret: Some(SECRET.into()),
        ..call()
    });
}

/// A header can hold a credential, such as `authorization` for a proxy in front of Plaid.
#[test]
fn the_headers_of_a_call_print_no_value() {
    check(&ResetLogin {
        headers: vec![("authorization".into(), format!("Bearer {SECRET}"))],
        ..call()
    });
}

#[test]
fn a_refused_setting_is_not_quoted() {
    let quoting = |config: Config| {
        let error = Client::new(config).err().expect("it is refused");
        check(&error);
        check(&error.to_string());
    };
    for url in [
        format!("https://user:{SECRET}@sandbox.plaid.com"),
        format!("https://sandbox.plaid.com?secret={SECRET}"),
        SECRET.to_owned(),
    ] {
        quoting(crate::calls::config(&url));
        quoting(config(&url));
    }
    quoting(Config {
        headers: vec![("x-key".into(), format!("{SECRET}\n"))],
        ..Config::default()
    });
    quoting(Config {
        headers: vec![(format!("{SECRET}\n"), "value".into())],
        ..Config::default()
    });
    quoting(Config {
        https_proxy: Some(format!("ftp://user:{SECRET}@proxy.example").into()),
        ..Config::default()
    });
}

#[tokio::test]
async fn no_outcome_prints_a_credential() {
    let quoting = format!("{ACCESS_TOKEN} {CLIENT_ID} {SECRET}");
    let server = Server::start(move |number, _| {
        let quoting = quoting.clone();
        async move {
            match number {
                1 => reply(200, DONE),
                2 => reply(400, &format!(r#"{{"error_code":"{quoting}"}}"#)),
                3 => reply(200, &quoting),
                _ => reply(302, &quoting),
            }
        }
    })
    .await;
    let client = client(&server.url());
    for succeeds in [true, false, false, false] {
        let outcome = within(client.reset_login(call())).await;
        assert_eq!(outcome.result.is_ok(), succeeds, "{outcome:?}");
        check_outcome(&outcome);
    }
    let production = ResetLogin::new(format!("access-production-{SECRET}").into());
    check_outcome(&within(client.reset_login(production)).await);
}

#[tokio::test]
async fn a_connection_error_prints_no_credential() {
    let server = Server::replying(vec![reply(200, DONE)]).await;
    let speaks_no_tls = crate::calls::client(&server.https_url());

    let outcome = within(speaks_no_tls.reset_login(ResetLogin {
        max_retries: Some(0),
        ..call()
    }))
    .await;

    assert_eq!(outcome.result.as_ref().unwrap_err().code(), "TLS_FAILED");
    check_outcome(&outcome);
}

fn check_outcome(outcome: &Outcome) {
    check(outcome);
    match &outcome.result {
        Ok(reply) => check(reply),
        Err(error) => check(&error.to_string()),
    }
}
