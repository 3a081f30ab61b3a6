//! HTTP/2: requests that a server does not process, and connections that no longer answer.

use std::time::Duration;

use tokio::join;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use utdk_plaid_client::{Client, Config, Error, ResetLogin};

use crate::calls::{ACCESS_TOKEN, call, within};
use crate::crowds::{at_once, check_all_succeed};
use crate::frames::{
    CONTINUATION, DATA, ENHANCE_YOUR_CALM, Frames, HEADERS, Http2Server, NO_ERROR, PING, SETTINGS,
};
use crate::relay::Relay;
use crate::tally::Tally;

fn without_retries(config: Config) -> Client {
    let config = Config {
        max_retries: 0,
        ..config
    };
    Client::new(config).expect("the settings are good")
}

async fn answer_all(mut frames: Frames) -> Option<()> {
    loop {
        let stream = frames.request().await?;
        frames.done(stream).await?;
    }
}

/// As nginx does after `keepalive_requests`: a GOAWAY that leaves what came later unprocessed.
#[tokio::test]
async fn requests_that_a_goaway_leaves_unprocessed_are_repeated_and_not_counted() {
    let server = Http2Server::start(&[], |_, mut frames| async move {
        let mut streams = Vec::new();
        while streams.len() < 10 {
            streams.push(frames.request().await?);
        }
        let last = *streams.iter().max()?;
        frames.go_away(last, NO_ERROR, "").await?;
        for stream in streams {
            frames.done(stream).await?;
        }
        while frames.next().await.is_some() {}
        None
    })
    .await;

    let client = without_retries(server.config());
    let mut tally = Tally::of("HTTP/2: GOAWAY after each tenth request, calls without retries");
    let outcomes = within(at_once(&client, 200)).await;
    outcomes.iter().for_each(|outcome| tally.add(outcome));
    check_all_succeed(outcomes);

    assert!(server.connections() >= 20);
}

