//! The handle: waiting for webhooks, closing and dropping it, and the output of its types.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use utdk_plaid_sandbox::{Config, CreatedItem, Sandbox, SandboxError, WebhookFilter};

use crate::{
    plaid::Plaid,
    receiver::{Behavior, Receiver},
};

/// Longer than any delivery attempt.
const LONG: Duration = Duration::from_secs(20);

/// Whether the peer closes the connection well before the timeout of a delivery.
async fn has_ended(stream: &mut TcpStream) -> bool {
    let mut buffer = [0];
    let read = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

fn of(item: &CreatedItem) -> WebhookFilter {
    WebhookFilter {
        item_id: Some(item.item_id.clone()),
        ..WebhookFilter::default()
    }
}

fn any() -> WebhookFilter {
    WebhookFilter::default()
}

#[tokio::test]
async fn each_webhook_is_returned_once_oldest_first() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let url = receiver.url();
    let items = [
        plaid.item(Some(&url)),
        plaid.item(Some(&url)),
        plaid.item(Some(&url)),
    ];
    for item in &items {
        plaid.reset_login(item).await;
    }
    let next = async |filter| {
        plaid
            .sandbox
            .next_webhook(filter, LONG)
            .await
            .unwrap()
            .item_id
    };
    assert_eq!(next(of(&items[1])).await, Some(items[1].item_id.clone()));
    assert_eq!(next(any()).await, Some(items[0].item_id.clone()));
    assert_eq!(next(any()).await, Some(items[2].item_id.clone()));
    let soon = Duration::from_millis(1);
    let error = plaid.sandbox.next_webhook(any(), soon).await.unwrap_err();
    assert_eq!(error.code(), "WEBHOOK_TIMEOUT");
}

#[tokio::test]
async fn a_wait_for_an_item_without_a_webhook_url_ends_at_once() {
    let plaid = Plaid::start().await;
    let silent = plaid.item(None);
    plaid.reset_login(&silent).await;
    let error_of = WebhookFilter {
        webhook_code: Some("ERROR".to_owned()),
        ..of(&silent)
    };
    for filter in [of(&silent), error_of] {
        let error = plaid.sandbox.next_webhook(filter, LONG).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("NO_WEBHOOK_URL", None));
        let expected = format!(
            "Item {} has no webhook URL, so no webhook comes; give `webhook` when you create the \
             Item, or call /item/webhook/update",
            silent.item_id
        );
        assert_eq!(error.to_string(), expected);
    }
    // A webhook that was fired before the URL was taken away is still returned.
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let fields = json!({ "access_token": item.access_token.expose_secret(), "webhook": null });
    let reply = plaid.post("/item/webhook/update", fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let webhook = plaid.sandbox.next_webhook(of(&item), LONG).await.unwrap();
    assert_eq!(webhook.webhook_code, "ERROR");
    let error = plaid.sandbox.next_webhook(of(&item), LONG).await;
    assert_eq!(error.unwrap_err().code(), "NO_WEBHOOK_URL");
}

#[tokio::test]
async fn a_wait_for_the_webhook_of_an_asset_report_needs_no_url_of_the_item() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let item = plaid.item(None);
    let filter = WebhookFilter {
        webhook_code: Some("PRODUCT_READY".to_owned()),
        ..of(&item)
    };
    let next = plaid.sandbox.next_webhook(filter, LONG);
    let fields = json!({
        "access_tokens": [item.access_token.expose_secret()],
        "days_requested": 1,
        "options": { "webhook": receiver.url() },
    });
    plaid.post("/asset_report/create", fields).await;
    assert_eq!(next.await.unwrap().webhook_type, "ASSETS");
}

#[tokio::test]
async fn a_wait_gets_the_oldest_webhook_even_if_a_later_one_is_quicker() {
    let plaid = Plaid::start().await;
    let mut slow = Receiver::start(Behavior::Hang).await;
    let mut quick = Receiver::start(Behavior::Answer(200)).await;
    let first = plaid.item(Some(&slow.url()));
    let second = plaid.item(Some(&quick.url()));
    let early = plaid.sandbox.next_webhook(any(), LONG);
    plaid.reset_login(&first).await;
    plaid.reset_login(&second).await;
    let _hanging = slow.next().await;
    quick.next().await;
    // The earlier call waits for the webhook that hangs, so this call gets the other.
    let start = Instant::now();
    let late = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(late.item_id, Some(second.item_id.clone()));
    assert!(start.elapsed() < Duration::from_secs(5));
    tokio::time::pause();
    assert_eq!(early.await.unwrap().item_id, Some(first.item_id.clone()));
}

#[tokio::test]
async fn concurrent_waits_each_get_their_own_webhook() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let items: Vec<_> = (0..50).map(|_| plaid.item(Some(&receiver.url()))).collect();
    let waiting: Vec<_> = items
        .iter()
        .map(|item| tokio::spawn(plaid.sandbox.next_webhook(of(item), LONG)))
        .collect();
    for item in items.iter().rev() {
        plaid.reset_login(item).await;
    }
    for (item, waiting) in items.iter().zip(waiting) {
        assert_eq!(
            waiting.await.unwrap().unwrap().item_id,
            Some(item.item_id.clone())
        );
    }
}

