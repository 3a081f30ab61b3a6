//! What passes between the model and the server's delivery task.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::oneshot;

use crate::model::{signing::Signer, webhook::Webhook};

/// Plaid waits this long for a response (documented). By the Sandbox's clock.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the delivery task must do.
pub(crate) enum DeliveryCommand {
    Attempt(PendingAttempt),
    /// Cancel all attempts, queued or under way.
    CancelAll,
}

/// A queued attempt to deliver a webhook.
pub(crate) struct PendingAttempt {
    pub(crate) webhook_id: u64,
    pub(crate) epoch: u64,
    /// For an attempt outside of the schedule: gets the webhook when the attempt has ended.
    pub(crate) requested_by: Option<oneshot::Sender<Webhook>>,
}

/// An attempt under way.
pub(crate) struct StartedAttempt {
    pub(crate) pending: PendingAttempt,
    pub(crate) number: u64,
    pub(crate) at: SystemTime,
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) signer: Arc<Signer>,
}
