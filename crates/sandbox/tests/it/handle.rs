//! The handle: waiting for webhooks, closing, dropping, and what its types print.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use utdk_plaid_sandbox::{Config, CreatedItem, Sandbox, SandboxError, WebhookFilter};

use crate::{
    plaid::Plaid,
    receiver::{Manner, Receiver},
};

/// Longer than any delivery attempt.
const LONG: Duration = Duration::from_secs(20);

/// Whether the other side has closed the connection, well before a delivery would time out.
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
async fn each_webhook_is_handed_out_once_the_oldest_first() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
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
    assert_eq!(next(of(&items[1])).await, items[1].item_id);
    assert_eq!(next(any()).await, items[0].item_id);
    assert_eq!(next(any()).await, items[2].item_id);
    let soon = Duration::from_millis(1);
    let error = plaid.sandbox.next_webhook(any(), soon).await.unwrap_err();
    assert_eq!(error.code(), "WEBHOOK_TIMEOUT");
}

#[tokio::test]
async fn the_oldest_is_waited_for_even_when_a_later_one_is_quicker() {
    let plaid = Plaid::start().await;
    let mut slow = Receiver::start(Manner::Hang).await;
    let mut quick = Receiver::start(Manner::Answer(200)).await;
    let first = plaid.item(Some(&slow.url()));
    let second = plaid.item(Some(&quick.url()));
    let early = plaid.sandbox.next_webhook(any(), LONG);
    plaid.reset_login(&first).await;
    plaid.reset_login(&second).await;
    let _hanging = slow.next().await;
    quick.next().await;
    // The earlier call is bound to the webhook that hangs, which leaves the other to this one.
    let start = Instant::now();
    let late = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(late.item_id, second.item_id);
    assert!(start.elapsed() < Duration::from_secs(5));
    tokio::time::pause();
    assert_eq!(early.await.unwrap().item_id, first.item_id);
}

#[tokio::test]
async fn several_wait_at_once_and_each_gets_its_own() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
    let items: Vec<_> = (0..50).map(|_| plaid.item(Some(&receiver.url()))).collect();
    let waiting: Vec<_> = items
        .iter()
        .map(|item| tokio::spawn(plaid.sandbox.next_webhook(of(item), LONG)))
        .collect();
    for item in items.iter().rev() {
        plaid.reset_login(item).await;
    }
    for (item, waiting) in items.iter().zip(waiting) {
        assert_eq!(waiting.await.unwrap().unwrap().item_id, item.item_id);
    }
}

#[tokio::test]
async fn a_waiter_that_gives_up_leaves_its_webhook_to_the_next() {
    let plaid = Plaid::start().await;
    let receiver = Receiver::start(Manner::Answer(200)).await;
    let first = plaid.item(Some(&receiver.url()));
    let second = plaid.item(Some(&receiver.url()));
    let gives_up = plaid.sandbox.next_webhook(any(), LONG);
    plaid.reset_login(&first).await;
    plaid.reset_login(&second).await;
    // The receiver answers the first before the second, and the earlier call has the first.
    let next = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(next.item_id, second.item_id);
    drop(gives_up);
    let left = plaid.sandbox.next_webhook(any(), LONG).await.unwrap();
    assert_eq!(left.item_id, first.item_id);
}

#[tokio::test]
async fn a_timeout_says_what_was_waited_for_and_what_was_fired() {
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
async fn closing_frees_the_port_and_ends_connections_deliveries_and_waiting() {
    let mut receiver = Receiver::start(Manner::Hang).await;
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
async fn dropping_stops_the_server_too() {
    let mut receiver = Receiver::start(Manner::Hang).await;
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
async fn a_port_that_is_taken_is_an_error() {
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
    let error = plaid.sandbox.repair_item("nobody").unwrap_err();
    assert_eq!(error.code(), "ITEM_NOT_FOUND");
    assert_eq!(error.to_string(), "no Item has the id nobody");
}

#[tokio::test]
async fn nothing_public_prints_a_credential_or_a_token() {
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
fn the_sandbox_and_its_futures_go_to_any_thread() {
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
