//! Signatures of every wrong shape. None of them makes a request.

use ring::hmac;
use serde_json::{Value, json};
use utdk_plaid_webhooks::VerifyError;

use crate::forge::{self, Forger, base64, header, payload, unsigned};
use crate::plaid::{BODY, Plaid};

const MALFORMED: &str = "MALFORMED_SIGNATURE";
const WRONG_ALGORITHM: &str = "WRONG_ALGORITHM";

#[tokio::test]
async fn a_webhook_without_a_signature_is_not_signed() {
    let plaid = Plaid::start().await;
    for signature in [None, Some("")] {
        let refused = plaid.verifier.verify(BODY.into(), signature).await;
        assert!(matches!(refused, Err(VerifyError::MissingSignature)));
    }
}

#[tokio::test]
async fn a_text_that_is_no_jwt_is_malformed() {
    let plaid = Plaid::start().await;
    let good = plaid.sign(BODY);
    let parts: Vec<&str> = good.split('.').collect();
    let cases = [
        "x".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!("{good}.x"),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}, {good}"),
        format!("{}.{}.{}", parts[0], parts[1], "ü".repeat(43)),
        format!("{}.{}.{}", base64(r#"["ES256"]"#), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], base64("null"), parts[2]),
        format!("{}.{}.{}", base64([0xff, 0xfe]), parts[1], parts[2]),
        format!("{}{}", "a".repeat(1 << 20), good),
        "\u{0}".to_owned(),
    ];
    for signature in &cases {
        plaid.check_refused(signature, MALFORMED).await;
    }
    assert_eq!(plaid.key_requests(), 0);
}

#[tokio::test]
async fn a_signature_that_was_sent_twice_says_so() {
    let plaid = Plaid::start().await;
    let good = plaid.sign(BODY);
    let refused = plaid
        .check_refused(&format!("{good}, {good}"), MALFORMED)
        .await;
    assert!(refused.to_string().contains("sent twice"), "{refused}");
}

/// Checks the code of a JWT with these fields in its header.
async fn check_header(plaid: &Plaid, code: &str, header: Value) {
    let signature = Forger::new().sign(&header, &payload());
    plaid.check_refused(&signature, code).await;
}

#[tokio::test]
async fn only_es256_is_accepted_and_the_header_names_its_key() {
    let plaid = Plaid::start().await;
    for alg in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        check_header(&plaid, WRONG_ALGORITHM, json!({ "alg": alg, "kid": "x" })).await;
    }
    for header in [
        json!({ "kid": "x" }),
        json!({ "alg": null, "kid": "x" }),
        json!({ "alg": ["ES256"], "kid": "x" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "kid": "" }),
        json!({ "alg": "ES256", "kid": 7 }),
        json!({ "alg": "ES256", "kid": "k".repeat(129) }),
        json!({ "alg": "ES256", "kid": "x", "padding": "p".repeat(4_000) }),
        json!({ "alg": "ES256", "kid": "x", "crit": ["b64"], "b64": false }),
    ] {
        check_header(&plaid, MALFORMED, header).await;
    }
    assert_eq!(plaid.key_requests(), 0);
}

