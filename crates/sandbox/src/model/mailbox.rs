//! Every webhook that was fired, its delivery attempts, and the waiters of `next_webhook`.
//!
//! A waiter gets the oldest webhook that matches, even if that one is still being delivered: the
//! order that a test sees must not depend on which receiver was the quickest.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::SystemTime,
};

use tokio::sync::{oneshot, watch};

use crate::model::webhook::{Webhook, WebhookFilter};

/// How many webhooks are remembered, and in how many bytes. Older ones are forgotten once they were
/// attempted.
const KEPT: usize = 10_000;
const KEPT_BYTES: usize = 10 << 20;

/// The log of webhooks, and the waiters.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// In the order they were fired. Ids count up, so an id gives the position.
    log: VecDeque<Webhook>,
    /// The bytes of the log.
    bytes: usize,
    /// How many webhooks were forgotten.
    dropped: u64,
    /// The ids that no waiter has received.
    unseen: BTreeSet<u64>,
    /// In the order they started to wait.
    waiters: Vec<Waiter>,
    /// How many webhooks were fired for each Item, and about none.
    fired: HashMap<Option<String>, u64>,
    last_id: u64,
    /// The deadlines of the attempts under way, by the number of the attempt.
    deadlines: HashMap<u64, SystemTime>,
    last_attempt: u64,
    /// Attempts under way or queued.
    pending: usize,
    ended: watch::Sender<()>,
    /// Incremented on reset, so late attempts are ignored.
    epoch: u64,
    closed: bool,
}

struct Waiter {
    filter: WebhookFilter,
    // Taken when a webhook is handed over.
    sender: Option<oneshot::Sender<Webhook>>,
}

