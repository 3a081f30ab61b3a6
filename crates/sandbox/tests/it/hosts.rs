//! Allowed receivers outside of this machine, and receivers with https.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use utdk_plaid_sandbox::{Config, Outcome, Sandbox, Webhook};

use crate::{
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    webhooks::next,
};

const DELIVERED: Outcome = Outcome::Delivered { status: 200 };

/// The webhook of an Item with this URL, after the first attempt.
async fn webhook(url: &str, allowed: &[&str]) -> Webhook {
    let plaid = Plaid::start_with(Config {
        allow_webhook_hosts: allowed.iter().map(|&host| host.to_owned()).collect(),
        ..Config::default()
    })
    .await;
    let item = plaid.item(Some(url));
    plaid.reset_login(&item).await;
    next(&plaid, &item).await
}

async fn outcome(url: &str, allowed: &[&str]) -> Outcome {
    webhook(url, allowed).await.attempts[0].outcome.clone()
}

/// A self-signed certificate for these names.
fn self_signed(names: &[&str]) -> TlsAcceptor {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

// 0.0.0.0 is not a loopback address, but a connection to it reaches this machine.

#[tokio::test]
async fn an_allowed_host_gets_webhooks_on_every_port_or_on_the_named_port() {
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    let port = receiver.port;
    let url = format!("http://0.0.0.0:{port}/hook");
    let with_port = format!("0.0.0.0:{port}");
    assert_eq!(outcome(&url, &["0.0.0.0"]).await, DELIVERED);
    assert_eq!(outcome(&url, &["elsewhere", &with_port]).await, DELIVERED);
    let received = receiver.next().await;
    assert_eq!(received.header("host"), with_port);
    receiver.next().await;

    let wrong_port = format!("0.0.0.0:{}", port ^ 1);
    let port_prefix = format!("0.0.0.0:{}", port / 10);
    for other in [
        "0.0.0",
        "0.0.0.0.example",
        "elsewhere",
        &wrong_port,
        &port_prefix,
    ] {
        let outcome = outcome(&url, &[other]).await;
        assert!(matches!(outcome, Outcome::NotAllowed { .. }), "{other}");
    }
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn an_allowed_name_matches_in_any_case_and_with_the_default_port() {
    for (url, allowed) in [
        ("http://name.invalid/", "NAME.invalid"),
        ("http://NAME.invalid/", "name.invalid"),
        ("http://name.invalid/", "name.invalid:80"),
        ("https://name.invalid/", "name.invalid:443"),
    ] {
        let webhook = webhook(url, &[allowed]).await;
        let outcome = &webhook.attempts[0].outcome;
        assert!(
            matches!(outcome, Outcome::Failed { reason } if reason.starts_with("no such host")),
            "{outcome:?}"
        );
        // The name may exist later.
        assert!(webhook.next_attempt_at().is_some());
    }
    let outcome = outcome("https://name.invalid/", &["name.invalid:80"]).await;
    assert!(matches!(outcome, Outcome::NotAllowed { .. }));
}

#[tokio::test]
async fn only_a_host_can_be_allowed() {
    for not_a_host in [
        "",
        " ",
        "http://backend",
        "backend/",
        "backend/hook",
        "backend:port",
        "backend:65536",
        "me@backend",
        "backend?a",
        "backend#a",
    ] {
        let config = Config {
            allow_webhook_hosts: vec!["backend".to_owned(), not_a_host.to_owned()],
            ..Config::default()
        };
        let error = Sandbox::start(config).await.unwrap_err();
        assert_eq!(error.code(), "INVALID_OPTION", "{not_a_host}");
        assert_eq!(error.field(), Some("allowWebhookHosts"));
    }
    for host in ["backend", "backend:8080", "192.0.2.1", "[2001:db8::1]:443"] {
        let config = Config {
            allow_webhook_hosts: vec![host.to_owned()],
            ..Config::default()
        };
        Sandbox::start(config).await.unwrap();
    }
}

#[tokio::test]
async fn a_receiver_on_this_machine_may_have_any_certificate() {
    let mut receiver = Receiver::start_tls(self_signed(&["name.invalid"])).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("https://{host}:{}/hook", receiver.port);
        let webhook = webhook(&url, &[]).await;
        assert_eq!(webhook.attempts[0].outcome, DELIVERED);
        let received = receiver.next().await;
        assert_eq!(received.body, webhook.body.as_bytes());
        let verification = received.header("plaid-verification");
        assert_eq!(verification, webhook.attempts[0].verification);
    }
}

#[tokio::test]
async fn a_receiver_elsewhere_needs_a_trusted_certificate() {
    let mut receiver = Receiver::start_tls(self_signed(&["0.0.0.0"])).await;
    let url = format!("https://0.0.0.0:{}/hook", receiver.port);
    let outcome = outcome(&url, &["0.0.0.0"]).await;
    assert!(
        matches!(&outcome, Outcome::Failed { reason } if reason.starts_with("no TLS connection")),
        "{outcome:?}"
    );
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn a_receiver_without_tls_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    // Closes each connection at once.
    let hang_up = async { drop(listener.accept().await) };
    let (outcome, ()) = tokio::join!(outcome(&url, &[]), hang_up);
    assert!(
        matches!(&outcome, Outcome::Failed { reason } if reason.starts_with("no TLS connection")),
        "{outcome:?}"
    );
}
