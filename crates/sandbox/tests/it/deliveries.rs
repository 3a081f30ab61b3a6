//! Where webhooks go, and the outcome of their delivery.

use std::time::Duration;

use tokio::{io::AsyncReadExt, net::TcpListener, time::Instant};
use utdk_plaid_sandbox::{Outcome, Webhook};

use crate::{
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    webhooks::next,
};

/// The outcome of the webhook of an Item with this URL.
async fn outcome(url: &str) -> Outcome {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some(url));
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    only_outcome(next(&plaid, &item).await)
}

/// The outcome of the only attempt.
fn only_outcome(webhook: Webhook) -> Outcome {
    let [attempt] = &webhook.attempts[..] else {
        panic!("expected one attempt, got {}", webhook.attempts.len());
    };
    attempt.outcome.clone()
}

#[tokio::test]
async fn only_status_200_is_a_success() {
    for status in [201, 204, 302, 404, 429, 500] {
        let receiver = Receiver::start(Behavior::Answer(status)).await;
        assert_eq!(outcome(&receiver.url()).await, Outcome::Refused { status });
    }
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let delivered = Outcome::Delivered { status: 200 };
    assert_eq!(outcome(&receiver.url()).await, delivered);
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let mut elsewhere = Receiver::start(Behavior::Answer(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let behavior = Behavior::AnswerWith(status, "location", elsewhere.url());
        let receiver = Receiver::start(behavior).await;
        assert_eq!(outcome(&receiver.url()).await, Outcome::Refused { status });
    }
    assert!(elsewhere.is_untouched());
}

#[tokio::test]
async fn a_receiver_that_resets_or_refuses_the_connection_is_a_failure() {
    let receiver = Receiver::start(Behavior::Reset).await;
    let reset = outcome(&receiver.url()).await;
    assert!(matches!(&reset, Outcome::Failed { reason } if reason.starts_with("no answer")));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let refused = outcome(&url).await;
    assert!(matches!(&refused, Outcome::Failed { reason } if reason.starts_with("could not")));
}

#[tokio::test]
async fn a_receiver_that_hangs_fails_after_ten_seconds_and_delays_no_api_reply() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Behavior::Hang).await;
    let item = plaid.item(Some(&receiver.url()));
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    let received = receiver.next().await;
    // From here tokio's clock jumps to the next timer when every task waits.
    tokio::time::pause();
    let start = Instant::now();
    let webhook = next(&plaid, &item).await;
    let reason = "no answer within 10 seconds".to_owned();
    assert_eq!(only_outcome(webhook), Outcome::Failed { reason });
    let waited = start.elapsed();
    assert!(
        waited > Duration::from_secs(8) && waited <= Duration::from_secs(11),
        "{waited:?}"
    );
    // The attempt has closed its connection.
    let left = received.stream.unwrap().read(&mut [0]).await;
    assert!(!matches!(left, Ok(1..)));
}

#[tokio::test]
async fn webhooks_go_to_every_name_of_loopback() {
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    let delivered = Outcome::Delivered { status: 200 };
    for host in [
        "127.0.0.1",
        "127.9.8.7",
        "localhost",
        "2130706433",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{}/", receiver.port);
        assert_eq!(outcome(&url).await, delivered, "{host}");
    }
}

#[tokio::test]
async fn a_host_outside_of_this_machine_gets_no_webhook_and_no_retry() {
    let mut receiver = Receiver::start(Behavior::Answer(200)).await;
    // A connection to 0.0.0.0 would reach the receiver.
    for host in ["192.0.2.1", "0.0.0.0", "[2001:db8::1]", "name.invalid"] {
        for scheme in ["http", "https"] {
            let plaid = Plaid::start().await;
            let url = format!("{scheme}://{host}:{}/", receiver.port);
            let item = plaid.item(Some(&url));
            plaid.reset_login(&item).await;
            let webhook = next(&plaid, &item).await;
            assert_eq!(webhook.next_attempt_at(), None);
            let reason = "webhooks go only to this machine; name the host in allowWebhookHosts \
                          (--allow-webhook-host) to allow it";
            let reason = reason.to_owned();
            let outcome = only_outcome(webhook);
            assert_eq!(outcome, Outcome::NotAllowed { reason }, "{url}");
        }
    }
    assert!(receiver.is_untouched());
}
