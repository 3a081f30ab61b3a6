//! The transactions of an Item: when they start, and the webhooks of their updates.

use serde_json::{Map, Value};

use crate::model::{
    clock::{Timer, Update},
    item::{ItemIndex, ItemState},
    products::{
        day::Day,
        ledger::{Arrival, DEFAULT_DAYS, Ledger},
        own_transactions::DYNAMIC_MASKS,
        transaction::own_key,
    },
    webhook_body::WebhookBody,
};

use super::State;

impl State {
    /// Adds the product `transactions` to an Item, with this many days of history. The number
    /// matters only the first time (documented).
    pub(crate) fn start_transactions(&mut self, index: ItemIndex, days: Option<i32>) {
        self.add_product(index, "transactions");
        if self.item(index).ledger.is_some() {
            return;
        }
        let days = days.unwrap_or(DEFAULT_DAYS);
        let now = self.clock.now();
        let item = self.item(index);
        let own = item
            .test_user
            .own_transactions(Day::of(now), item.accounts_seed);
        let ledger = Ledger::new(now, days, self.arrival, own);
        if ledger.arrival() == Arrival::AsPlaid {
            let [initial, historical] = ledger.updates();
            let timer = |update| Timer::UpdateTransactions(index, update);
            self.clock.set(initial, timer(Update::Initial));
            self.clock.set(historical, timer(Update::Historical));
        }
        self.items[index.0].ledger = Some(ledger);
    }

    /// Notes that `/transactions/sync` was called for an Item.
    pub(crate) fn mark_synced(&mut self, index: ItemIndex) {
        if let Some(ledger) = &mut self.items[index.0].ledger {
            ledger.is_synced = true;
        }
    }

    /// Fires the webhooks of an update that is due. A broken Item gets no updates; the first daily
    /// one after its repair covers the time that was missed (documented).
    pub(super) fn update_transactions(&mut self, index: ItemIndex, update: Update) {
        let now = self.clock.now();
        let item = &mut self.items[index.0];
        let Some(ledger) = item
            .ledger
            .as_mut()
            .filter(|_| item.state != ItemState::Removed)
        else {
            return;
        };
        if update != Update::Initial {
            let tomorrow = (Day::of(now) + 1).start();
            let timer = Timer::UpdateTransactions(index, Update::Daily);
            self.clock.set(tomorrow, timer);
        }
        if item.state == ItemState::LoginRequired {
            return;
        }
        let (code, count) = match update {
            Update::Initial => ("INITIAL_UPDATE", ledger.initial_count()),
            Update::Historical => ("HISTORICAL_UPDATE", ledger.historical_count()),
            Update::Daily => ("DEFAULT_UPDATE", ledger.take_new_days(now)),
        };
        if update == Update::Daily && count == 0 {
            return;
        }
        let is_synced = ledger.is_synced;
        self.fire(index, WebhookBody::transactions_update(code, count));
        if is_synced {
            let is_historical = update != Update::Initial;
            self.fire(index, WebhookBody::sync_updates_available(is_historical));
        }
    }

    /// Refreshes the transactions of an Item, and fires the webhooks of what changed (documented).
    pub(crate) fn refresh_transactions(&mut self, index: ItemIndex) {
        let now = self.clock.now();
        let item = &mut self.items[index.0];
        let seed = item.accounts_seed;
        let Some(ledger) = &mut item.ledger else {
            return;
        };
        let refreshed = ledger.refresh(now, seed);
        let ids = refreshed.removed.iter().map(|number| own_key(*number));
        let removed: Vec<String> = ids.map(|key| item.transaction_id(key)).collect();
        if !removed.is_empty() {
            self.fire(index, WebhookBody::transactions_removed(&removed));
        }
        self.fire_new_transactions(index, refreshed.added);
    }

    /// Adds transactions that a test made. Returns false if the Item's user does not take them, or has
    /// no room for them.
    pub(crate) fn create_transactions(
        &mut self,
        index: ItemIndex,
        rows: Vec<(Day, Map<String, Value>)>,
    ) -> bool {
        let ledger = self.items[index.0].ledger.as_mut();
        let Some(own) = ledger
            .and_then(Ledger::dynamic)
            .filter(|own| own.has_room(rows.len()))
        else {
            return false;
        };
        let count = rows.len();
        for (date, row) in rows {
            own.add(DYNAMIC_MASKS[0], date, row);
        }
        self.fire_new_transactions(index, count);
        true
    }

    fn fire_new_transactions(&mut self, index: ItemIndex, count: usize) {
        if count == 0 {
            return;
        }
        let is_synced = self
            .item(index)
            .ledger
            .as_ref()
            .is_some_and(|it| it.is_synced);
        self.fire(
            index,
            WebhookBody::transactions_update("DEFAULT_UPDATE", count),
        );
        if is_synced {
            self.fire(index, WebhookBody::sync_updates_available(true));
        }
    }
}
