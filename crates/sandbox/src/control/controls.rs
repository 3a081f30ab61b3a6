//! The controls of a Sandbox: Items, Link, faults, the log and the reset.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::broadcast;

use crate::{
    control::{
        error::SandboxError,
        tls::{Tls, TlsEndpoint},
    },
    model::{
        event::Event,
        faults::Fault,
        item::{ItemIndex, ItemPlan, ItemSummary, User},
        journal::LoggedRequest,
        products::test_user::TestUser,
        shared::Shared,
        state::State,
        webhook_body::WebhookBody,
    },
    plaid::{catalog, institutions::Institution, secrets::without_secrets},
};

/// The controls of a [`Sandbox`](crate::Sandbox). A clone controls the same Sandbox; it does not
/// keep it running.
#[derive(Clone)]
pub struct Controls {
    pub(super) shared: Arc<Shared>,
    pub(super) tls: Arc<Tls>,
    /// The origin under which the caller reaches this Sandbox.
    pub(super) origin: String,
}

/// An Item to create with [`Controls::create_item`]. `None` means the default.
#[derive(Debug, Clone, Default)]
pub struct NewItem {
    /// The URL of the Item's webhooks; none by default.
    pub webhook: Option<String>,
    /// The products to initialise it with; `transactions` by default.
    pub products: Option<Vec<String>>,
    /// One of Plaid's Sandbox institutions; `ins_109508`, First Platypus Bank, by default.
    pub institution_id: Option<String>,
    /// The user of the Item, for `/sandbox/user/reset_login`; none by default.
    pub user_id: Option<String>,
}

/// The result of [`Controls::create_item`].
#[derive(Debug, Clone)]
pub struct CreatedItem {
    /// The token that Plaid's routes take for this Item.
    pub access_token: SecretString,
    /// The Item's id, as webhooks and `/item/get` name it.
    pub item_id: String,
}

impl Controls {
    /// The controls of one Sandbox, for a caller that reaches it under `origin`.
    pub(crate) fn new(shared: Arc<Shared>, tls: Arc<Tls>, origin: String) -> Self {
        Controls {
            shared,
            tls,
            origin,
        }
    }

    /// `http://127.0.0.1:PORT`: the base URL for a Plaid client.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The `client_id` this Sandbox accepts: 24 hex characters, new for each Sandbox unless
    /// [`Config::client_id`](crate::Config::client_id) has one.
    pub fn client_id(&self) -> &str {
        &self.shared.client_id
    }

    /// The `secret` this Sandbox accepts: 30 hex characters, new for each Sandbox unless
    /// [`Config::secret`](crate::Config::secret) has one.
    pub fn secret(&self) -> &SecretString {
        &self.shared.secret
    }

    /// Where this Sandbox answers over TLS. If it does not yet, it starts to, on a free port.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Listen`] if no port is available; [`SandboxError::Closed`].
    pub async fn tls(&self) -> Result<TlsEndpoint, SandboxError> {
        self.tls.endpoint(0).await
    }

    /// Creates an Item and its access token in one step, under the rules of
    /// `/sandbox/public_token/create`.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] with Plaid's code and message if a field breaks those rules: correct
    /// the field.
    pub fn create_item(&self, item: NewItem) -> Result<CreatedItem, SandboxError> {
        let products = item.products.as_deref();
        let products: Vec<&str> = match products {
            Some(products) => products.iter().map(String::as_str).collect(),
            None => vec!["transactions"],
        };
        if let Some(user_id) = &item.user_id {
            catalog::kept_text("user_id", user_id).map_err(SandboxError::invalid("user_id"))?;
        }
        let webhook = item.webhook.as_deref();
        let institution_id = item.institution_id.as_deref();
        let plan = ItemPlan {
            test_user: TestUser::Good,
            selected: None,
            days_requested: None,
            statements: None,
            products: catalog::products("products", &products)
                .map_err(SandboxError::invalid("products"))?,
            webhook: webhook
                .map(|url| catalog::webhook("webhook", url))
                .transpose()
                .map_err(SandboxError::invalid("webhook"))?,
            institution: match institution_id {
                Some(id) => {
                    Institution::find(id).map_err(SandboxError::invalid("institution_id"))?
                }
                None => Institution::first_platypus_bank(),
            },
            user: item.user_id.map(User::Id),
        };
        let mut state = self.shared.state();
        let index = state.add_item(plan);
        Ok(CreatedItem {
            access_token: state.renew_access_token(index).into(),
            item_id: state.item(index).id.clone(),
        })
    }

    /// Every Item, in the order they were created, including removed Items.
    pub fn items(&self) -> Vec<ItemSummary> {
        let state = self.shared.state();
        state.items().map(|item| item.summary()).collect()
    }

    /// Breaks an Item's login as `/sandbox/item/reset_login` does, without its access token: for an
    /// Item that an app created. An extension of this Sandbox.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] if no Item has this id, or it was removed.
    pub fn break_item(&self, item_id: &str) -> Result<(), SandboxError> {
        let mut state = self.shared.state();
        let index = find_item(&state, item_id)?;
        state.break_item(index);
        Ok(())
    }

    /// Repairs a broken Item outside of your update mode, as when its user logs in again in another
    /// application: fires `LOGIN_REPAIRED`. A healthy Item stays as it is. An extension of this
    /// Sandbox: no Plaid route repairs an Item.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] if no Item has this id, or it was removed.
    pub fn repair_item(&self, item_id: &str) -> Result<(), SandboxError> {
        let mut state = self.shared.state();
        let index = find_item(&state, item_id)?;
        if state.repair_item(index) {
            state.fire(index, WebhookBody::login_repaired());
        }
        Ok(())
    }

    /// The requests to Plaid's routes, oldest first, without secrets. The last 10 000 are remembered.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.state().journal().requests().cloned().collect()
    }

    /// Makes requests to Plaid's routes fail, or delays them.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Option`] if a field of the fault has an invalid value.
    pub fn inject(&self, fault: Fault) -> Result<(), SandboxError> {
        let added = self.shared.state().faults().add(fault);
        added.map_err(|invalid| SandboxError::option(invalid.field, &invalid.problem))
    }

    /// The faults that are not used up.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.state().faults().active().to_vec()
    }

    /// Removes every fault.
    pub fn clear_faults(&self) {
        self.shared.state().faults().clear();
    }

    /// Starts over as a new Sandbox: no Items, tokens, webhooks, requests or faults, the clock as at
    /// the start, and with a seed the same ids and keys again. The URL, the credentials and the calls
    /// that wait for a webhook stay.
    pub async fn reset(&self) {
        self.shared.reset().await;
    }

    /// The events from now on. A listener more than 1 024 events behind misses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.state().listen().0
    }
}

/// # Errors
///
/// [`SandboxError::ItemNotFound`] if no Item has this id, or it was removed.
pub(super) fn find_item(state: &State, item_id: &str) -> Result<ItemIndex, SandboxError> {
    let found = state.find_item(item_id);
    found.ok_or_else(|| SandboxError::ItemNotFound {
        item_id: without_secrets(item_id).to_owned(),
    })
}
