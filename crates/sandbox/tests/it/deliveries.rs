//! Where webhooks go, and what becomes of their delivery.

use std::time::Duration;

use tokio::{io::AsyncReadExt, net::TcpListener, time::Instant};
use utdk_plaid_sandbox::Outcome;

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
    next(&plaid, &item).await.outcome
}

#[tokio::test]
async fn a_receivers_status_is_the_outcome_and_a_redirect_is_not_followed() {
    for status in [204, 302, 404, 429, 500] {
        let receiver = Receiver::start(Manner::Answer(status)).await;
        assert_eq!(
            outcome(&receiver.url()).await,
            Outcome::Delivered { status }
        );
    }
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
    assert_eq!(webhook.outcome, Outcome::Failed { reason });
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
async fn another_host_or_https_is_not_delivered_to() {
    let mut receiver = Receiver::start(Manner::Answer(200)).await;
    // 0.0.0.0 would reach the receiver.
    for host in ["192.0.2.1", "0.0.0.0", "[2001:db8::1]", "name.invalid"] {
        let url = format!("http://{host}:{}/", receiver.port);
        let reason = "only loopback receivers are delivered to; this webhook was not sent".into();
        assert_eq!(
            outcome(&url).await,
            Outcome::NotAllowed { reason },
            "{host}"
        );
    }
    let url = format!("https://127.0.0.1:{}/", receiver.port);
    let reason = "only http receivers are delivered to; this webhook was not sent".into();
    assert_eq!(outcome(&url).await, Outcome::NotAllowed { reason });
    assert!(receiver.is_untouched());
}
