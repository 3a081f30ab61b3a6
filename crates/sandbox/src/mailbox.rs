//! Every webhook that was fired, and which of them goes to which caller of `next_webhook`. A caller
//! is bound to the oldest webhook that matches, also while that one is still under way, so that
//! what a test sees does not depend on which receiver was the quickest.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::{oneshot, watch};

use crate::{
    error::SandboxError,
    secrets::without_secrets,
    state::Shared,
    webhook::{Webhook, WebhookFilter},
};

/// Older webhooks are forgotten: a Sandbox may run for weeks.
const KEPT: usize = 10_000;

/// The log of webhooks, and those who wait for one.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// In the order of being fired. Ids count up, so they are places, too.
    log: VecDeque<Webhook>,
    /// Those that no caller of `next_webhook` has had.
    unseen: BTreeSet<u64>,
    /// In the order of having asked.
    waiters: Vec<Waiter>,
    /// How many were ever fired, by Item.
    fired: HashMap<String, u64>,
    last_id: u64,
    /// Attempts that have begun, and when each is given up, by the number of the attempt.
    deadlines: HashMap<u64, SystemTime>,
    last_attempt: u64,
    /// Attempts on their way or waiting for their turn.
    under_way: usize,
    ended: watch::Sender<()>,
    /// Counts the resets: what ends after one belongs to nobody.
    epoch: u64,
    closed: bool,
}

struct Waiter {
    filter: WebhookFilter,
    // Taken when a webhook is handed over.
    sender: Option<oneshot::Sender<Webhook>>,
}

impl Mailbox {
    /// Notes that a webhook was fired; gives it its id.
    pub(crate) fn fire(&mut self, webhook: Webhook) -> u64 {
        self.last_id += 1;
        *self.fired.entry(webhook.item_id.clone()).or_default() += 1;
        if self.log.len() == KEPT
            && let Some(forgotten) = self.log.pop_front()
        {
            self.unseen.remove(&forgotten.id);
        }
        self.unseen.insert(self.last_id);
        self.log.push_back(Webhook {
            id: self.last_id,
            ..webhook
        });
        self.last_id
    }

    /// All that are remembered, the oldest first.
    pub(crate) fn log(&self) -> impl Iterator<Item = &Webhook> {
        self.log.iter()
    }

    pub(crate) fn find(&mut self, id: u64) -> Option<&mut Webhook> {
        let first = self.log.front()?.id;
        self.log
            .get_mut(usize::try_from(id.checked_sub(first)?).ok()?)
    }

