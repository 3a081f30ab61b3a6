//! Webhooks: fired, attempted, retried, and given to waiters.

use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use crate::{
    model::{
        clock::Timer,
        delivery::{ATTEMPT_TIMEOUT, DeliveryCommand, PendingAttempt, StartedAttempt},
        event::Event,
        item::ItemIndex,
        schedule::Schedule,
        webhook::{Attempt, Outcome, Webhook, WebhookFilter},
        webhook_body::WebhookBody,
    },
    plaid::{error::PlaidError, json},
};

use super::State;

impl State {
    /// Fires a webhook to an Item's URL. Without a URL it fires nothing, and `last_webhook` does not
    /// change (inferred).
    pub(crate) fn fire(&mut self, index: ItemIndex, body: WebhookBody) {
        let now = self.clock.now();
        let item = &mut self.items[index.0];
        let Some(url) = item.webhook.clone() else {
            return;
        };
        item.last_webhook = Some((body.webhook_code, now));
        self.fire_to(url, Some(index), body);
    }

    /// Fires a webhook to a URL of its own, about an Item or about none.
    pub(super) fn fire_to(&mut self, url: String, index: Option<ItemIndex>, body: WebhookBody) {
        let now = self.clock.now();
        let item = index.map(|index| &self.items[index.0]);
        let (webhook_type, webhook_code) = (body.webhook_type, body.webhook_code);
        let (id, forgotten) = self.mailbox.fire(Webhook {
            id: 0,
            fired_at: now,
            url,
            item_id: item.map(|item| item.id.clone()),
            webhook_type,
            webhook_code,
            // Indented as replies are (inferred).
            body: json::render(body.into_json(item)),
            attempts: Vec::new(),
            schedule: Schedule::new(now),
        });
        for webhook in forgotten {
            if let Some(due) = webhook.schedule.next_attempt_at() {
                self.clock.cancel(due, Timer::Redeliver(webhook.id));
            }
        }
        self.queue_attempt(id, None);
    }

    /// Fires the webhook that `/sandbox/item/fire_webhook` asks for. It changes nothing else: ITEM /
    /// LOGIN_REPAIRED repairs no Item (inferred).
    ///
    /// # Errors
    ///
    /// SANDBOX_WEBHOOK_INVALID if the Item has no URL (that this comes first is inferred), otherwise
    /// those of [`WebhookBody::of_code`].
    pub(crate) fn fire_by_code(
        &mut self,
        index: ItemIndex,
        webhook_type: Option<&str>,
        webhook_code: &str,
    ) -> Result<(), PlaidError> {
        let now = self.clock.now();
        let item = &self.items[index.0];
        if item.webhook.is_none() {
            return Err(PlaidError::sandbox_webhook_invalid());
        }
        let body = WebhookBody::of_code(webhook_type, webhook_code, item, now, &mut self.objects)?;
        self.fire(index, body);
        Ok(())
    }

    /// Attempts a webhook again, outside of the schedule. The receiver gets it when the attempt has
    /// ended; nothing if the webhook is unknown.
    pub(crate) fn redeliver(&mut self, id: u64) -> Option<oneshot::Receiver<Webhook>> {
        self.mailbox.find(id)?;
        let (sender, receiver) = oneshot::channel();
        self.queue_attempt(id, Some(sender));
        Some(receiver)
    }

    /// Starts an attempt. Nothing if the webhook was forgotten, or there was a reset.
    pub(crate) fn start_attempt(&mut self, pending: PendingAttempt) -> Option<StartedAttempt> {
        if self.mailbox.epoch() != pending.epoch {
            return None;
        }
        let at = self.clock.now();
        let number = self.mailbox.start_attempt(at + ATTEMPT_TIMEOUT);
        let Some(webhook) = self.mailbox.find(pending.webhook_id) else {
            self.mailbox.end_attempt(pending.webhook_id, number);
            return None;
        };
        Some(StartedAttempt {
            number,
            at,
            url: webhook.url.clone(),
            body: webhook.body.clone(),
            signer: self.keys.current(),
            pending,
        })
    }

    /// Notes how an attempt ended, and plans the next one. `retry_after` is the wait that the
    /// receiver asks for.
    pub(crate) fn end_attempt(
        &mut self,
        started: StartedAttempt,
        verification: String,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) {
        let pending = started.pending;
        if self.mailbox.epoch() != pending.epoch {
            return;
        }
        let attempt = Attempt {
            at: started.at,
            verification,
            outcome,
        };
        let bytes = attempt.size();
        if let Some(webhook) = self.mailbox.find(pending.webhook_id) {
            let is_final = matches!(attempt.outcome, Outcome::NotAllowed { .. });
            webhook.attempts.push(attempt);
            // Of two attempts at once, the one that succeeds may end before the one that fails.
            let was_delivered =
                |attempt: &Attempt| matches!(attempt.outcome, Outcome::Delivered { .. });
            if is_final || webhook.attempts.iter().any(was_delivered) {
                webhook.schedule.stop();
            } else if pending.requested_by.is_none()
                && let Some(due) = webhook.schedule.plan(self.clock.now(), retry_after)
            {
                self.clock.set(due, Timer::Redeliver(webhook.id));
            }
            self.events.publish(|| Event::Delivery(webhook.clone()));
            if let Some(requested_by) = pending.requested_by {
                // Fails if the caller no longer waits.
                let _ = requested_by.send(webhook.clone());
            }
            self.mailbox.grow(bytes);
        }
        self.mailbox.end_attempt(pending.webhook_id, started.number);
    }

    /// Retries a webhook whose next attempt is due at `due`.
    pub(super) fn redeliver_if_due(&mut self, id: u64, due: SystemTime) {
        let webhook = self.mailbox.find(id);
        if webhook.is_some_and(|webhook| webhook.schedule.start(due)) {
            self.queue_attempt(id, None);
        }
    }

    /// The id of the Item that `filter` names, if it has no webhook URL and no webhook about it is left.
    /// The webhook of an asset report does not count: it goes to a URL of its own.
    pub(crate) fn item_without_webhooks(&self, filter: &WebhookFilter) -> Option<String> {
        let item = self.item(*self.item_ids.get(filter.item_id.as_ref()?)?);
        let is_of_report = filter.webhook_code.as_deref() == Some("PRODUCT_READY");
        let may_come = item.webhook.is_some() || is_of_report || self.mailbox.has_unseen(filter);
        (!may_come && !self.mailbox.is_closed()).then(|| item.id.clone())
    }

    /// The receiver gets the oldest webhook that matches and no waiter has received, once it was
    /// attempted.
    pub(crate) fn wait_for_webhook(&mut self, filter: WebhookFilter) -> oneshot::Receiver<Webhook> {
        self.mailbox.wait(filter)
    }

    /// Ends a wait. A webhook that was received but not used goes back.
    pub(crate) fn stop_waiting(&mut self, receiver: &mut oneshot::Receiver<Webhook>) {
        receiver.close();
        self.mailbox.remove_closed_waiters();
        if let Ok(webhook) = receiver.try_recv() {
            self.mailbox.put_back(webhook.id);
        }
    }

    /// Ends every wait: the server is gone.
    pub(crate) fn close(&mut self) {
        self.mailbox.close();
    }

    fn queue_attempt(&mut self, webhook_id: u64, requested_by: Option<oneshot::Sender<Webhook>>) {
        let epoch = self.mailbox.queue_attempt();
        // Fails only if the server is gone.
        let _ = self
            .deliveries
            .send(DeliveryCommand::Attempt(PendingAttempt {
                webhook_id,
                epoch,
                requested_by,
            }));
    }
}
