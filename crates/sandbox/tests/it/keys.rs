//! Rotation of the keys that sign webhooks.

use hyper::Method;
use serde_json::Value;

use crate::{
    control::control,
    jwt::{Jwt, key},
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    retries::{advance, fire, only, seconds},
};

/// Verifies the next webhook. Returns the id of its key.
async fn signed_by(plaid: &Plaid, receiver: &mut Receiver) -> String {
    let received = receiver.next().await;
    let verification = received.header("plaid-verification");
    let jwt = Jwt::verified(plaid, verification, &received.body).await;
    jwt.kid().to_owned()
}

#[tokio::test]
async fn after_a_rotation_new_attempts_use_the_new_key_and_old_ones_still_verify() {
    let (plaid, mut receiver) = fire([Behavior::Answer(500)]).await;
    let first_attempt = only(&plaid).attempts.remove(0);
    let body = only(&plaid).body;
    let old = crate::jwt::kid(&first_attempt.verification);

    let new = plaid.sandbox.rotate_key();
    assert_ne!(new, old);
    advance(&plaid, seconds(30)).await;
    assert_eq!(signed_by(&plaid, &mut receiver).await, new);
    plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(signed_by(&plaid, &mut receiver).await, new);
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    assert_eq!(signed_by(&plaid, &mut receiver).await, new);
    Jwt::verified(&plaid, &first_attempt.verification, body.as_bytes()).await;
}

#[tokio::test]
async fn a_replaced_key_has_the_time_it_expired_at() {
    let plaid = Plaid::start().await;
    let first = crate::webhooks::kid(&plaid).await;
    let before = key(&plaid, &first).await;
    assert_eq!(before["expired_at"], Value::Null);
    let created_at = before["created_at"].as_u64().unwrap();

    advance(&plaid, seconds(1_000)).await;
    let second = plaid.sandbox.rotate_key();
    advance(&plaid, seconds(1_000)).await;
    let third = plaid.sandbox.rotate_key();

    let keys = [
        key(&plaid, &first).await,
        key(&plaid, &second).await,
        key(&plaid, &third).await,
    ];
    // Each starts when the key before it expires.
    assert_eq!(keys[0]["created_at"], created_at);
    assert_eq!(keys[0]["expired_at"], keys[1]["created_at"]);
    assert_eq!(keys[1]["expired_at"], keys[2]["created_at"]);
    assert_eq!(keys[2]["expired_at"], Value::Null);
    for (index, key) in keys.iter().enumerate() {
        let age = key["created_at"].as_u64().unwrap() - created_at;
        let expected = index as u64 * 1_000;
        assert!((expected..expected + 5).contains(&age), "{age}");
    }
    // Only `expired_at` of the old key has changed.
    let mut unexpired = keys[0].clone();
    unexpired["expired_at"] = Value::Null;
    assert_eq!(unexpired, before);
}

#[tokio::test]
async fn a_control_serves_the_same_public_key() {
    let (plaid, _receiver) = fire([Behavior::Answer(200)]).await;
    let kid = crate::jwt::kid(&only(&plaid).attempts[0].verification);
    let reply = control(&plaid, Method::GET, &format!("keys/{kid}"), Value::Null).await;
    assert_eq!(reply.json(), key(&plaid, &kid).await);
    let unknown = control(&plaid, Method::GET, "keys/unknown", Value::Null).await;
    assert_eq!(
        (unknown.status, unknown.error_code()),
        (400, "INVALID_OPTION".to_owned())
    );
}
