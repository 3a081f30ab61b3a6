//! A Sandbox that starts over: what is gone then, and what stays.

use tokio::{io::AsyncReadExt, time::timeout};
use utdk_plaid_sandbox::WebhookFilter;

use crate::{
    plaid::Plaid,
    receiver::{self, Manner, Receiver},
    retries::{DAY, advance, fire, seconds},
};

#[tokio::test]
async fn webhooks_are_forgotten_with_all_that_was_planned_for_them() {
    let (plaid, mut receiver) = fire([Manner::Answer(500)]).await;
    plaid.sandbox.reset().await;
    assert_eq!(plaid.sandbox.webhooks(), []);
    let error = plaid.sandbox.redeliver(1).await.unwrap_err();
    assert_eq!(error.code(), "WEBHOOK_NOT_FOUND");
    advance(&plaid, DAY).await;
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn a_delivery_under_way_is_ended_and_is_no_later_webhooks_attempt() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start_in_turn([Manner::Hang, Manner::Hang]).await;
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let mut before = receiver.next().await.stream.unwrap();
    plaid.sandbox.reset().await;

    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let mut after = receiver.next().await.stream.unwrap();
    let mut rest = [0];
    let ended = timeout(seconds(5), before.read(&mut rest)).await.unwrap();
    assert!(!matches!(ended, Ok(1..)));
    let next = plaid
        .sandbox
        .next_webhook(WebhookFilter::default(), seconds(20));
    receiver::write(&mut after, 200, "").await;
    let webhook = next.await.unwrap();
    assert_eq!((webhook.id, webhook.attempts.len()), (1, 1));
}

#[tokio::test]
async fn who_waits_for_a_webhook_goes_on_waiting() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
    let next = plaid
        .sandbox
        .next_webhook(WebhookFilter::default(), seconds(20));
    plaid.sandbox.reset().await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    assert_eq!(next.await.unwrap().item_id, item.item_id);
}

#[tokio::test]
async fn the_address_stays_and_clients_go_on() {
    let plaid = Plaid::start().await;
    let url = plaid.sandbox.url().to_owned();
    let old = plaid.item(None);
    plaid.sandbox.reset().await;
    assert_eq!(plaid.sandbox.url(), url);
    let refused = plaid.with_token("/item/get", &old).await;
    assert_eq!(refused.error_code(), "INVALID_ACCESS_TOKEN");
    let new = plaid.item(None);
    assert_eq!(plaid.with_token("/item/get", &new).await.status, 200);
}