#[tokio::test]
async fn a_name_that_stands_twice_is_malformed() {
    let plaid = Plaid::start().await;
    let good = plaid.sign(BODY);
    let rest = good.split_once('.').unwrap().1;
    let header = base64(r#"{"alg":"none","alg":"ES256","kid":"x"}"#);
    plaid
        .check_refused(&format!("{header}.{rest}"), MALFORMED)
        .await;
}

#[tokio::test]
async fn an_unsigned_jwt_is_refused() {
    let plaid = Plaid::start().await;
    let kid = forge::kid(&plaid.sign(BODY));
    let none = unsigned(
        &json!({ "alg": "none", "kid": kid, "typ": "JWT" }),
        &payload(),
    );
    plaid
        .check_refused(&format!("{none}."), WRONG_ALGORITHM)
        .await;
    // The same claims, with the algorithm of Plaid and no signature.
    let empty = unsigned(&header(&kid), &payload());
    plaid
        .check_refused(&format!("{empty}."), "BAD_SIGNATURE")
        .await;
}

#[tokio::test]
async fn a_public_key_used_as_a_password_is_refused() {
    let plaid = Plaid::start().await;
    plaid.check_accepted().await;
    let kid = forge::kid(&plaid.sign(BODY));
    let signed = unsigned(
        &json!({ "alg": "HS256", "kid": kid, "typ": "JWT" }),
        &payload(),
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"the public key, which anyone can fetch");
    let tag = hmac::sign(&key, signed.as_bytes());
    let signature = format!("{signed}.{}", base64(tag));
    plaid.check_refused(&signature, WRONG_ALGORITHM).await;
    // Claimed to be ES256, the tag is too short for a signature.
    let signed = unsigned(&header(&kid), &payload());
    let tag = hmac::sign(&key, signed.as_bytes());
    plaid
        .check_refused(&format!("{signed}.{}", base64(tag)), "BAD_SIGNATURE")
        .await;
}

#[tokio::test]
async fn claims_of_other_types_are_malformed() {
    let plaid = Plaid::start().await;
    let forger = Forger::new();
    let (good, kid) = (payload(), "x");
    for (name, value) in [
        ("iat", json!("1700000000")),
        ("iat", json!(-1)),
        ("iat", json!(1.5)),
        ("iat", Value::Null),
        ("request_body_sha256", json!("")),
        ("request_body_sha256", json!("0".repeat(63))),
        ("request_body_sha256", json!("g".repeat(64))),
        ("request_body_sha256", json!("é".repeat(32))),
        ("request_body_sha256", json!(0)),
    ] {
        let mut payload = good.clone();
        payload[name] = value;
        let signature = forger.sign(&header(kid), &payload);
        plaid.check_refused(&signature, MALFORMED).await;
    }
    assert_eq!(plaid.key_requests(), 0);
}

#[tokio::test]
async fn a_changed_signature_is_not_the_keys() {
    let plaid = Plaid::start().await;
    let good = plaid.sign(BODY);
    let kid = forge::kid(&good);
    plaid
        .check_refused(&Forger::new().webhook(&kid), "BAD_SIGNATURE")
        .await;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for other in [
        base64([0; 64]),
        base64([0xff; 64]),
        base64([1; 72]),
        signature[..84].to_owned(),
    ] {
        plaid
            .check_refused(&format!("{signed}.{other}"), "BAD_SIGNATURE")
            .await;
    }
    plaid.check_accepted().await;
}

#[tokio::test]
async fn no_signature_with_a_changed_letter_is_accepted() {
    let plaid = Plaid::start().await;
    plaid.check_accepted().await;
    let good = plaid.sign(BODY);
    for (at, letter) in good.char_indices() {
        for other in ['A', '_', '.', '='].into_iter().filter(|it| *it != letter) {
            let mut changed = good.clone();
            changed.replace_range(at..=at, &other.to_string());
            let accepted = plaid.verify(BODY, &changed).await.is_ok();
            assert!(!accepted, "{at}: {letter} as {other}");
        }
        let accepted = plaid.verify(BODY, &good[..at]).await.is_ok();
        assert!(!accepted, "the first {at}");
    }
    plaid.verify(BODY, &good).await.unwrap();
}

#[tokio::test]
async fn no_error_shows_the_signature_or_the_body() {
    let plaid = Plaid::start().await;
    let kid = "an-id-that-only-this-test-has";
    let signature = Forger::new().webhook(kid);
    let refused = plaid.check_refused(&signature, "UNKNOWN_KEY").await;
    let shown = format!("{refused} {refused:?}");
    for hidden in [kid, &signature, "webhook_code"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
