//! The reset of a Sandbox: webhooks, deliveries under way, and waits.

use tokio::{io::AsyncReadExt, time::timeout};
use utdk_plaid_sandbox::WebhookFilter;

use crate::{
    plaid::Plaid,
    receiver::{self, Behavior, Receiver},
    retries::{DAY, advance, fire, seconds},
};

#[tokio::test]
async fn a_reset_forgets_webhooks_and_their_retries() {
    let (plaid, mut receiver) = fire([Behavior::Answer(500)]).await;
    plaid.sandbox.reset().await;
    assert_eq!(plaid.sandbox.webhooks(), []);
    let error = plaid.sandbox.redeliver(1).await.unwrap_err();
    assert_eq!(error.code(), "WEBHOOK_NOT_FOUND");
    advance(&plaid, DAY).await;
    assert!(receiver.is_untouched());
}

#[tokio::test]
async fn a_reset_cancels_a_delivery_under_way() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start_in_turn([Behavior::Hang, Behavior::Hang]).await;
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
async fn a_wait_for_a_webhook_survives_a_reset() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let next = plaid
        .sandbox
        .next_webhook(WebhookFilter::default(), seconds(20));
    plaid.sandbox.reset().await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    assert_eq!(next.await.unwrap().item_id, Some(item.item_id.clone()));
}
