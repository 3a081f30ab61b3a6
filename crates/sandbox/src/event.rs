//! What happens in a Sandbox, told as it happens.

use serde::Serialize;

use crate::{journal::LoggedRequest, webhook::Webhook};

/// Something that happened. Serialises to an object with a `kind`: `request`, `delivery` or `item`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A request to one of Plaid's routes was answered.
    Request(LoggedRequest),
    /// An attempt to deliver a webhook has ended: the last of its `attempts`.
    Delivery(Webhook),
    /// An Item was created, broke, was repaired or was removed.
    Item(ItemSummary),
}

/// An Item, as a test asks about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemSummary {
    /// Its id.
    pub item_id: String,
    /// Its institution's id.
    pub institution_id: &'static str,
    /// What it is initialised with.
    pub products: Vec<&'static str>,
    /// Where its webhooks go.
    pub webhook: Option<String>,
    /// The `user_id` that it was created with.
    pub user_id: Option<String>,
    /// In which state it is.
    pub state: ItemState,
}

/// What an Item is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// All is well.
    Healthy,
    /// `ITEM_LOGIN_REQUIRED`: its user has to log in again.
    LoginRequired,
    /// Removed by `/item/remove`.
    Removed,
}
