//! A key service that fails, lies or is not there, and settings that are wrong.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{advance, pause, resume};
use utdk_plaid_sandbox::{Effect, Fault};
use utdk_plaid_webhooks::{Config, Verifier, VerifyError};

use crate::forge::Forger;
use crate::plaid::{BODY, KeyService, Plaid, config, verifier, within};

const KID: &str = "6c5516e1-92dc-479e-a8ff-5a51992e0001";

#[tokio::test]
async fn a_service_that_is_not_there_is_retryable() {
    let plaid = Plaid::start().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let verifier = verifier(&plaid.sandbox, &url);
    let signature = plaid.sign(BODY);
    let refused = within(verifier.verify(BODY.into(), Some(&signature))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "KEY_UNAVAILABLE");
    assert!(refused.retryable());
    let VerifyError::KeyUnavailable { source, attempts } = refused else {
        panic!("{refused}");
    };
    assert_eq!((source.code(), attempts), ("ECONNREFUSED", 1));
}

#[tokio::test]
async fn a_failed_request_is_made_again_by_the_next_webhook() {
    let plaid = Plaid::start().await;
    let fault = |effect| Fault {
        path: None,
        times: Some(1),
        probability: None,
        effect,
    };
    for effect in [
        Effect::Html { status: None },
        Effect::Reset,
        Effect::CutShort,
        Effect::Error {
            status: Some(429),
            error_code: None,
            retry_after: Some(1),
        },
    ] {
        plaid.sandbox.inject(fault(effect)).unwrap();
        let refused = plaid
            .check_refused(&plaid.sign(BODY), "KEY_UNAVAILABLE")
            .await;
        assert!(refused.retryable());
    }
    plaid.check_accepted().await;
}

#[tokio::test]
async fn a_known_key_that_cannot_be_asked_for_again_is_kept_for_later() {
    let plaid = Plaid::start().await;
    let old = plaid.sign(BODY);
    plaid.verify(BODY, &old).await.unwrap();
    plaid.sandbox.rotate_key();
    plaid.check_accepted().await;
    let down = Fault {
        path: None,
        times: Some(2),
        probability: None,
        effect: Effect::Error {
            status: Some(500),
            error_code: None,
            retry_after: None,
        },
    };
    plaid.sandbox.inject(down).unwrap();
    for _ in 0..2 {
        plaid.check_refused(&old, "KEY_UNAVAILABLE").await;
    }
    plaid.check_refused(&old, "EXPIRED_KEY").await;
}

#[tokio::test]
async fn a_service_that_is_down_is_asked_at_a_limited_rate() {
    let plaid = Plaid::start().await;
    let service = KeyService::start(|_, _| async { (500, "{}".to_owned()) }).await;
    let verifier = verifier(&plaid.sandbox, &service.url);
    let signature = plaid.sign(BODY);
    for _ in 0..200 {
        let refused = verifier.verify(BODY.into(), Some(&signature)).await;
        assert_eq!(refused.unwrap_err().code(), "KEY_UNAVAILABLE");
    }
    assert!(
        (20..100).contains(&service.requests()),
        "{}",
        service.requests()
    );
    let before = service.requests();
    pause();
    advance(Duration::from_secs(2)).await;
    resume();
    let _ = verifier.verify(BODY.into(), Some(&signature)).await;
    assert_eq!(service.requests(), before + 1);
}

#[tokio::test]
async fn wrong_credentials_are_the_cause() {
    let plaid = Plaid::start().await;
    let mut config = config(&plaid.sandbox, plaid.sandbox.url());
    config.client.secret = Some("a-secret-that-is-wrong".into());
    let verifier = Verifier::new(config).unwrap();
    let signature = plaid.sign(BODY);
    let refused = verifier.verify(BODY.into(), Some(&signature)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "KEY_UNAVAILABLE");
    assert!(
        refused.to_string().contains("INVALID_API_KEYS"),
        "{refused}"
    );
    assert!(!format!("{refused:?}").contains("a-secret-that-is-wrong"));
}

#[tokio::test]
async fn missing_credentials_are_found_when_the_first_key_is_needed() {
    let plaid = Plaid::start().await;
    let verifier = Verifier::new(Config {
        client: utdk_plaid_client::Config {
            base_url: Some(plaid.sandbox.url().to_owned()),
            ..utdk_plaid_client::Config::default()
        },
        ..Config::default()
    })
    .unwrap();
    let signature = plaid.sign(BODY);
    let refused = verifier.verify(BODY.into(), Some(&signature)).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), refused.retryable()),
        ("MISSING_CREDENTIALS", false)
    );
    assert_eq!(plaid.key_requests(), 0);
}

/// The code that a webhook is refused with, or `accepted`, where one field of its key is changed.
async fn code_with(name: &str, value: Value) -> &'static str {
    let plaid = Plaid::start().await;
    let forger = Forger::new();
    let mut reply = forger.reply(KID);
    reply["key"][name] = value;
    let reply = reply.to_string();
    let service = KeyService::start(move |_, _| {
        let reply = reply.clone();
        async move { (200, reply) }
    })
    .await;
    let verifier = verifier(&plaid.sandbox, &service.url);
    let signature = forger.webhook(KID);
    let refused = verifier.verify(BODY.into(), Some(&signature)).await;
    refused.err().map(|it| it.code()).unwrap_or("accepted")
}

/// Checks that a reply with one field of the key changed is not used.
async fn check_reply(name: &str, value: Value) {
    let code = code_with(name, value).await;
    let expected = match name {
        "created_at" => "accepted",
        _ => "KEY_UNAVAILABLE",
    };
    assert_eq!(code, expected, "{name}");
}

#[tokio::test]
async fn a_key_that_is_not_the_one_asked_for_is_not_used() {
    check_reply("created_at", json!(0)).await;
    for (name, value) in [
        ("kid", json!("another")),
        ("alg", json!("RS256")),
        ("kty", json!("oct")),
        ("crv", json!("P-384")),
        ("x", json!("AAAA")),
        ("y", json!("not base64!")),
        ("x", Value::Null),
        ("expired_at", json!("soon")),
    ] {
        check_reply(name, value).await;
    }
}

#[tokio::test]
async fn a_point_that_is_not_on_the_curve_verifies_nothing() {
    let code = code_with("x", json!("A".repeat(43))).await;
    assert_eq!(code, "BAD_SIGNATURE");
}

#[test]
fn every_environment_of_plaids_is_allowed_and_plain_http_is_not() {
    let new = |base_url: &str| {
        Verifier::new(Config {
            client: utdk_plaid_client::Config {
                base_url: Some(base_url.to_owned()),
                ca: Some(String::new()),
                ..utdk_plaid_client::Config::default()
            },
            ..Config::default()
        })
    };
    for host in ["production", "development", "sandbox"] {
        let created = new(&format!("https://{host}.plaid.com"));
        let code = created.err().map(|usage| usage.code);
        assert!(
            !matches!(code, Some("NOT_SANDBOX" | "INVALID_BASE_URL")),
            "{code:?}"
        );
    }
    for (base_url, expected) in [
        ("http://production.plaid.com", "INSECURE_URL"),
        ("https://production.plaid.com/keys", "INVALID_BASE_URL"),
        ("production.plaid.com", "INVALID_BASE_URL"),
    ] {
        let refused = new(base_url).err().expect(base_url);
        assert_eq!((refused.code, refused.field), (expected, "baseUrl"));
    }
}
