use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::{
    model::{
        delivery::{DeliveryCommand, PendingAttempt},
        item::{ItemIndex, ItemPlan, ItemState},
        products::{ledger::Arrival, test_user::TestUser},
        random::Streams,
        webhook::Outcome,
        webhook_body::WebhookBody,
    },
    plaid::institutions::Institution,
};

use super::State;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// By how much real time may move the clock during a test.
const SLACK: Duration = Duration::from_secs(5);

type Commands = UnboundedReceiver<DeliveryCommand>;

/// A state with one Item that has a webhook URL.
fn state() -> (State, ItemIndex, Commands) {
    let (deliveries, commands) = mpsc::unbounded_channel();
    let mut state = State::new(
        Streams::new(Some(1)),
        Some(UNIX_EPOCH),
        Arrival::Ready,
        deliveries,
    );
    let item = add_item(&mut state);
    (state, item, commands)
}

fn add_item(state: &mut State) -> ItemIndex {
    state.add_item(ItemPlan {
        test_user: TestUser::Good,
        selected: None,
        days_requested: None,
        statements: None,
        institution: Institution::first_platypus_bank(),
        products: vec!["transactions"],
        webhook: Some("http://127.0.0.1/hook".to_owned()),
        user: None,
    })
}

fn queued_attempt(commands: &mut Commands) -> Option<PendingAttempt> {
    match commands.try_recv().ok()? {
        DeliveryCommand::Attempt(pending) => Some(pending),
        DeliveryCommand::CancelAll => None,
    }
}

/// Makes every attempt of one day, and fails each. Returns the seconds after 1970 they start at.
fn fail_for_a_day(
    state: &mut State,
    commands: &mut Commands,
    retry_after: Option<Duration>,
) -> Vec<u64> {
    let mut starts = Vec::new();
    let end = state.now() + DAY + SLACK;
    loop {
        while let Some(pending) = queued_attempt(commands) {
            let started = state.start_attempt(pending).unwrap();
            starts.push(started.at.duration_since(UNIX_EPOCH).unwrap().as_secs());
            let outcome = Outcome::Refused { status: 500 };
            state.end_attempt(started, String::new(), outcome, retry_after);
        }
        if state.step_clock(end) {
            return starts;
        }
    }
}

#[test]
fn a_failed_webhook_is_attempted_seven_times_by_plaids_schedule() {
    let (mut state, item, mut commands) = state();
    state.break_item(item);
    let starts = fail_for_a_day(&mut state, &mut commands, None);
    let schedule = [0, 30, 150, 630, 2_550, 10_230, 40_950];
    assert_eq!(starts.len(), schedule.len());
    for (start, expected) in starts.into_iter().zip(schedule) {
        assert!((expected..expected + SLACK.as_secs()).contains(&start));
    }
    let webhook = state.mailbox().log().next().unwrap();
    assert_eq!(webhook.attempts.len(), 7);
    assert_eq!(webhook.next_attempt_at(), None);
}

#[test]
fn a_receiver_may_ask_for_any_number_of_short_waits() {
    let (mut state, item, mut commands) = state();
    state.break_item(item);
    let ten_minutes = Some(Duration::from_secs(600));
    let starts = fail_for_a_day(&mut state, &mut commands, ten_minutes);
    assert_eq!(starts.len(), 144);
}

#[test]
fn a_delivered_webhook_is_not_attempted_again() {
    let (mut state, item, mut commands) = state();
    state.break_item(item);
    let pending = queued_attempt(&mut commands).unwrap();
    let started = state.start_attempt(pending).unwrap();
    let outcome = Outcome::Delivered { status: 200 };
    state.end_attempt(started, String::new(), outcome, None);
    assert_eq!(
        fail_for_a_day(&mut state, &mut commands, None),
        [] as [u64; 0]
    );
}

#[test]
fn a_repaired_item_is_healthy_for_thirty_days_from_then() {
    let (mut state, item, _commands) = state();
    state.step_clock(UNIX_EPOCH + DAY * 20);
    state.break_item(item);
    assert!(state.repair_item(item));
    assert!(!state.repair_item(item), "a healthy Item is not repaired");
    let target = UNIX_EPOCH + DAY * 50 - SLACK;
    while !state.step_clock(target) {}
    assert_eq!(state.item(item).state, ItemState::Healthy);
    while !state.step_clock(target + SLACK * 2) {}
    assert_eq!(state.item(item).state, ItemState::LoginRequired);
}

#[test]
fn a_reset_starts_over_and_ignores_attempts_under_way() {
    let (mut state, item, mut commands) = state();
    let first_id = state.item(item).id.clone();
    state.break_item(item);
    let pending = queued_attempt(&mut commands).unwrap();
    let started = state.start_attempt(pending).unwrap();
    state.fire(item, WebhookBody::login_repaired());
    let queued = queued_attempt(&mut commands).unwrap();

    state.reset(Streams::new(Some(1)), Some(UNIX_EPOCH));

    assert!(matches!(
        commands.try_recv(),
        Ok(DeliveryCommand::CancelAll)
    ));
    assert_eq!(state.items().count(), 0);
    assert!(state.now() < UNIX_EPOCH + SLACK);
    let item = add_item(&mut state);
    assert_eq!(state.item(item).id, first_id);
    state.break_item(item);
    assert!(state.start_attempt(queued).is_none());
    let outcome = Outcome::Delivered { status: 200 };
    state.end_attempt(started, String::new(), outcome, None);
    let webhook = state.mailbox().log().next().unwrap();
    assert!(webhook.attempts.is_empty());
    assert!(state.mailbox().has_pending_attempts());
}

#[test]
fn repairs_leave_one_timer_and_a_removal_none() {
    let (mut state, item, _commands) = state();
    for _ in 0..100 {
        state.break_item(item);
        assert_eq!(state.clock().timer_count(), 0);
        assert!(state.repair_item(item));
    }
    assert_eq!(state.clock().timer_count(), 1);
    state.remove_item(item);
    assert_eq!(state.clock().timer_count(), 0);
}
