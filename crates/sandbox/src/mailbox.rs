//! Which webhook goes to which caller of `next_webhook`. A caller is bound to the oldest webhook
//! that matches, also while that one is still under way, so that what a test sees does not
//! depend on which receiver was the quickest.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    error::SandboxError,
    state::Shared,
    webhook::{Webhook, WebhookFilter},
};

/// Older webhooks that nobody asked for are forgotten: a Sandbox may run for weeks.
const KEPT: usize = 10_000;

/// The webhooks that nobody has had yet, and those who wait for one.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// In the order of being fired, which is that of their ids.
    entries: VecDeque<Entry>,
    /// In the order of having asked.
    waiters: Vec<Waiter>,
    /// How many were ever fired, by Item.
    fired: HashMap<String, u64>,
    last_id: u64,
    closed: bool,
}

struct Entry {
    id: u64,
    item_id: String,
    webhook_code: &'static str,
    /// `None` while its delivery is under way.
    ended: Option<Webhook>,
}

struct Waiter {
    filter: WebhookFilter,
    // Taken when a webhook is handed over.
    sender: Option<oneshot::Sender<Entry>>,
}

impl Mailbox {
    /// Notes that a webhook was fired, and returns the id under which [`Mailbox::end`] knows it.
    pub(crate) fn fire(&mut self, item_id: &str, webhook_code: &'static str) -> u64 {
        self.last_id += 1;
        *self.fired.entry(item_id.to_owned()).or_default() += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            id: self.last_id,
            item_id: item_id.to_owned(),
            webhook_code,
            ended: None,
        });
        self.last_id
    }

    /// Notes that a webhook's delivery attempt has ended.
    pub(crate) fn end(&mut self, id: u64, webhook: Webhook) {
        // Forgotten meanwhile, if it is not found.
        let Ok(at) = self.entries.binary_search_by_key(&id, |entry| entry.id) else {
            return;
        };
        let (item_id, code) = (webhook.item_id.clone(), self.entries[at].webhook_code);
        self.entries[at].ended = Some(webhook);
        self.hand_over(|filter| filter.matches(&item_id, code));
    }

    /// Ends all waiting.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.waiters.clear();
    }

    fn put_back(&mut self, entry: Entry) {
        let at = self.entries.partition_point(|other| other.id < entry.id);
        let (item_id, code) = (entry.item_id.clone(), entry.webhook_code);
        self.entries.insert(at, entry);
        self.hand_over(|filter| filter.matches(&item_id, code));
    }

    /// Gives the waiters among `whom` what has ended and is theirs. `whom` spares the others the
    /// search: a change to one webhook, or one new waiter, concerns few of them.
    fn hand_over(&mut self, whom: impl Fn(&WebhookFilter) -> bool) {
        let mut bound_to_earlier = Vec::new();
        let entries = &mut self.entries;
        self.waiters.retain_mut(|waiter| {
            if !whom(&waiter.filter) {
                return true;
            }
            let theirs = |entry: &Entry| {
                waiter.filter.matches(&entry.item_id, entry.webhook_code)
                    && !bound_to_earlier.contains(&entry.id)
            };
            let Some(at) = entries.iter().position(theirs) else {
                return true;
            };
            if entries[at].ended.is_none() {
                bound_to_earlier.push(entries[at].id);
                return true;
            }
            if let (Some(entry), Some(sender)) = (entries.remove(at), waiter.sender.take())
                && let Err(entry) = sender.send(entry)
            {
                entries.insert(at, entry);
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
    receiver: oneshot::Receiver<Entry>,
}

impl Ticket {
    pub(crate) fn new(shared: Arc<Shared>, filter: WebhookFilter) -> Self {
        let (sender, receiver) = oneshot::channel();
        let mut state = shared.state();
        let mailbox = &mut state.mailbox;
        if !mailbox.closed {
            mailbox.waiters.push(Waiter {
                filter: filter.clone(),
                sender: Some(sender),
            });
            mailbox.hand_over(|other| overlap(&filter, other));
        }
        drop(state);
        Ticket {
            shared,
            filter,
            receiver,
        }
    }

    pub(crate) async fn redeem(mut self, timeout: Duration) -> Result<Webhook, SandboxError> {
        let received = match tokio::time::timeout(timeout, &mut self.receiver).await {
            Ok(received) => received.ok(),
            Err(_) => {
                // It may have come at the last moment; after this nothing comes any more.
                self.receiver.close();
                match self.receiver.try_recv() {
                    Ok(entry) => Some(entry),
                    Err(_) => return Err(self.timed_out(timeout)),
                }
            }
        };
        received
            .and_then(|entry| entry.ended)
            .ok_or(SandboxError::Closed)
    }

    fn timed_out(&self, waited: Duration) -> SandboxError {
        let code = self.filter.webhook_code.as_deref();
        let wanted = match (code, &self.filter.item_id) {
            (None, None) => "webhook".to_owned(),
            (Some(code), None) => format!("{code} webhook"),
            (None, Some(item_id)) => format!("webhook of Item {item_id}"),
            (Some(code), Some(item_id)) => format!("{code} webhook of Item {item_id}"),
        };
        SandboxError::WebhookTimeout {
            wanted,
            waited,
            fired: self.shared.state().mailbox.count_fired(&self.filter),
        }
    }
}

/// A ticket dropped leaves the line, and puts back what it was given and nobody saw.
impl Drop for Ticket {
    fn drop(&mut self) {
        self.receiver.close();
        let mailbox = &mut self.shared.state().mailbox;
        mailbox.waiters.retain(|waiter| {
            waiter
                .sender
                .as_ref()
                .is_some_and(|sender| !sender.is_closed())
        });
        if let Ok(entry) = self.receiver.try_recv() {
            mailbox.put_back(entry);
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