#[tokio::test]
async fn a_cancelled_wait_leaves_its_webhook_to_the_next() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let first = plaid.item(Some(&receiver.url()));
    let second = plaid.item(Some(&receiver.url()));
    let cancelled = plaid.sandbox.next_webhook(any(), LONG);
    plaid.reset_login(&first).await;
    plaid.reset_login(&second).await;
    // The receiver answers the first webhook first, and the earlier call has received it.
    let next = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(next.item_id, Some(second.item_id.clone()));
    drop(cancelled);
    let left = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(left.item_id, Some(first.item_id.clone()));
}

#[tokio::test]
async fn a_timeout_names_the_webhook_and_counts_the_fired_ones() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://192.0.2.1/"));
    plaid.reset_login(&item).await;
    plaid
        .reset_login(&plaid.item(Some("http://192.0.2.1/")))
        .await;
    let filter = WebhookFilter {
        webhook_code: Some("LOGIN_REPAIRED".to_owned()),
        ..of(&item)
    };
    let waited = Duration::from_millis(5);
    let error = plaid
        .sandbox
        .next_webhook(filter, waited)
        .await
        .unwrap_err();
    let expected = format!(
        "no LOGIN_REPAIRED webhook of Item {} within 5ms; webhooks fired for that Item so far: 1",
        item.item_id
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.code(), "WEBHOOK_TIMEOUT");
}

#[tokio::test]
async fn closing_frees_the_port_and_ends_connections_deliveries_and_waits() {
    let mut receiver = Receiver::start(Behavior::Hang).await;
    let plaid = Plaid::start().await;
    let address = plaid
        .sandbox
        .url()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let delivery = receiver.next().await;
    let waiting = plaid.sandbox.next_webhook(of(&item), LONG);

    plaid.sandbox.close().await;
    let listener = TcpListener::bind(&address).await.unwrap();
    assert!(matches!(waiting.await, Err(SandboxError::Closed)));
    assert!(has_ended(&mut idle).await);
    assert!(has_ended(&mut delivery.stream.unwrap()).await);

    drop(listener);
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let config = Config {
        port,
        ..Config::default()
    };
    let again = Sandbox::start(config).await.unwrap();
    assert_eq!(again.url(), format!("http://{address}"));
}

#[tokio::test]
async fn dropping_stops_the_server() {
    let mut receiver = Receiver::start(Behavior::Hang).await;
    let plaid = Plaid::start().await;
    let address = plaid
        .sandbox
        .url()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let item = plaid.item(Some(&receiver.url()));
    plaid.reset_login(&item).await;
    let delivery = receiver.next().await;
    let waiting = plaid.sandbox.next_webhook(of(&item), LONG);
    drop(plaid);
    assert_eq!(waiting.await.unwrap_err().code(), "CLOSED");
    assert!(has_ended(&mut delivery.stream.unwrap()).await);
    TcpListener::bind(&address).await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let taken = Sandbox::start(Config::default()).await.unwrap();
    let port = taken.url().rsplit(':').next().unwrap().parse().unwrap();
    let config = Config {
        port,
        ..Config::default()
    };
    let error = Sandbox::start(config).await.unwrap_err();
    assert_eq!(error.code(), "EADDRINUSE");
    let message = format!("the Sandbox could not listen on 127.0.0.1:{port}: ");
    assert!(error.to_string().starts_with(&message), "{error}");
}

#[tokio::test]
async fn an_unknown_item_cannot_be_repaired() {
    let plaid = Plaid::start().await;
    let error = plaid.sandbox.repair_item("unknown").unwrap_err();
    assert_eq!(error.code(), "ITEM_NOT_FOUND");
    assert_eq!(error.to_string(), "no Item has the id unknown");
}

#[tokio::test]
async fn no_public_type_prints_a_credential_or_a_token() {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some("http://192.0.2.1/"));
    plaid.reset_login(&item).await;
    let webhook = plaid.sandbox.next_webhook(of(&item), LONG).await.unwrap();
    let soon = Duration::from_millis(1);
    let error = plaid
        .sandbox
        .next_webhook(of(&item), soon)
        .await
        .unwrap_err();
    let printed = format!("{:?} {item:?} {webhook:?} {error:?} {error}", plaid.sandbox);
    assert!(printed.contains(&item.item_id));
    for secret in [
        plaid.secret(),
        plaid.sandbox.client_id(),
        item.access_token.expose_secret(),
    ] {
        assert!(!printed.contains(secret));
    }
}

#[test]
fn the_sandbox_and_its_futures_are_send() {
    fn check<T: Send + 'static>(_: T) {}
    check(Sandbox::start(Config::default()));
    fn check_sync<T: Send + Sync + 'static>() {}
    check_sync::<Sandbox>();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let sandbox = runtime.block_on(Sandbox::start(Config::default())).unwrap();
    check(sandbox.next_webhook(any(), LONG));
    check(sandbox.close());
}
