//! What a test does with a Sandbox that no Plaid route does: make Items, break and heal them, look
//! at what happened, move the clock, make things go wrong.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use tokio::sync::{broadcast, oneshot};

use crate::{
    catalog,
    error::SandboxError,
    event::{Event, ItemState, ItemSummary},
    faults::Fault,
    item::User,
    journal::LoggedRequest,
    mailbox::Ticket,
    notice::Notice,
    secrets::without_secrets,
    state::{ItemPlan, Shared, State},
    webhook::{Webhook, WebhookFilter},
};

/// The latest that the Sandbox's clock can be moved to: the year 9999.
pub(crate) const LAST_INSTANT: Duration = Duration::from_secs(253_402_300_799);

/// The controls of a [`Sandbox`](crate::Sandbox). A clone controls the same Sandbox; it does not
/// keep it running.
#[derive(Clone)]
pub struct Controls {
    pub(crate) shared: Arc<Shared>,
    /// Where whoever asks has reached this Sandbox.
    pub(crate) origin: String,
}

/// An Item to create with [`Controls::create_item`]. What is `None` takes its default.
#[derive(Debug, Clone, Default)]
pub struct NewItem {
    /// Where the Item's webhooks go; none by default.
    pub webhook: Option<String>,
    /// The products to initialise it with; `transactions` by default.
    pub products: Option<Vec<String>>,
    /// One of Plaid's Sandbox institutions; `ins_109508`, First Platypus Bank, by default.
    pub institution_id: Option<String>,
    /// The user whose Item it is, for `/sandbox/user/reset_login`; none by default.
    pub user_id: Option<String>,
}

/// What [`Controls::create_item`] hands back.
#[derive(Debug, Clone)]
pub struct CreatedItem {
    /// The token that Plaid's routes take for this Item.
    pub access_token: SecretString,
    /// The Item's id, as webhooks and `/item/get` name it.
    pub item_id: String,
}

impl Controls {
    /// `http://127.0.0.1:PORT`: the base URL to give to a Plaid client.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The `client_id` this Sandbox accepts: 24 hex characters, new for each Sandbox.
    pub fn client_id(&self) -> &str {
        &self.shared.client_id
    }

    /// The `secret` this Sandbox accepts: 30 hex characters, new for each Sandbox.
    pub fn secret(&self) -> &SecretString {
        &self.shared.secret
    }

    /// Creates an Item and its access token in one step, under the rules of
    /// `/sandbox/public_token/create`.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] with Plaid's own code and message when a field breaks those
    /// rules: correct the field.
    pub fn create_item(&self, item: NewItem) -> Result<CreatedItem, SandboxError> {
        let products = item.products.as_deref();
        let products: Vec<&str> = match products {
            Some(products) => products.iter().map(String::as_str).collect(),
            None => vec!["transactions"],
        };
        let webhook = item.webhook.as_deref();
        let institution_id = item.institution_id.as_deref();
        let plan = ItemPlan {
            products: catalog::products("products", &products)
                .map_err(SandboxError::invalid("products"))?,
            webhook: webhook
                .map(|url| catalog::webhook("webhook", url))
                .transpose()
                .map_err(SandboxError::invalid("webhook"))?,
            institution: match institution_id {
                Some(id) => {
                    catalog::institution(id).map_err(SandboxError::invalid("institution_id"))?
                }
                None => catalog::first_platypus_bank(),
            },
            user: item.user_id.map(User::Id),
        };
        let mut state = self.shared.state();
        let place = state.add_item(plan);
        Ok(CreatedItem {
            access_token: state.renew_access_token(place).into(),
            item_id: state.items[place].id.clone(),
        })
    }

    /// Every Item, in the order of being created; removed ones, too.
    pub fn items(&self) -> Vec<ItemSummary> {
        let state = self.shared.state();
        state.items.iter().map(|item| item.summary()).collect()
    }

    /// Heals a broken Item from outside of your update mode, as when its user logs in again in
    /// another application: it fires `LOGIN_REPAIRED`. A healthy Item stays as it is. An extension
    /// of this Sandbox: no Plaid route heals an Item.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] when no Item has this id, or it was removed.
    pub fn repair_item(&self, item_id: &str) -> Result<(), SandboxError> {
        let mut state = self.shared.state();
        let place = place_of(&state, item_id)?;
        if state.heal_item(place) {
            state.fire(place, Notice::login_repaired());
        }
        Ok(())
    }

