//! The controls of webhooks.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    control::{
        controls::{Controls, find_item},
        error::SandboxError,
    },
    model::{
        shared::Shared,
        webhook::{Webhook, WebhookFilter},
        webhook_body::WebhookBody,
    },
    plaid::{secrets::without_secrets, time},
};

impl Controls {
    /// Waits for the oldest webhook that matches and that no earlier call has returned. Resolves
    /// when its first delivery attempt has ended. Webhooks fired before this call count. Of several
    /// calls at once, the earlier call gets the older webhook.
    ///
    /// Dropping the future ends the wait and loses no webhook.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::NoWebhookUrl`] at once if the Item of the filter has no webhook URL, and no
    ///   webhook about it is left.
    /// - [`SandboxError::WebhookTimeout`] if none came within `timeout`, in real time. The message
    ///   says how many webhooks were fired.
    /// - [`SandboxError::Closed`] if the Sandbox was closed or dropped meanwhile.
    pub fn next_webhook(
        &self,
        filter: WebhookFilter,
        timeout: Duration,
    ) -> impl Future<Output = Result<Webhook, SandboxError>> + Send + 'static + use<> {
        // The wait starts now, not when the future is first polled.
        let wait = Wait::new(Arc::clone(&self.shared), filter);
        wait.end(timeout)
    }

    /// Every webhook that was fired, oldest first, with the delivery attempts that have ended. The
    /// last 10 000 are remembered.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.state().mailbox().log().cloned().collect()
    }

    /// Delivers a webhook again at once, outside of Plaid's schedule: if the attempt fails, it is
    /// not retried. Resolves when the attempt has ended.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::WebhookNotFound`] if no remembered webhook has this id.
    /// - [`SandboxError::Closed`] if the Sandbox was closed, dropped or reset meanwhile.
    pub async fn redeliver(&self, id: u64) -> Result<Webhook, SandboxError> {
        let receiver = self.shared.state().redeliver(id);
        let receiver = receiver.ok_or(SandboxError::WebhookNotFound { id })?;
        receiver.await.map_err(|_| SandboxError::Closed)
    }

    /// Fires a webhook about an Item as `/sandbox/item/fire_webhook` does, without its access token,
    /// and also for a broken Item. An extension of this Sandbox.
    ///
    /// # Errors
    ///
    /// - [`SandboxError::ItemNotFound`] if no Item has this id, or it was removed.
    /// - [`SandboxError::NoWebhookUrl`] if the Item has no webhook URL.
    /// - [`SandboxError::Invalid`] with Plaid's code and message for an unknown code or type, or if
    ///   the Item does not have the webhook's product.
    pub fn fire_webhook(
        &self,
        item_id: &str,
        webhook_type: Option<&str>,
        webhook_code: &str,
    ) -> Result<(), SandboxError> {
        let mut state = self.shared.state();
        let index = find_item(&state, item_id)?;
        if state.item(index).webhook.is_none() {
            return Err(SandboxError::NoWebhookUrl {
                item_id: state.item(index).id.clone(),
            });
        }
        let fired = state.fire_by_code(index, webhook_type, webhook_code);
        fired.map_err(|error| {
            let is_of_type =
                error.error_code == "INVALID_FIELD" && WebhookBody::is_code(webhook_code);
            let field = match is_of_type {
                true => "webhook_type",
                false => "webhook_code",
            };
            SandboxError::invalid(field)(error)
        })
    }

    /// Signs any body with the key of the Sandbox. Returns a `Plaid-Verification` header. `iat`, in
    /// Unix seconds, is now by default: real time, as for the Sandbox's own webhooks. An extension of
    /// this Sandbox.
    pub fn sign_webhook(&self, body: &str, iat: Option<u64>) -> String {
        let signer = self.shared.state().signer();
        signer.sign(body, iat.unwrap_or_else(|| time::unix(SystemTime::now())))
    }

    /// Signs webhooks with a new key from now on. Returns its `kid`. The key before it is still
    /// served, as expired.
    pub fn rotate_key(&self) -> String {
        self.shared.state().rotate_key()
    }

    /// The public key with this `kid`, as `/webhook_verification_key/get` serves it.
    pub(crate) fn webhook_key(&self, kid: &str) -> Option<Value> {
        self.shared.state().public_key(kid)
    }
}

/// One call of [`Controls::next_webhook`].
struct Wait {
    shared: Arc<Shared>,
    filter: WebhookFilter,
    receiver: oneshot::Receiver<Webhook>,
    /// The Item, if it has no webhook URL and the wait would be in vain.
    without_url: Option<String>,
}

impl Wait {
    fn new(shared: Arc<Shared>, filter: WebhookFilter) -> Self {
        let mut state = shared.state();
        let without_url = state.item_without_webhooks(&filter);
        let receiver = state.wait_for_webhook(filter.clone());
        drop(state);
        Wait {
            shared,
            filter,
            receiver,
            without_url,
        }
    }

    async fn end(mut self, timeout: Duration) -> Result<Webhook, SandboxError> {
        if let Some(item_id) = self.without_url.take() {
            return Err(SandboxError::NoWebhookUrl { item_id });
        }
        match tokio::time::timeout(timeout, &mut self.receiver).await {
            Ok(received) => received.map_err(|_| SandboxError::Closed),
            Err(_) => {
                // A webhook may have come at the last moment. After `close` none can.
                self.receiver.close();
                let received = self.receiver.try_recv();
                received.map_err(|_| self.timed_out(timeout))
            }
        }
    }

    fn timed_out(&self, waited: Duration) -> SandboxError {
        let item_id = self.filter.item_id.as_deref();
        let code = self.filter.webhook_code.as_deref().map(without_secrets);
        let wanted = match (code, item_id.map(without_secrets)) {
            (None, None) => "webhook".to_owned(),
            (Some(code), None) => format!("{code} webhook"),
            (None, Some(item_id)) => format!("webhook of Item {item_id}"),
            (Some(code), Some(item_id)) => format!("{code} webhook of Item {item_id}"),
        };
        let items = match item_id {
            Some(_) => "that Item",
            None => "all Items",
        };
        let count = self.shared.state().mailbox().count_fired(item_id);
        SandboxError::WebhookTimeout {
            wanted,
            waited,
            fired: format!("webhooks fired for {items} so far: {count}"),
        }
    }
}

/// Puts back a webhook that was received but not returned.
impl Drop for Wait {
    fn drop(&mut self) {
        self.shared.state().stop_waiting(&mut self.receiver);
    }
}
