//! Where webhooks go, and what becomes of their delivery.

use std::time::Duration;

use tokio::{io::AsyncReadExt, net::TcpListener, time::Instant};
use utdk_plaid_sandbox::{Outcome, Webhook};

use crate::{
    plaid::Plaid,
    receiver::{Manner, Receiver},
    webhooks::next,
};

/// The outcome of a reset of an Item whose webhooks go to `url`.
async fn outcome(url: &str) -> Outcome {
    let plaid = Plaid::start().await;
    let item = plaid.item(Some(url));
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    only_outcome(next(&plaid, &item).await)
}

/// How the one attempt ended that was made so far.
fn only_outcome(webhook: Webhook) -> Outcome {
    let [attempt] = &webhook.attempts[..] else {
        panic!("one attempt, not {}", webhook.attempts.len());
    };
    attempt.outcome.clone()
}

#[tokio::test]
async fn the_status_200_alone_is_a_success() {
    for status in [201, 204, 302, 404, 429, 500] {
        let receiver = Receiver::start(Manner::Answer(status)).await;
        assert_eq!(outcome(&receiver.url()).await, Outcome::Refused { status });
    }
    let receiver = Receiver::start(Manner::Answer(200)).await;
    let delivered = Outcome::Delivered { status: 200 };
    assert_eq!(outcome(&receiver.url()).await, delivered);
}

#[tokio::test]
async fn a_redirect_is_a_refusal_and_is_not_followed() {
    let mut elsewhere = Receiver::start(Manner::Answer(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let manner = Manner::AnswerWith(status, "location", elsewhere.url());
        let receiver = Receiver::start(manner).await;
        assert_eq!(outcome(&receiver.url()).await, Outcome::Refused { status });
    }
    assert!(elsewhere.is_untouched());
}

#[tokio::test]
async fn a_receiver_that_resets_or_is_not_there_is_a_failure() {
    let receiver = Receiver::start(Manner::Reset).await;
    let reset = outcome(&receiver.url()).await;
    assert!(matches!(&reset, Outcome::Failed { reason } if reason.starts_with("no answer")));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let refused = outcome(&url).await;
    assert!(matches!(&refused, Outcome::Failed { reason } if reason.starts_with("could not")));
}

#[tokio::test]
async fn a_receiver_that_hangs_fails_after_ten_seconds_and_delays_no_reply() {
    let plaid = Plaid::start().await;
    let mut receiver = Receiver::start(Manner::Hang).await;
    let item = plaid.item(Some(&receiver.url()));
    assert_eq!(plaid.reset_login(&item).await.status, 200);
    let received = receiver.next().await;
    // From here the clock jumps to the next timer whenever nobody has anything to do.
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
    // The attempt that has ended left no connection behind.
    let left = received.stream.unwrap().read(&mut [0]).await;
    assert!(!matches!(left, Ok(1..)));
}

#[tokio::test]
async fn loopback_is_delivered_to_by_any_of_its_names() {
    let receiver = Receiver::start(Manner::Answer(200)).await;
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
async fn another_host_is_not_delivered_to_and_not_tried_again() {
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    // 0.0.0.0 would reach the receiver.
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
