//! Webhooks with made-up keys: few requests, and a bounded memory.

use std::time::Duration;

use serde_json::json;
use tokio::time::{advance, pause, resume};

use crate::forge::Forger;
use crate::plaid::{BODY, KeyService, Plaid, config, verifier};
use utdk_plaid_webhooks::Verifier;

#[tokio::test]
async fn an_unknown_key_is_not_asked_for_again_at_once() {
    let plaid = Plaid::start().await;
    let forged = Forger::new().webhook("00000000-0000-4000-8000-000000000000");
    for _ in 0..3 {
        plaid.check_refused(&forged, "UNKNOWN_KEY").await;
    }
    assert_eq!(plaid.key_requests(), 1);

    pause();
    advance(Duration::from_secs(61)).await;
    resume();
    plaid.check_refused(&forged, "UNKNOWN_KEY").await;
    assert_eq!(plaid.key_requests(), 2);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_make_few_requests_and_a_known_key_still_works() {
    let plaid = Plaid::start().await;
    plaid.check_accepted().await;
    let forger = Forger::new();
    let (mut unknown, mut not_asked) = (0, 0);
    for n in 0..10_000 {
        let refused = plaid
            .verify(BODY, &forger.webhook(&format!("made-up-{n}")))
            .await;
        let refused = refused.unwrap_err();
        match refused.code() {
            "UNKNOWN_KEY" => unknown += 1,
            "KEY_UNAVAILABLE" => {
                assert!(refused.retryable());
                not_asked += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(unknown + not_asked, 10_000);
    // 20 at once, then one each second: a slow machine takes some seconds for all of them.
    assert!((20..200).contains(&unknown), "{unknown}");
    assert_eq!(plaid.key_requests(), 1 + unknown);
    plaid.check_accepted().await;
    assert_eq!(plaid.key_requests(), 1 + unknown);
}

#[tokio::test]
async fn a_new_key_is_fetched_again_after_a_flood() {
    let plaid = Plaid::start().await;
    let forger = Forger::new();
    for n in 0..30 {
        let _ = plaid
            .verify(BODY, &forger.webhook(&format!("made-up-{n}")))
            .await;
    }
    pause();
    advance(Duration::from_secs(1)).await;
    resume();
    plaid.check_accepted().await;
}

/// A key service that knows every key: what is kept has a bound all the same.
#[tokio::test]
async fn a_service_that_knows_every_key_does_not_fill_the_memory() {
    let plaid = Plaid::start().await;
    let reply = Forger::new().reply("x");
    let service = KeyService::start(move |_, body| {
        let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
        let mut reply = reply.clone();
        reply["key"]["kid"] = asked["key_id"].clone();
        // Expired keys are never asked for again while they are kept.
        reply["key"]["expired_at"] = json!(1);
        async move { (200, reply.to_string()) }
    })
    .await;
    let verifier = Verifier::new(config(&plaid.sandbox, &service.url)).unwrap();
    let forger = Forger::new();
    for n in 0..1_000 {
        let signature = forger.webhook(&format!("key-{n}"));
        let refused = verifier.verify(BODY.into(), Some(&signature)).await;
        assert_eq!(refused.unwrap_err().code(), "EXPIRED_KEY");
    }
    // The first one was dropped, the last one was kept.
    for (n, requests) in [(999, 1_000), (0, 1_001)] {
        let signature = forger.webhook(&format!("key-{n}"));
        let _ = verifier.verify(BODY.into(), Some(&signature)).await;
        assert_eq!(service.requests(), requests);
    }
}

#[tokio::test]
async fn an_id_is_sent_as_json_whatever_it_holds() {
    let plaid = Plaid::start().await;
    let service = KeyService::start(|_, body| async move {
        let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(asked, json!({ "key_id": "\",\"secret\":\"é\n" }));
        let error = json!({
            "error_type": "INVALID_INPUT",
            "error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
            "error_message": "invalid key_id provided",
        });
        (400, error.to_string())
    })
    .await;
    let verifier = verifier(&plaid.sandbox, &service.url);
    let signature = Forger::new().webhook("\",\"secret\":\"é\n");
    let refused = verifier.verify(BODY.into(), Some(&signature)).await;
    assert_eq!(refused.unwrap_err().code(), "UNKNOWN_KEY");
}
