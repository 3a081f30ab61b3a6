//! Items, and the tokens that name them.

use std::time::{Duration, SystemTime};

use crate::{
    model::{
        clock::Timer,
        event::Event,
        item::{HEALTHY_FOR, Item, ItemIndex, ItemPlan, ItemState, PUBLIC_TOKEN_LIFETIME, User},
        webhook_body::WebhookBody,
    },
    plaid::{error::PlaidError, ids, token::TokenKind},
};

use super::{PublicToken, State};

/// An expired public token answers that it has expired for this long, and is unknown after that.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

impl State {
    /// Adds a healthy Item.
    pub(crate) fn add_item(&mut self, plan: ItemPlan) -> ItemIndex {
        let now = self.clock.now();
        let index = ItemIndex(self.items.len());
        let id = ids::object_id(&mut self.objects);
        self.item_ids.insert(id.clone(), index);
        self.items.push(Item {
            id,
            institution: plan.institution,
            products: plan.products,
            webhook: plan.webhook,
            user: plan.user,
            access_token: None,
            accounts_seed: self.objects.u64(..),
            created_at: now,
            state: ItemState::Healthy,
            breaks_at: now + HEALTHY_FOR,
            test_user: plan.test_user,
            selected: plan.selected,
            ledger: None,
            statements: plan.statements,
            last_webhook: None,
        });
        self.clock.set(now + HEALTHY_FOR, Timer::BreakItem(index));
        if self.item(index).has("transactions") {
            self.start_transactions(index, plan.days_requested);
        }
        self.publish_item(index);
        index
    }

    pub(crate) fn item(&self, index: ItemIndex) -> &Item {
        &self.items[index.0]
    }

    /// Every Item, in the order they were created, including removed Items.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The Item with this id, if it is not removed.
    pub(crate) fn find_item(&self, item_id: &str) -> Option<ItemIndex> {
        let index = *self.item_ids.get(item_id)?;
        self.not_removed(index).ok()
    }

    /// The Items created for a user, including removed Items.
    pub(crate) fn items_of_user(&self, user: &User) -> Vec<ItemIndex> {
        let is_of_user = |index: &ItemIndex| self.item(*index).user.as_ref() == Some(user);
        let indexes = (0..self.items.len()).map(ItemIndex);
        indexes.filter(is_of_user).collect()
    }

    /// The Item of an access token.
    ///
    /// # Errors
    ///
    /// INVALID_ACCESS_TOKEN if the token is malformed, unknown or for another environment,
    /// ITEM_NOT_FOUND if its Item was removed.
    pub(crate) fn item_of_access_token(&self, token: &str) -> Result<ItemIndex, PlaidError> {
        let kind = TokenKind::Access;
        kind.check(token)?;
        let known = self.access_tokens.get(token);
        self.not_removed(*known.ok_or_else(|| kind.unknown())?)
    }

    /// The Item of a public token. The token can be exchanged again until it expires (observed).
    ///
    /// # Errors
    ///
    /// INVALID_PUBLIC_TOKEN if the token is malformed, unknown, expired or for another environment,
    /// ITEM_NOT_FOUND if its Item was removed (the latter inferred).
    pub(crate) fn item_of_public_token(&self, token: &str) -> Result<ItemIndex, PlaidError> {
        let kind = TokenKind::Public;
        kind.check(token)?;
        let known = self.public_tokens.get(token);
        let known = known.ok_or_else(|| kind.unknown())?;
        let age = self.clock.now().duration_since(known.created_at);
        if age.unwrap_or_default() >= PUBLIC_TOKEN_LIFETIME {
            return Err(PlaidError::expired_public_token());
        }
        self.not_removed(known.item)
    }

    /// Gives an Item a new access token. The token before it becomes unknown.
    pub(crate) fn renew_access_token(&mut self, index: ItemIndex) -> String {
        let token = format!("access-sandbox-{}", ids::uuid(&mut self.objects));
        self.access_tokens.insert(token.clone(), index);
        let item = &mut self.items[index.0];
        if let Some(old) = item.access_token.replace(token.clone()) {
            self.access_tokens.remove(&old);
        }
        token
    }

    pub(crate) fn add_public_token(&mut self, item: ItemIndex) -> String {
        let token = format!("public-sandbox-{}", ids::uuid(&mut self.objects));
        let created_at = self.clock.now();
        let public_token = PublicToken { item, created_at };
        let is_forgotten = |known: &PublicToken| {
            known.created_at + PUBLIC_TOKEN_LIFETIME + REMEMBERED_FOR <= created_at
        };
        self.public_tokens.insert(
            token.clone(),
            public_token,
            size_of::<PublicToken>(),
            is_forgotten,
        );
        token
    }

    /// Adds a product to an Item that does not have it.
    pub(crate) fn add_product(&mut self, index: ItemIndex, product: &'static str) {
        let item = &mut self.items[index.0];
        if !item.has(product) {
            item.products.push(product);
            item.products.sort_unstable();
        }
    }

    /// Changes where an Item's webhooks go. A new URL gets a webhook that confirms it (documented).
    pub(crate) fn set_webhook(&mut self, index: ItemIndex, url: Option<String>) {
        let body = url.as_deref().map(WebhookBody::update_acknowledged);
        self.items[index.0].webhook = url;
        if let Some(body) = body {
            self.fire(index, body);
        }
    }

    /// Puts an Item into ITEM_LOGIN_REQUIRED and fires ITEM / ERROR; also if the Item is there
    /// already (inferred).
    pub(crate) fn break_item(&mut self, index: ItemIndex) {
        self.cancel_break(index);
        self.items[index.0].state = ItemState::LoginRequired;
        self.publish_item(index);
        self.fire(index, WebhookBody::item_error());
    }

    /// Makes a broken Item healthy. Returns whether it was broken.
    pub(crate) fn repair_item(&mut self, index: ItemIndex) -> bool {
        let item = &mut self.items[index.0];
        if !item.is_broken() {
            return false;
        }
        item.state = ItemState::Healthy;
        item.breaks_at = self.clock.now() + HEALTHY_FOR;
        self.clock.set(item.breaks_at, Timer::BreakItem(index));
        self.publish_item(index);
        true
    }

    /// Replaces the selection of an Item's accounts. What is not selected is no longer shown (documented).
    pub(super) fn select_accounts(&mut self, index: ItemIndex, selected: Vec<usize>) {
        self.items[index.0].selected = Some(selected);
    }

    pub(crate) fn remove_item(&mut self, index: ItemIndex) {
        self.cancel_break(index);
        self.items[index.0].state = ItemState::Removed;
        self.publish_item(index);
    }

    /// The Item no longer breaks by itself.
    fn cancel_break(&mut self, index: ItemIndex) {
        let breaks_at = self.item(index).breaks_at;
        self.clock.cancel(breaks_at, Timer::BreakItem(index));
    }

    /// Breaks an Item whose 30 days end at `due`.
    pub(super) fn break_if_due(&mut self, index: ItemIndex, due: SystemTime) {
        let item = self.item(index);
        if item.state == ItemState::Healthy && item.breaks_at == due {
            self.break_item(index);
        }
    }

    pub(super) fn not_removed(&self, index: ItemIndex) -> Result<ItemIndex, PlaidError> {
        match self.item(index).state {
            ItemState::Removed => Err(PlaidError::item_not_found()),
            _ => Ok(index),
        }
    }

    fn publish_item(&mut self, index: ItemIndex) {
        let item = &self.items[index.0];
        self.events.publish(|| Event::Item(item.summary()));
    }
}
