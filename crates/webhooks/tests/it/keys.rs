//! Keys are fetched once, shared by those who wait, and fetched again when Plaid rotates them.

use futures_util::future::join_all;
use utdk_plaid_sandbox::{Effect, Fault};

use crate::forge::Forger;
use crate::plaid::{BODY, Plaid, within};

#[tokio::test]
async fn a_key_is_fetched_once() {
    let plaid = Plaid::start().await;
    for _ in 0..3 {
        plaid.check_accepted().await;
    }
    assert_eq!(plaid.key_requests(), 1);
}

#[tokio::test]
async fn a_hundred_first_webhooks_at_once_share_one_request() {
    let plaid = Plaid::start().await;
    let signature = plaid.sign(BODY);
    let verify = || plaid.verifier.verify(BODY.into(), Some(&signature));
    let results = within(join_all((0..100).map(|_| verify()))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(plaid.key_requests(), 1);
}

#[tokio::test]
async fn a_waiter_that_leaves_does_not_take_the_request_with_it() {
    let plaid = Plaid::start().await;
    plaid
        .sandbox
        .inject(Fault {
            path: None,
            times: Some(1),
            probability: None,
            effect: Effect::Delay { ms: 200 },
        })
        .unwrap();
    let signature = plaid.sign(BODY);
    let first = plaid.verifier.verify(BODY.into(), Some(&signature));
    let second = plaid.verifier.verify(BODY.into(), Some(&signature));
    let mut first = Box::pin(first);
    tokio::select! {
        biased;
        _ = &mut first => panic!("the reply is late"),
        () = tokio::task::yield_now() => {}
    }
    drop(first);
    within(second).await.unwrap();
    assert_eq!(plaid.key_requests(), 1);
}

#[tokio::test]
async fn after_a_rotation_the_old_key_is_asked_for_again_and_refused_from_then_on() {
    let plaid = Plaid::start().await;
    let old = plaid.sign(BODY);
    plaid.verify(BODY, &old).await.unwrap();

    plaid.sandbox.rotate_key();
    // Until a webhook with the new key comes, nothing says that the old one has expired.
    plaid.verify(BODY, &old).await.unwrap();
    assert_eq!(plaid.key_requests(), 1);

    plaid.check_accepted().await;
    assert_eq!(plaid.key_requests(), 2);
    for _ in 0..3 {
        plaid.check_refused(&old, "EXPIRED_KEY").await;
    }
    assert_eq!(plaid.key_requests(), 3);
    plaid.check_accepted().await;
    plaid.check_accepted().await;
    // The end of one key was a reason to ask for the other again, once.
    assert_eq!(plaid.key_requests(), 4);
}

#[tokio::test]
async fn an_expired_key_is_not_asked_for_again_after_further_rotations() {
    let plaid = Plaid::start().await;
    let old = plaid.sign(BODY);
    plaid.sandbox.rotate_key();
    plaid.check_refused(&old, "EXPIRED_KEY").await;
    plaid.check_accepted().await;
    plaid.sandbox.rotate_key();
    plaid.check_accepted().await;
    assert_eq!(plaid.key_requests(), 3);
    plaid.check_refused(&old, "EXPIRED_KEY").await;
    assert_eq!(plaid.key_requests(), 3);
}

#[tokio::test]
async fn a_known_key_is_asked_for_again_also_during_a_flood_of_unknown_keys() {
    let plaid = Plaid::start().await;
    let old = plaid.sign(BODY);
    plaid.verify(BODY, &old).await.unwrap();
    plaid.sandbox.rotate_key();
    plaid.check_accepted().await;
    let forger = Forger::new();
    for n in 0..100 {
        let made_up = forger.webhook(&format!("made-up-{n}"));
        plaid.verify(BODY, &made_up).await.unwrap_err();
    }
    let down = Fault {
        path: None,
        times: Some(1),
        probability: None,
        effect: Effect::Html { status: None },
    };
    plaid.sandbox.inject(down).unwrap();
    let before = plaid.key_requests();
    plaid.check_refused(&old, "KEY_UNAVAILABLE").await;
    plaid.check_refused(&old, "EXPIRED_KEY").await;
    assert_eq!(plaid.key_requests(), before + 2);
}

#[tokio::test]
async fn a_key_that_has_expired_before_it_was_met_is_refused() {
    let plaid = Plaid::start().await;
    let old = plaid.sign(BODY);
    plaid.sandbox.rotate_key();
    for _ in 0..2 {
        plaid.check_refused(&old, "EXPIRED_KEY").await;
    }
    assert_eq!(plaid.key_requests(), 1);
}

#[tokio::test]
async fn many_rotations_in_a_row_are_followed() {
    let plaid = Plaid::start().await;
    for _ in 0..60 {
        plaid.check_accepted().await;
        plaid.sandbox.rotate_key();
    }
}
