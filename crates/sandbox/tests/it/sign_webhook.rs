//! The control that signs any body.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{clock::at_new_year, jwt::Jwt, plaid::Plaid};

#[tokio::test]
async fn any_body_is_signed_with_the_published_key() {
    let plaid = Plaid::start().await;
    for body in ["", "{}", "not JSON", "é\n"] {
        let verification = plaid.sandbox.sign_webhook(body, None);
        Jwt::verified(&plaid, &verification, body.as_bytes()).await;
    }
}

#[tokio::test]
async fn the_time_is_real_time_or_the_one_that_is_given() {
    let plaid = at_new_year().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let verification = plaid.sandbox.sign_webhook("{}", None);
    let jwt = Jwt::verified(&plaid, &verification, b"{}").await;
    assert!(jwt.iat() - now.as_secs() < 10, "{}", jwt.iat());
    let verification = plaid.sandbox.sign_webhook("{}", Some(7));
    assert_eq!(Jwt::verified(&plaid, &verification, b"{}").await.iat(), 7);
}

#[tokio::test]
async fn a_rotated_key_signs() {
    let plaid = Plaid::start().await;
    let kid = plaid.sandbox.rotate_key();
    let verification = plaid.sandbox.sign_webhook("{}", None);
    let jwt = Jwt::verified(&plaid, &verification, b"{}").await;
    assert_eq!(jwt.kid(), kid);
}
