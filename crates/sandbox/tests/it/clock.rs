//! The Sandbox's clock: its start, its speed, and moving it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use utdk_plaid_sandbox::Config;

use crate::{
    plaid::Plaid,
    receiver::{Behavior, Receiver},
    retries::{DAY, advance, check_time, seconds},
};

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// 2026-01-01T00:00:00Z
pub(crate) fn new_year() -> SystemTime {
    UNIX_EPOCH + seconds(1_767_225_600)
}

/// A Sandbox whose clock starts at [`new_year`].
pub(crate) async fn at_new_year() -> Plaid {
    Plaid::start_with(Config {
        now: Some(new_year()),
        ..Config::default()
    })
    .await
}

/// Makes real time pass, without waiting.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn the_clock_starts_at_real_time_or_at_the_configured_time() {
    let before = SystemTime::now();
    let plaid = Plaid::start().await;
    check_time(plaid.sandbox.now(), before, 0);
    let plaid = at_new_year().await;
    check_time(plaid.sandbox.now(), new_year(), 0);
    let shown = plaid.with_token("/item/get", &plaid.item(None)).await;
    let shown = shown.json()["item"]["created_at"].clone();
    let shown = shown.as_str().unwrap();
    assert!(shown.starts_with("2026-01-01T00:00:0"), "{shown}");
}

#[tokio::test]
async fn the_clock_runs_as_fast_as_real_time() {
    let plaid = at_new_year().await;
    pass(seconds(100)).await;
    check_time(plaid.sandbox.now(), new_year(), 100);
    advance(&plaid, seconds(1_000)).await;
    pass(seconds(100)).await;
    check_time(plaid.sandbox.now(), new_year(), 1_200);
}

#[tokio::test]
async fn moving_the_clock_returns_the_new_time() {
    let plaid = at_new_year().await;
    let shown = plaid.sandbox.advance_clock(DAY).await.unwrap();
    check_time(shown, new_year(), 86_400);
    assert!(plaid.sandbox.now() >= shown);
    let shown = plaid.sandbox.advance_clock(Duration::ZERO).await.unwrap();
    check_time(shown, new_year(), 86_400);
}

#[tokio::test]
async fn concurrent_moves_of_the_clock_are_made_one_after_the_other() {
    let plaid = at_new_year().await;
    let receiver = Receiver::start(Behavior::Answer(500)).await;
    plaid.item(Some(&receiver.url()));
    // The retries make the first call stop on its way, so that the second can start.
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    let (one, two) = tokio::join!(
        plaid.sandbox.advance_clock(DAY * 20),
        plaid.sandbox.advance_clock(DAY * 20)
    );
    check_time(one.unwrap(), new_year(), 20 * 86_400);
    check_time(two.unwrap(), new_year(), 40 * 86_400);
    let webhooks = plaid.sandbox.webhooks();
    assert_eq!(webhooks.len(), 2);
    for (webhook, fired_at) in webhooks.iter().zip([0, 30 * 86_400]) {
        check_time(webhook.fired_at, new_year(), fired_at);
        assert_eq!(webhook.attempts.len(), 7);
    }
}

#[tokio::test]
async fn the_clock_cannot_be_moved_past_the_year_9999() {
    let plaid = at_new_year().await;
    let left = seconds(LAST_SECOND - 1_767_225_600);
    for too_far in [left + seconds(1), Duration::MAX] {
        let error = plaid.sandbox.advance_clock(too_far).await.unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("INVALID_OPTION", Some("ms"))
        );
        let message = "ms must not move the clock past the year 9999";
        assert_eq!(error.to_string(), message);
    }
    check_time(plaid.sandbox.now(), new_year(), 0);
    advance(&plaid, left - seconds(3_600)).await;
    let shown = plaid.with_token("/item/get", &plaid.item(None)).await;
    let shown = shown.json()["item"]["created_at"].clone();
    let shown = shown.as_str().unwrap();
    assert!(shown.starts_with("9999-12-31T22:59:5"), "{shown}");
}

#[tokio::test]
async fn due_timers_run_in_order_each_at_its_time() {
    let plaid = at_new_year().await;
    let receiver = Receiver::start(Behavior::Answer(500)).await;
    // Each breaks between two retries of the Item before it.
    let mut items = Vec::new();
    for _ in 0..3 {
        items.push(plaid.item(Some(&receiver.url())));
        advance(&plaid, seconds(1_000)).await;
    }
    // This one is already broken when its 30 days end.
    plaid.reset_login(&plaid.item(Some(&receiver.url()))).await;
    advance(&plaid, DAY * 40).await;

    let mut webhooks = plaid.sandbox.webhooks();
    let reset = webhooks.remove(0);
    check_time(reset.fired_at, new_year(), 3_000);
    assert_eq!(webhooks.len(), 3);
    for (index, (webhook, item)) in webhooks.iter().zip(&items).enumerate() {
        assert_eq!(webhook.item_id, Some(item.item_id.clone()));
        let due = 30 * 86_400 + index as u64 * 1_000;
        check_time(webhook.fired_at, new_year(), due);
        for (attempt, after) in webhook
            .attempts
            .iter()
            .zip([0, 30, 150, 630, 2_550, 10_230, 40_950])
        {
            check_time(attempt.at, webhook.fired_at, after);
        }
        assert_eq!(webhook.attempts.len(), 7);
    }
}

#[tokio::test]
async fn a_reset_sets_the_clock_to_its_start() {
    let plaid = at_new_year().await;
    let receiver = Receiver::start(Behavior::Answer(200)).await;
    plaid.item(Some(&receiver.url()));
    advance(&plaid, DAY).await;
    plaid.sandbox.reset().await;
    check_time(plaid.sandbox.now(), new_year(), 0);
    // The timers of the old clock are gone.
    advance(&plaid, DAY * 40).await;
    assert_eq!(plaid.sandbox.webhooks(), []);

    let plaid = Plaid::start().await;
    advance(&plaid, DAY).await;
    let before = SystemTime::now();
    plaid.sandbox.reset().await;
    check_time(plaid.sandbox.now(), before, 0);
}
