//! Redelivery on request, outside of the schedule.

use tokio::time::timeout;
use utdk_plaid_sandbox::{Controls, Outcome, SandboxError};

use crate::{
    plaid::Plaid,
    receiver::{self, Behavior, Receiver},
    retries::{DAY, advance, check_time, fire, only, seconds},
    webhooks::next,
};

const DELIVERED: Outcome = Outcome::Delivered { status: 200 };

#[tokio::test]
async fn a_delivered_webhook_is_redelivered_unchanged() {
    let (plaid, mut receiver) = fire([Behavior::Answer(200)]).await;
    let id = only(&plaid).id;
    let webhook = plaid.sandbox.redeliver(id).await.unwrap();
    assert_eq!(webhook, only(&plaid));
    let outcomes: Vec<&Outcome> = webhook.attempts.iter().map(|it| &it.outcome).collect();
    assert_eq!(outcomes, [&DELIVERED, &DELIVERED]);
    assert_eq!(receiver.next().await.body, webhook.body.as_bytes());
}

#[tokio::test]
async fn an_unknown_webhook_cannot_be_redelivered() {
    let (plaid, _receiver) = fire([Behavior::Answer(200)]).await;
    for id in [0, 2, u64::MAX] {
        let error = plaid.sandbox.redeliver(id).await.unwrap_err();
        assert_eq!(error.code(), "WEBHOOK_NOT_FOUND");
        assert_eq!(error.to_string(), format!("no webhook has the id {id}"));
    }
}

#[tokio::test]
async fn a_successful_redelivery_ends_the_schedule() {
    let behaviors = [Behavior::Answer(500), Behavior::Answer(200)];
    let (plaid, mut receiver) = fire(behaviors).await;
    let webhook = plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(webhook.attempts[1].outcome, DELIVERED);
    assert_eq!(webhook.next_attempt_at(), None);
    receiver.next().await;
    advance(&plaid, DAY).await;
    assert_eq!(only(&plaid).attempts.len(), 2);
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn a_successful_redelivery_ends_the_schedule_even_if_an_earlier_attempt_fails_later() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start_in_turn([Behavior::Hang, Behavior::Answer(200)]).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let mut hanging = receiver.next().await.stream.unwrap();
    let webhook = plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(webhook.attempts[0].outcome, DELIVERED);
    receiver::write(&mut hanging, 500, "").await;
    advance(&plaid, DAY).await;
    let webhook = only(&plaid);
    assert_eq!(
        webhook.attempts[1].outcome,
        Outcome::Refused { status: 500 }
    );
    assert_eq!(webhook.attempts.len(), 2);
    assert_eq!(webhook.next_attempt_at(), None);
}

#[tokio::test]
async fn a_failed_redelivery_does_not_change_the_schedule() {
    let (plaid, _receiver) = fire([Behavior::Answer(500)]).await;
    let planned = only(&plaid).next_attempt_at();
    for _ in 0..3 {
        let webhook = plaid.sandbox.redeliver(1).await.unwrap();
        assert_eq!(webhook.next_attempt_at(), planned);
    }
    advance(&plaid, seconds(30)).await;
    let webhook = only(&plaid);
    check_time(webhook.attempts[4].at, webhook.fired_at, 30);
    check_time(webhook.next_attempt_at().unwrap(), webhook.fired_at, 150);
    advance(&plaid, DAY).await;
    assert_eq!(only(&plaid).attempts.len(), 3 + 7);
}

#[tokio::test]
async fn a_failed_redelivery_plans_no_retry() {
    let (plaid, _receiver) = fire([Behavior::Answer(200), Behavior::Answer(500)]).await;
    let webhook = plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(
        webhook.attempts[1].outcome,
        Outcome::Refused { status: 500 }
    );
    assert_eq!(webhook.next_attempt_at(), None);

    let (plaid, _receiver) = fire([Behavior::Answer(500)]).await;
    advance(&plaid, DAY).await;
    let webhook = plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(webhook.next_attempt_at(), None);
    advance(&plaid, DAY).await;
    assert_eq!(only(&plaid).attempts.len(), 8);
}

#[tokio::test]
async fn a_redelivery_to_a_receiver_that_is_not_allowed_is_not_sent() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://192.0.2.1/"));
    plaid.reset_login(&item).await;
    next(&plaid, &item).await;
    let webhook = plaid.sandbox.redeliver(1).await.unwrap();
    assert_eq!(webhook.attempts.len(), 2);
    assert_eq!(webhook.attempts[0].outcome, webhook.attempts[1].outcome);
    assert_eq!(webhook.next_attempt_at(), None);
}

#[tokio::test]
async fn a_reset_or_a_close_ends_a_redelivery_under_way() {
    for by_reset in [true, false] {
        let (plaid, mut receiver) = fire([Behavior::Answer(200), Behavior::Hang]).await;
        let controls = Controls::clone(&plaid.sandbox);
        let redelivery = tokio::spawn(async move { controls.redeliver(1).await });
        let _hanging = receiver.next().await;
        match by_reset {
            true => plaid.sandbox.reset().await,
            false => plaid.sandbox.close().await,
        }
        // Well before the timeout of the delivery.
        let ended = timeout(seconds(5), redelivery).await.unwrap().unwrap();
        assert!(matches!(ended, Err(SandboxError::Closed)), "{ended:?}");
    }
}
