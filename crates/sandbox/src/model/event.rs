//! What happens in a Sandbox, for listeners.

use serde::Serialize;
use tokio::sync::broadcast;

use crate::model::{
    item::ItemSummary, journal::LoggedRequest, link_log::LinkActivity, webhook::Webhook,
};

/// Something that happened. Serialises to an object with a `kind`: `request`, `delivery`, `item` or
/// `link`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A request to one of Plaid's routes was answered.
    Request(LoggedRequest),
    /// An attempt to deliver a webhook ended: the last of its `attempts`.
    Delivery(Webhook),
    /// An Item was created, broken, repaired or removed.
    Item(ItemSummary),
    /// Something happened in a Link session.
    Link(LinkActivity),
}

/// How many events a slow listener may be behind.
const KEPT: usize = 1024;

/// Sends events to the listeners.
#[derive(Default)]
pub(crate) struct Events {
    /// Made for the first listener: the buffer is allocated at once.
    sender: Option<broadcast::Sender<Event>>,
    /// How many events there were, with or without listeners.
    count: u64,
}

impl Events {
    /// Makes the event only if there is a listener.
    pub(crate) fn publish(&mut self, event: impl FnOnce() -> Event) {
        self.count += 1;
        if let Some(sender) = self.sender.as_ref().filter(|it| it.receiver_count() > 0) {
            // Fails if the last listener has just left.
            let _ = sender.send(event());
        }
    }

    /// The events from now on, and how many there were before.
    pub(crate) fn listen(&mut self) -> (broadcast::Receiver<Event>, u64) {
        let sender = self
            .sender
            .get_or_insert_with(|| broadcast::Sender::new(KEPT));
        (sender.subscribe(), self.count)
    }
}
