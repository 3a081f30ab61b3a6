//! How old a webhook may be.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use utdk_plaid_webhooks::{Verifier, VerifyError};

use crate::plaid::{BODY, Plaid, config};

/// Unix seconds.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

async fn verify_signed_at(plaid: &Plaid, iat: u64) -> Result<(), VerifyError> {
    let signature = plaid.sandbox.sign_webhook(BODY, Some(iat));
    plaid.verify(BODY, &signature).await
}

#[tokio::test]
async fn a_webhook_of_the_last_five_minutes_is_accepted() {
    let plaid = Plaid::start().await;
    for age in [0, 60, 295] {
        verify_signed_at(&plaid, now() - age).await.unwrap();
    }
}

#[tokio::test]
async fn an_older_webhook_is_too_old() {
    let plaid = Plaid::start().await;
    for iat in [now() - 302, now() - 86_400, 0] {
        let refused = verify_signed_at(&plaid, iat).await.unwrap_err();
        assert!(
            matches!(refused, VerifyError::TooOld { max_s: 300, .. }),
            "{refused}"
        );
        assert_eq!(refused.code(), "TOO_OLD");
    }
    assert_eq!(plaid.key_requests(), 0);
}

#[tokio::test]
async fn a_webhook_from_the_future_is_refused_unless_clocks_differ_a_little() {
    let plaid = Plaid::start().await;
    verify_signed_at(&plaid, now() + 50).await.unwrap();
    for iat in [now() + 120, now() + 1_000_000, 253_402_300_799] {
        let refused = verify_signed_at(&plaid, iat).await.unwrap_err();
        assert!(
            matches!(refused, VerifyError::FromTheFuture { .. }),
            "{refused}"
        );
        assert_eq!(refused.code(), "TOO_OLD");
    }
}

#[tokio::test]
async fn the_highest_age_can_be_set() {
    let plaid = Plaid::start().await;
    let mut config = config(&plaid.sandbox, plaid.sandbox.url());
    config.max_age = Duration::from_secs(10);
    let verifier = Verifier::new(config).unwrap();
    let signature = plaid.sandbox.sign_webhook(BODY, Some(now() - 12));
    let refused = verifier.verify(BODY.into(), Some(&signature)).await;
    assert!(matches!(
        refused,
        Err(VerifyError::TooOld { max_s: 10, .. })
    ));
    plaid.verify(BODY, &signature).await.unwrap();
}