impl Mailbox {
    /// Adds a webhook that was fired. Returns its new id, and the webhooks that are forgotten for it.
    pub(crate) fn fire(&mut self, webhook: Webhook) -> (u64, Vec<Webhook>) {
        self.last_id += 1;
        *self.fired.entry(webhook.item_id.clone()).or_default() += 1;
        self.bytes += webhook.size();
        self.unseen.insert(self.last_id);
        self.log.push_back(Webhook {
            id: self.last_id,
            ..webhook
        });
        let was_attempted = |webhook: &mut Webhook| !webhook.attempts.is_empty();
        let mut forgotten = Vec::new();
        while self.log.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.log.pop_front_if(was_attempted) else {
                break;
            };
            self.unseen.remove(&oldest.id);
            self.bytes -= oldest.size();
            self.dropped += 1;
            forgotten.push(oldest);
        }
        (self.last_id, forgotten)
    }

    /// How many webhooks were forgotten.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Counts the bytes of an attempt that was added to a webhook.
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Every webhook that is remembered, oldest first.
    pub(crate) fn log(&self) -> impl Iterator<Item = &Webhook> {
        self.log.iter()
    }

    pub(crate) fn find(&mut self, id: u64) -> Option<&mut Webhook> {
        let first = self.log.front()?.id;
        self.log
            .get_mut(usize::try_from(id.checked_sub(first)?).ok()?)
    }

    /// Counts an attempt that is now queued. Returns the epoch it belongs to.
    pub(crate) fn queue_attempt(&mut self) -> u64 {
        self.pending += 1;
        self.epoch
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Starts a queued attempt. Returns its number.
    pub(crate) fn start_attempt(&mut self, deadline: SystemTime) -> u64 {
        self.last_attempt += 1;
        self.deadlines.insert(self.last_attempt, deadline);
        self.last_attempt
    }

    /// Ends an attempt for webhook `id`, and gives the webhook to its waiter.
    pub(crate) fn end_attempt(&mut self, id: u64, attempt: u64) {
        self.deadlines.remove(&attempt);
        self.pending = self.pending.saturating_sub(1);
        self.hand_over(id);
        self.ended.send_replace(());
    }

    /// The earliest deadline of the attempts under way.
    pub(crate) fn next_deadline(&self) -> Option<SystemTime> {
        self.deadlines.values().min().copied()
    }

    /// Whether an attempt is under way or queued, and its end will still be noted.
    pub(crate) fn has_pending_attempts(&self) -> bool {
        self.pending > 0 && !self.closed
    }

    /// Changes when an attempt ends, on reset and on close.
    pub(crate) fn watch_attempts(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }

    /// Forgets every webhook. The waiters stay.
    pub(crate) fn reset(&mut self) {
        *self = Mailbox {
            waiters: std::mem::take(&mut self.waiters),
            ended: std::mem::take(&mut self.ended),
            epoch: self.epoch + 1,
            closed: self.closed,
            ..Mailbox::default()
        };
        self.ended.send_replace(());
    }

    /// Ends every wait, now and in future.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.waiters.clear();
        self.ended.send_replace(());
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Adds a waiter: its receiver gets the oldest unseen webhook that matches, once that was
    /// attempted.
    pub(crate) fn wait(&mut self, filter: WebhookFilter) -> oneshot::Receiver<Webhook> {
        let (sender, receiver) = oneshot::channel();
        if !self.closed {
            self.waiters.push(Waiter {
                filter: filter.clone(),
                sender: Some(sender),
            });
            self.hand_over_to(|other| filter.overlaps(other));
        }
        receiver
    }

    /// Removes the waiters that have closed their receivers.
    pub(crate) fn remove_closed_waiters(&mut self) {
        let waits = |sender: &oneshot::Sender<_>| !sender.is_closed();
        self.waiters
            .retain(|waiter| waiter.sender.as_ref().is_some_and(waits));
    }

    /// Puts back a webhook that a waiter has received but not used.
    pub(crate) fn put_back(&mut self, id: u64) {
        // It may be forgotten by now.
        if self.find(id).is_some() {
            self.unseen.insert(id);
            self.hand_over(id);
        }
    }

    /// Whether a webhook that no waiter has received matches.
    pub(crate) fn has_unseen(&self, filter: &WebhookFilter) -> bool {
        let mut left = self
            .log
            .iter()
            .filter(|webhook| self.unseen.contains(&webhook.id));
        left.any(|webhook| filter.matches(webhook))
    }

    /// How many webhooks were fired for the Item of this id, or for all Items.
    pub(crate) fn count_fired(&self, item_id: Option<&str>) -> u64 {
        match item_id {
            Some(item_id) => {
                let fired = self.fired.get(&Some(item_id.to_owned()));
                fired.copied().unwrap_or_default()
            }
            None => self.fired.values().sum(),
        }
    }

    /// Delivers webhook `id` to the waiters it matches.
    fn hand_over(&mut self, id: u64) {
        if self.waiters.is_empty() {
            return;
        }
        let Some(webhook) = self.find(id).cloned() else {
            return;
        };
        self.hand_over_to(|filter| filter.matches(&webhook));
    }

    /// Gives each waiter with a `wanted` filter its webhook, if that was attempted. The other
    /// waiters are skipped: one changed webhook or one new waiter concerns few of them.
    fn hand_over_to(&mut self, wanted: impl Fn(&WebhookFilter) -> bool) {
        let Some(first) = self.log.front().map(|webhook| webhook.id) else {
            return;
        };
        let mut taken_by_earlier = Vec::new();
        let (log, unseen) = (&self.log, &mut self.unseen);
        self.waiters.retain_mut(|waiter| {
            if !wanted(&waiter.filter) {
                return true;
            }
            let oldest = unseen
                .iter()
                .filter_map(|id| log.get((id - first) as usize))
                .find(|webhook| {
                    waiter.filter.matches(webhook) && !taken_by_earlier.contains(&webhook.id)
                });
            let Some(webhook) = oldest else {
                return true;
            };
            if webhook.attempts.is_empty() {
                taken_by_earlier.push(webhook.id);
                return true;
            }
            if let Some(sender) = waiter.sender.take()
                && sender.send(webhook.clone()).is_ok()
            {
                unseen.remove(&webhook.id);
            }
            false
        });
    }
}
