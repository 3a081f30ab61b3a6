//! The handle a test holds: it starts the server, and does what no Plaid route does.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    catalog,
    error::SandboxError,
    mailbox::Ticket,
    server,
    state::{ItemPlan, Shared},
    webhook::{Webhook, WebhookFilter},
};

/// How a [`Sandbox`] is to run. Fill it by struct update: `Config { port: 8080, ..Default::default() }`.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The loopback port to listen on; 0 takes a free one.
    pub port: u16,
}

/// A running Plaid Sandbox. Dropping it stops the server and cancels deliveries under way.
pub struct Sandbox {
    url: String,
    shared: Arc<Shared>,
    // Never sent on: the server runs until this end of the channel is gone.
    keep_running: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// An Item to create with [`Sandbox::create_item`]. What is `None` takes its default.
#[derive(Debug, Clone, Default)]
pub struct NewItem {
    /// Where the Item's webhooks go; none by default.
    pub webhook: Option<String>,
    /// The products to initialise it with; `transactions` by default.
    pub products: Option<Vec<String>>,
    /// One of Plaid's Sandbox institutions; `ins_109508`, First Platypus Bank, by default.
    pub institution_id: Option<String>,
}

/// What [`Sandbox::create_item`] hands back.
#[derive(Debug, Clone)]
pub struct CreatedItem {
    /// The token that Plaid's routes take for this Item.
    pub access_token: SecretString,
    /// The Item's id, as webhooks and `/item/get` name it.
    pub item_id: String,
}

impl Sandbox {
    /// Starts a Sandbox on 127.0.0.1, on the tokio runtime of the caller. It answers from the
    /// moment this returns.
    ///
    /// # Errors
    ///
    /// The error of binding the port, such as `AddrInUse` when [`Config::port`] is taken.
    pub async fn start(config: Config) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (outbox, parcels) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(outbox));
        let (keep_running, shutdown) = oneshot::channel();
        let server = tokio::spawn(server::run(
            listener,
            Arc::clone(&shared),
            parcels,
            async move {
                let _ = shutdown.await;
            },
        ));
        Ok(Sandbox {
            url,
            shared,
            keep_running,
            server,
        })
    }

    /// `http://127.0.0.1:PORT`: the base URL to give to a Plaid client.
    pub fn url(&self) -> &str {
        &self.url
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
        let products = item
            .products
            .unwrap_or_else(|| vec!["transactions".to_owned()]);
        let webhook = item.webhook.as_deref();
        let plan = ItemPlan {
            products: catalog::products("products", products)
                .map_err(SandboxError::invalid("products"))?,
            webhook: webhook
                .map(|url| catalog::webhook("webhook", url))
                .transpose()
                .map_err(SandboxError::invalid("webhook"))?,
            institution: catalog::institution(
                item.institution_id.as_deref().unwrap_or("ins_109508"),
            )
            .map_err(SandboxError::invalid("institution_id"))?,
            user_id: None,
        };
        let mut state = self.shared.state();
        let item_id = state.add_item(plan);
        let access_token = state.add_access_token(item_id.clone());
        Ok(CreatedItem {
            access_token: access_token.into(),
            item_id,
        })
    }

    /// The oldest webhook that matches and that no call has had yet, as soon as its delivery
    /// attempt has ended: by then the receiver has answered, or never will. Webhooks fired before
    /// this call count. Of several calls at once, the earlier call gets the older webhook.
    ///
    /// Dropping the future gives up its place, and loses no webhook. A Sandbox keeps the last
    /// 10 000 webhooks that nobody asked for.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::WebhookTimeout`] when none came within `timeout`: the message says how
    ///   many webhooks were fired.
    /// - [`SandboxError::Closed`] when the Sandbox was closed or dropped meanwhile.
    pub fn next_webhook(
        &self,
        filter: WebhookFilter,
        timeout: Duration,
    ) -> impl Future<Output = Result<Webhook, SandboxError>> + Send + 'static + use<> {
        let ticket = Ticket::new(Arc::clone(&self.shared), filter);
        ticket.redeem(timeout)
    }

    /// Puts an Item back into a good state, as if its user had completed Link's update mode. An
    /// extension of this Sandbox: no Plaid route heals an Item. It fires no webhook, and on a
    /// healthy Item does nothing.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] when no Item has this id.
    pub fn repair_item(&self, item_id: &str) -> Result<(), SandboxError> {
        match self.shared.state().items.get_mut(item_id) {
            Some(item) => {
                item.login_required = false;
                Ok(())
            }
            None => Err(SandboxError::ItemNotFound {
                item_id: item_id.to_owned(),
            }),
        }
    }

    /// Stops the server: ends its connections and deliveries, and returns once the port is free.
    pub async fn close(self) {
        drop(self.keep_running);
        // A panic of the server task has nobody left to matter to.
        let _ = self.server.await;
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