/// A server that processes one request at a time, and refuses the others.
#[tokio::test]
async fn refused_streams_are_repeated_and_not_counted() {
    // SETTINGS_MAX_CONCURRENT_STREAMS: 1, which the first requests overtake.
    let server = Http2Server::start(&[0, 3, 0, 0, 0, 1], |_, mut frames| async move {
        let mut open = None;
        loop {
            let Ok(frame) = timeout(Duration::from_millis(5), frames.next()).await else {
                if let Some(stream) = open.take() {
                    frames.done(stream).await?;
                }
                continue;
            };
            let frame = frame?;
            match frame.kind {
                HEADERS if open.is_none() => open = Some(frame.stream),
                HEADERS => frames.refuse(frame.stream).await?,
                _ => {}
            }
        }
    })
    .await;

    let client = without_retries(server.config());
    let mut tally = Tally::of("HTTP/2: all streams but one are refused, calls without retries");
    let outcomes = within(at_once(&client, 60)).await;
    outcomes.iter().for_each(|outcome| tally.add(outcome));
    check_all_succeed(outcomes);

    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_every_stream_is_given_up_on() {
    let server = Http2Server::start(&[], |_, mut frames| async move {
        loop {
            let stream = frames.request().await?;
            frames.refuse(stream).await?;
        }
    })
    .await;

    let client = without_retries(server.config());
    let outcome = within(client.reset_login(call())).await;

    let error = outcome.result.expect_err("it was refused");
    assert_eq!((error.code(), error.retryable()), ("ECONNRESET", true));
    assert_eq!(outcome.attempts, 1);
}

#[tokio::test]
async fn the_call_after_a_timeout_is_made_on_a_new_connection() {
    let server = Http2Server::start(&[], |_, frames| answer_all(frames)).await;
    let relay = Relay::to(server.address(), 0).await;
    let client = without_retries(Config {
        base_url: Some(relay.https_url()),
        timeout: Duration::from_millis(1000),
        ..server.config()
    });
    let first = within(client.reset_login(call())).await;
    assert!(first.result.is_ok(), "{first:?}");

    relay.silence();
    let mut tally = Tally::of("HTTP/2: the path of the connection goes silent");
    let lost = within(client.reset_login(call())).await;
    tally.add(&lost);
    assert!(
        matches!(lost.result, Err(Error::Timeout { .. })),
        "{lost:?}"
    );

    for _ in 0..3 {
        let next = within(client.reset_login(call())).await;
        tally.add_next(&next, "the silence");
    }
    assert_eq!(relay.connections(), 2);
}

#[tokio::test]
async fn a_retry_recovers_a_call_on_a_silent_connection() {
    let server = Http2Server::start(&[], |_, frames| answer_all(frames)).await;
    let relay = Relay::to(server.address(), 0).await;
    let client = Client::new(Config {
        base_url: Some(relay.https_url()),
        attempt_timeout: Duration::from_millis(500),
        ..server.config()
    })
    .expect("the settings are good");
    let first = within(client.reset_login(call())).await;
    assert!(first.result.is_ok(), "{first:?}");

    relay.silence();
    let second = within(client.reset_login(call())).await;

    assert!(second.result.is_ok(), "{second:?}");
    assert_eq!((second.attempts, relay.connections()), (2, 2));
}

#[tokio::test]
async fn calls_in_flight_finish_on_the_connection_that_was_replaced() {
    let server = Http2Server::start(&[], |_, frames| answer_all(frames)).await;
    let relay = Relay::to(server.address(), 0).await;
    let client = without_retries(Config {
        base_url: Some(relay.https_url()),
        ..server.config()
    });
    let first = within(client.reset_login(call())).await;
    assert!(first.result.is_ok(), "{first:?}");
    relay.silence();

    let (patient, ()) = join!(within(client.reset_login(call())), async {
        let hasty = client.reset_login(ResetLogin {
            timeout: Some(Duration::from_millis(300)),
            ..call()
        });
        assert!(within(hasty).await.result.is_err());
        let next = within(client.reset_login(call())).await;
        assert!(next.result.is_ok(), "{next:?}");
        relay.restore();
    });

    assert!(patient.result.is_ok(), "{patient:?}");
    assert_eq!((patient.attempts, relay.connections()), (1, 2));
}

/// While others are answered, a call that times out is the server's slowness.
#[tokio::test]
async fn a_connection_that_answers_others_is_kept() {
    let server = Http2Server::start(&[], |_, mut frames| async move {
        let held = frames.request().await?;
        for _ in 0..3 {
            let stream = frames.request().await?;
            frames.done(stream).await?;
        }
        let _ = held;
        answer_all(frames).await
    })
    .await;
    let client = without_retries(server.config());

    let hasty = ResetLogin {
        timeout: Some(Duration::from_millis(1500)),
        ..call()
    };
    let (held, ()) = join!(client.reset_login(hasty), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..2 {
            let outcome = within(client.reset_login(call())).await;
            assert!(outcome.result.is_ok(), "{outcome:?}");
        }
    });
    assert!(held.result.is_err());

    let next = within(client.reset_login(call())).await;
    assert!(next.result.is_ok(), "{next:?}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_idle_connection_is_tested_with_pings() {
    let (pinged, pings) = oneshot::channel();
    let pinged = std::sync::Arc::new(std::sync::Mutex::new(Some(pinged)));
    let server = Http2Server::start(&[], move |_, mut frames| {
        let pinged = pinged.clone();
        async move {
            let stream = frames.request().await?;
            frames.done(stream).await?;
            while frames.next().await?.kind != PING {}
            let pinged = pinged.lock().expect("no panic").take();
            pinged?.send(()).ok()
        }
    })
    .await;
    let client = server.client();
    let outcome = within(client.reset_login(call())).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");

    // From here on, time jumps to the next timer when no task can run.
    tokio::time::pause();
    timeout(Duration::from_secs(60), pings)
        .await
        .expect("a PING within a minute")
        .expect("the server runs");
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol_is_eproto() {
    let server = Http2Server::start(&[], |_, mut frames| async move {
        frames.request().await?;
        // DATA belongs to a stream.
        frames.write(DATA, 0, 0, b"nonsense").await?;
        while frames.next().await.is_some() {}
        None
    })
    .await;

    let client = without_retries(server.config());
    let outcome = within(client.reset_login(call())).await;

    let error = outcome.result.expect_err("it is no HTTP/2");
    assert_eq!((error.code(), error.retryable()), ("EPROTO", true));
}

#[tokio::test]
async fn a_secret_in_the_reason_of_a_goaway_is_removed() {
    let server = Http2Server::start(&[], |_, mut frames| async move {
        frames.request().await?;
        frames.go_away(0, ENHANCE_YOUR_CALM, ACCESS_TOKEN).await?;
        while frames.next().await.is_some() {}
        None
    })
    .await;

    let client = without_retries(server.config());
    let outcome = within(client.reset_login(call())).await;

    assert!(outcome.result.is_err(), "{outcome:?}");
    assert!(
        !format!("{outcome:?}").contains(ACCESS_TOKEN),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn more_than_64_calls_share_a_connection_whatever_the_ceiling() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let server = Http2Server::start(&[], move |_, mut frames| {
        let arrived = arrived.clone();
        async move {
            let mut streams = Vec::new();
            while streams.len() < 101 {
                streams.push(frames.request().await?);
                arrived.send(()).ok()?;
            }
            for stream in streams {
                frames.done(stream).await?;
            }
            answer_all(frames).await
        }
    })
    .await;
    let client = without_retries(Config {
        max_connections: 1,
        ..server.config()
    });

    // All of them are in flight before the first is answered.
    check_all_succeed(within(at_once(&client, 101)).await);

    assert_eq!(server.connections(), 1);
    assert!(arrivals.try_recv().is_ok());
}

#[tokio::test]
async fn a_window_of_nothing_is_a_timeout() {
    let mut tally = Tally::of("HTTP/2: a window of 0");
    // SETTINGS_INITIAL_WINDOW_SIZE: 0, so that no body can be sent.
    let server = Http2Server::start(&[0, 4, 0, 0, 0, 0], |_, mut frames| async move {
        while frames.next().await.is_some() {}
        None
    })
    .await;
    let client = without_retries(Config {
        timeout: Duration::from_millis(500),
        ..server.config()
    });

    let outcome = within(client.reset_login(call())).await;

    tally.add(&outcome);
    assert!(
        matches!(outcome.result, Err(Error::Timeout { .. })),
        "{outcome:?}"
    );
}

/// Writes `frame` on the stream of the request, or on none, for as long as the client reads.
async fn flood(
    mut frames: Frames,
    kind: u8,
    flags: u8,
    on_stream: bool,
    frame: &[u8],
) -> Option<()> {
    let stream = frames.request().await?;
    let stream = if on_stream { stream } else { 0 };
    if kind == CONTINUATION {
        frames.write(HEADERS, 0, stream, &[0x88]).await?;
    }
    loop {
        frames.write(kind, flags, stream, frame).await?;
    }
}

#[tokio::test]
async fn a_flood_of_frames_ends_the_call_and_the_next_one_works() {
    const WINDOW_UPDATE: u8 = 8;
    // A header that HPACK stores nowhere: `x: ` and 4 KiB.
    let mut header = vec![0, 1, b'x', 0x7f, 0x81, 0x1f];
    header.extend([b'a'; 4096]);
    let floods: [(u8, u8, bool, &'static [u8]); 6] = [
        (PING, 0, false, &[0; 8]),
        (SETTINGS, 0, false, &[]),
        (DATA, 0, true, &[]),
        (WINDOW_UPDATE, 0, false, &[0, 0, 0, 1]),
        (CONTINUATION, 0, true, &[]),
        (CONTINUATION, 0, true, header.leak()),
    ];
    let mut tally =
        Tally::of("HTTP/2: floods of PING, SETTINGS, DATA, WINDOW_UPDATE, CONTINUATION");
    for (kind, flags, on_stream, frame) in floods {
        let server = Http2Server::start(&[], move |number, frames| async move {
            match number {
                1 => flood(frames, kind, flags, on_stream, frame).await,
                _ => answer_all(frames).await,
            }
        })
        .await;
        let client = without_retries(Config {
            timeout: Duration::from_millis(1000),
            ..server.config()
        });

        let outcome = within(client.reset_login(call())).await;

        tally.add(&outcome);
        let error = outcome.result.expect_err("it is a flood");
        assert!(
            matches!(error.code(), "TIMEOUT" | "EPROTO" | "ECONNRESET"),
            "{kind}: {error:?}"
        );
        let next = within(client.reset_login(call())).await;
        tally.add_next(&next, kind);
    }
}
