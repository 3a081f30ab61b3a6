//! Everything that changes in a Sandbox, and the only code that changes it.

mod items;
mod links;
mod transactions;
mod visits;
mod webhooks;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc::UnboundedSender};

use crate::{
    model::{
        bounded::BoundedMap,
        clock::{Clock, Timer},
        delivery::DeliveryCommand,
        event::{Event, Events},
        faults::Faults,
        item::{Item, ItemIndex},
        journal::{Journal, LoggedRequest},
        link::LinkTokens,
        link_log::LinkLog,
        mailbox::Mailbox,
        products::ledger::Arrival,
        random::Streams,
        report::{Report, Reports},
        signing::{Keys, Signer},
        stubs::Stubs,
        visit::{self, Visit},
        webhook_body::WebhookBody,
    },
    plaid::ids,
};

/// Held for no longer than one call takes, and never across an await. Each method leaves it
/// complete, so that a panic elsewhere does no harm.
pub(crate) struct State {
    clock: Clock,
    /// For the ids of Items and accounts, and for tokens.
    objects: Rng,
    /// For the ids of requests.
    requests: Rng,
    keys: Keys,
    items: Vec<Item>,
    item_ids: HashMap<String, ItemIndex>,
    access_tokens: HashMap<String, ItemIndex>,
    public_tokens: BoundedMap<PublicToken>,
    link_tokens: LinkTokens,
    link_log: LinkLog,
    visits: BoundedMap<Visit>,
    reports: Reports,
    mailbox: Mailbox,
    faults: Faults,
    stubs: Stubs,
    journal: Journal,
    events: Events,
    deliveries: UnboundedSender<DeliveryCommand>,
    /// How the transactions of a new Item arrive.
    arrival: Arrival,
}

/// How many entries of each kind were dropped, oldest first, because there was no room for them.
#[derive(Serialize)]
pub(crate) struct Dropped {
    link_tokens: u64,
    public_tokens: u64,
    requests: u64,
    webhooks: u64,
}

/// All public tokens together may have this many bytes: some 20 000 tokens.
const PUBLIC_TOKENS_LIMIT: usize = 6 << 20;

struct PublicToken {
    item: ItemIndex,
    created_at: SystemTime,
}

impl State {
    /// An empty state whose clock shows `now`, or real time. Webhooks leave through `deliveries`.
    pub(crate) fn new(
        streams: Streams,
        now: Option<SystemTime>,
        arrival: Arrival,
        deliveries: UnboundedSender<DeliveryCommand>,
    ) -> Self {
        let clock = Clock::new(now);
        State {
            keys: Keys::new(streams.keys, clock.now()),
            clock,
            objects: streams.objects,
            requests: streams.requests,
            items: Vec::new(),
            item_ids: HashMap::new(),
            access_tokens: HashMap::new(),
            public_tokens: BoundedMap::new(PUBLIC_TOKENS_LIMIT),
            link_tokens: LinkTokens::default(),
            link_log: LinkLog::default(),
            visits: BoundedMap::new(visit::LIMIT),
            reports: Reports::default(),
            mailbox: Mailbox::default(),
            faults: Faults::new(streams.faults),
            stubs: Stubs::default(),
            journal: Journal::default(),
            events: Events::default(),
            deliveries,
            arrival,
        }
    }

    /// Starts over, as [`State::new`] does. Listeners and waiters stay, and deliveries end.
    pub(crate) fn reset(&mut self, streams: Streams, now: Option<SystemTime>) {
        let _ = self.deliveries.send(DeliveryCommand::CancelAll);
        self.clock.restart(now);
        self.mailbox.reset();
        let mut new = State::new(streams, now, self.arrival, self.deliveries.clone());
        std::mem::swap(&mut new.clock, &mut self.clock);
        std::mem::swap(&mut new.mailbox, &mut self.mailbox);
        std::mem::swap(&mut new.events, &mut self.events);
        *self = new;
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    pub(crate) fn stubs(&mut self) -> &mut Stubs {
        &mut self.stubs
    }

    /// What the Sandbox's clock shows.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Does everything that is due by the clock.
    pub(crate) fn run_due_timers(&mut self) {
        while let Some((due, timer)) = self.clock.take_due() {
            match timer {
                Timer::BreakItem(item) => self.break_if_due(item, due),
                Timer::UpdateTransactions(item, update) => self.update_transactions(item, update),
                Timer::Redeliver(webhook) => self.redeliver_if_due(webhook, due),
            }
        }
    }

    /// Moves the clock to the next timer or delivery deadline, at most to `target`, and does what is
    /// due then. Returns whether the clock has arrived at `target`.
    pub(crate) fn step_clock(&mut self, target: SystemTime) -> bool {
        let stops = [self.clock.next_due(), self.mailbox.next_deadline()];
        let next = stops.into_iter().flatten().min();
        let stop = next.map_or(target, |next| next.min(target));
        self.clock.move_to(stop);
        self.run_due_timers();
        next.is_none_or(|next| next > target)
    }

    /// Adds an asset report, and fires its webhook to `url`. Returns its token.
    pub(crate) fn add_report(&mut self, report: Report, url: Option<String>) -> String {
        let token = format!("assets-sandbox-{}", ids::uuid(&mut self.objects));
        if let (Some(url), Some(item)) = (url, report.items.first()) {
            self.fire_to(url, Some(*item), WebhookBody::report_ready(&report.id));
        }
        self.reports.add(token.clone(), report);
        token
    }

    /// The asset report with this token.
    pub(crate) fn report(&self, token: &str) -> Option<&Report> {
        self.reports.find(token)
    }

    /// What was dropped to stay within the bounds, by kind.
    pub(crate) fn dropped(&self) -> Dropped {
        Dropped {
            link_tokens: self.link_tokens.dropped(),
            public_tokens: self.public_tokens.dropped(),
            requests: self.journal.dropped(),
            webhooks: self.mailbox.dropped(),
        }
    }

    /// The part of a new token that makes it unique.
    pub(crate) fn new_uuid(&mut self) -> String {
        ids::uuid(&mut self.objects)
    }

    /// A score of Signal, from 1 to 99 (documented).
    pub(crate) fn random_score(&mut self) -> u64 {
        self.objects.u64(1..100)
    }

    pub(crate) fn new_request_id(&mut self) -> String {
        ids::request_id(&mut self.requests)
    }

    /// Signs webhooks with a new key from now on. Returns its `kid`.
    pub(crate) fn rotate_key(&mut self) -> String {
        self.keys.rotate(self.clock.now())
    }

    /// The key that signs webhooks now.
    pub(crate) fn signer(&self) -> Arc<Signer> {
        self.keys.current()
    }

    /// The public key with this `kid`, as Plaid shows it.
    pub(crate) fn public_key(&self, kid: &str) -> Option<Value> {
        self.keys.jwk(kid)
    }

    /// Logs a request that is answered now, and publishes it.
    pub(crate) fn log_request(&mut self, mut request: LoggedRequest) {
        request.at = self.clock.now();
        self.events.publish(|| Event::Request(request.clone()));
        self.journal.add(request);
    }

    /// The events from now on, and how many there were before.
    pub(crate) fn listen(&mut self) -> (broadcast::Receiver<Event>, u64) {
        self.events.listen()
    }
}