    /// Notes that an attempt is on its way out, and returns the epoch it belongs to.
    pub(crate) fn send(&mut self) -> u64 {
        self.under_way += 1;
        self.epoch
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Notes that an attempt has begun, and returns its number.
    pub(crate) fn begin(&mut self, deadline: SystemTime) -> u64 {
        self.last_attempt += 1;
        self.deadlines.insert(self.last_attempt, deadline);
        self.last_attempt
    }

    /// Notes that an attempt of this epoch has ended; what there is to say about it stands in its
    /// webhook.
    pub(crate) fn end(&mut self, id: u64, attempt: u64) {
        self.deadlines.remove(&attempt);
        self.under_way = self.under_way.saturating_sub(1);
        self.hand_over(id);
        self.ended.send_replace(());
    }

    /// When the attempt that is given up first is given up.
    pub(crate) fn next_deadline(&self) -> Option<SystemTime> {
        self.deadlines.values().min().copied()
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Changes whenever an attempt has ended.
    pub(crate) fn watch_ends(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }

    /// Forgets every webhook. Who waits for one goes on waiting.
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

    /// Ends all waiting.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.waiters.clear();
    }

    fn put_back(&mut self, id: u64) {
        // Not if it was forgotten meanwhile.
        if self.find(id).is_some() {
            self.unseen.insert(id);
            self.hand_over(id);
        }
    }

    /// Gives the waiters whom the webhook of this id concerns what is theirs.
    fn hand_over(&mut self, id: u64) {
        let Some(webhook) = self.find(id).cloned() else {
            return;
        };
        self.hand_over_to(|filter| filter.matches(&webhook));
    }

    /// Gives the waiters among `whom` what has been attempted and is theirs. `whom` spares the
    /// others the search: a change to one webhook, or one new waiter, concerns few of them.
    fn hand_over_to(&mut self, whom: impl Fn(&WebhookFilter) -> bool) {
        let Some(first) = self.log.front().map(|webhook| webhook.id) else {
            return;
        };
        let mut bound_to_earlier = Vec::new();
        let (log, unseen) = (&self.log, &mut self.unseen);
        self.waiters.retain_mut(|waiter| {
            if !whom(&waiter.filter) {
                return true;
            }
            let theirs = unseen
                .iter()
                .filter_map(|id| log.get((id - first) as usize))
                .find(|webhook| {
                    waiter.filter.matches(webhook) && !bound_to_earlier.contains(&webhook.id)
                });
            let Some(webhook) = theirs else {
                return true;
            };
            if webhook.attempts.is_empty() {
                bound_to_earlier.push(webhook.id);
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

    fn count_fired(&self, filter: &WebhookFilter) -> String {
        match &filter.item_id {
            Some(item_id) => {
                let count = self.fired.get(item_id).copied().unwrap_or_default();
                format!("webhooks fired for that Item so far: {count}")
            }
            None => {
                let count: u64 = self.fired.values().sum();
                format!("webhooks fired for all Items so far: {count}")
            }
        }
    }
}

/// A place in the line of those who wait for a webhook.
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    filter: WebhookFilter,
    receiver: oneshot::Receiver<Webhook>,
}

impl Ticket {
    pub(crate) fn new(shared: Arc<Shared>, filter: WebhookFilter) -> Self {
        let (sender, receiver) = oneshot::channel();
        let mut state = shared.state();
        let mailbox = &mut state.webhooks;
        if !mailbox.closed {
            mailbox.waiters.push(Waiter {
                filter: filter.clone(),
                sender: Some(sender),
            });
            mailbox.hand_over_to(|other| overlap(&filter, other));
        }
        drop(state);
        Ticket {
            shared,
            filter,
            receiver,
        }
    }

    pub(crate) async fn redeem(mut self, timeout: Duration) -> Result<Webhook, SandboxError> {
        match tokio::time::timeout(timeout, &mut self.receiver).await {
            Ok(received) => received.map_err(|_| SandboxError::Closed),
            Err(_) => {
                // It may have come at the last moment; after this nothing comes any more.
                self.receiver.close();
                let received = self.receiver.try_recv();
                received.map_err(|_| self.timed_out(timeout))
            }
        }
    }

    fn timed_out(&self, waited: Duration) -> SandboxError {
        let code = self.filter.webhook_code.as_deref().map(without_secrets);
        let item_id = self.filter.item_id.as_deref().map(without_secrets);
        let wanted = match (code, item_id) {
            (None, None) => "webhook".to_owned(),
            (Some(code), None) => format!("{code} webhook"),
            (None, Some(item_id)) => format!("webhook of Item {item_id}"),
            (Some(code), Some(item_id)) => format!("{code} webhook of Item {item_id}"),
        };
        SandboxError::WebhookTimeout {
            wanted,
            waited,
            fired: self.shared.state().webhooks.count_fired(&self.filter),
        }
    }
}

/// A ticket dropped leaves the line, and puts back what it was given and nobody saw.
impl Drop for Ticket {
    fn drop(&mut self) {
        self.receiver.close();
        let mailbox = &mut self.shared.state().webhooks;
        mailbox.waiters.retain(|waiter| {
            waiter
                .sender
                .as_ref()
                .is_some_and(|sender| !sender.is_closed())
        });
        if let Ok(webhook) = self.receiver.try_recv() {
            mailbox.put_back(webhook.id);
        }
    }
}

/// Whether some webhook may match both.
fn overlap(one: &WebhookFilter, other: &WebhookFilter) -> bool {
    let agree = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    agree(&one.item_id, &other.item_id) && agree(&one.webhook_code, &other.webhook_code)
}