    /// Has the user do in Link what the token is for: in update mode, log in again, which repairs
    /// the Item and fires no webhook; otherwise link a new Item, whose public token this returns. What
    /// was completed before stays as it is. An extension of this Sandbox, which stands for Link's own
    /// pages.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] when the token cannot be used.
    pub fn complete_link(&self, link_token: &str) -> Result<Option<SecretString>, SandboxError> {
        let public_token = self.shared.state().complete_link(link_token)?;
        Ok(public_token.map(SecretString::from))
    }

    /// Has the user leave Link without finishing. An extension of this Sandbox.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] when the token cannot be used.
    pub fn exit_link(&self, link_token: &str) -> Result<(), SandboxError> {
        self.shared.state().exit_link(link_token)
    }

    /// The oldest webhook that matches and that no call has had yet, as soon as its first delivery
    /// attempt has ended: by then the receiver has answered, or never will. Webhooks fired before
    /// this call count. Of several calls at once, the earlier call gets the older webhook.
    ///
    /// Dropping the future gives up its place, and loses no webhook.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::WebhookTimeout`] when none came within `timeout`, of real time: the
    ///   message says how many webhooks were fired.
    /// - [`SandboxError::Closed`] when the Sandbox was closed or dropped meanwhile.
    pub fn next_webhook(
        &self,
        filter: WebhookFilter,
        timeout: Duration,
    ) -> impl Future<Output = Result<Webhook, SandboxError>> + Send + 'static + use<> {
        let ticket = Ticket::new(Arc::clone(&self.shared), filter);
        ticket.redeem(timeout)
    }

    /// Every webhook that was fired, the oldest first, with all attempts to deliver it that have
    /// ended. The last 10 000 are remembered.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.state().webhooks.log().cloned().collect()
    }

    /// Delivers a webhook again at once, whatever became of it, outside of Plaid's schedule: if it
    /// fails, no further attempt follows from it. Resolves when the attempt has ended.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::WebhookNotFound`] when no webhook has this id, or it is forgotten.
    /// - [`SandboxError::Closed`] when the Sandbox was closed, dropped or reset meanwhile.
    pub async fn redeliver(&self, id: u64) -> Result<Webhook, SandboxError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.shared.state();
            if state.webhooks.find(id).is_none() {
                return Err(SandboxError::WebhookNotFound { id });
            }
            state.send(id, Some(sender));
        }
        receiver.await.map_err(|_| SandboxError::Closed)
    }

    /// Signs webhooks with a new key from now on, and returns its `kid`. The last key is still
    /// served, as expired.
    pub fn rotate_key(&self) -> String {
        let mut state = self.shared.state();
        let now = state.clock.now();
        state.keys.rotate(now)
    }

    /// The requests to Plaid's routes, the oldest first, without secrets. The last 10 000 are
    /// remembered.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.state().journal.requests().cloned().collect()
    }

    /// What the Sandbox's clock shows.
    pub fn now(&self) -> SystemTime {
        self.shared.state().clock.now()
    }

    /// Moves the Sandbox's clock ahead by `by`, and does everything that is due on the way, each at
    /// its time: webhooks are delivered again, tokens expire, Items break by themselves. Resolves
    /// with what the clock shows when all of it has ended. Where a receiver does not answer, it
    /// waits two seconds of real time before the clock moves past the delivery's ten.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::Option`] when that is past the year 9999.
    /// - [`SandboxError::Closed`] when the Sandbox was closed or dropped meanwhile.
    pub async fn advance_clock(&self, by: Duration) -> Result<SystemTime, SandboxError> {
        let last = SystemTime::UNIX_EPOCH + LAST_INSTANT;
        self.shared.advance(by, last).await
    }

    /// Makes something go wrong on Plaid's routes.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Option`] when a field of the fault has a value that it cannot have.
    pub fn inject(&self, fault: Fault) -> Result<(), SandboxError> {
        self.shared.state().faults.add(fault)
    }

    /// The faults that are not spent.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.state().faults.active().to_vec()
    }

    /// Takes every fault back.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// Starts over as if the Sandbox had just been started: no Items, tokens, webhooks, requests or
    /// faults, the clock as at the start, and under a seed the same ids and keys again. Its URL and
    /// credentials stay, and so does who waits for a webhook.
    pub async fn reset(&self) {
        self.shared.reset().await;
    }

    /// What happens from now on. A listener more than 1 024 events behind misses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.listen()
    }
}

/// The place of an Item that was not removed.
///
/// # Errors
///
/// [`SandboxError::ItemNotFound`] when there is none of this id.
pub(crate) fn place_of(state: &State, item_id: &str) -> Result<usize, SandboxError> {
    state
        .find_item(item_id)
        .filter(|place| state.items[*place].state != ItemState::Removed)
        .ok_or_else(|| SandboxError::ItemNotFound {
            item_id: without_secrets(item_id).to_owned(),
        })
}
