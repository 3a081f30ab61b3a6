//! A webhook as a test sees it.

use serde::Serialize;

/// A webhook that was fired, and what became of its delivery attempt. Serialises to an object of
/// these names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// The Item's webhook URL.
    pub url: String,
    /// The Item it is about.
    pub item_id: String,
    /// `ITEM`
    pub webhook_type: String,
    /// `ERROR`
    pub webhook_code: String,
    /// The raw body, byte for byte as it was sent, or would have been.
    pub body: String,
    /// The JWT of the `Plaid-Verification` header.
    pub verification: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// How a delivery attempt ended. Serialises with the variant's name in snake case as `kind`:
/// `{"kind":"delivered","status":200}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver answered. Plaid takes 200 alone for a success.
    Delivered {
        /// The HTTP status of its answer.
        status: u16,
    },
    /// The receiver could not be reached, hung up, or did not answer within 10 seconds.
    Failed {
        /// What happened, for a person to read.
        reason: String,
    },
    /// Nothing was sent: this Sandbox delivers over plain http, to loopback receivers only.
    NotAllowed {
        /// What stood against it, for a person to read.
        reason: String,
    },
}

/// Which webhooks [`Sandbox::next_webhook`](crate::Sandbox::next_webhook) is to hand out. What is
/// `None` matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// The Item it is about.
    pub item_id: Option<String>,
    /// Such as `ERROR`.
    pub webhook_code: Option<String>,
}

impl WebhookFilter {
    pub(crate) fn matches(&self, item_id: &str, webhook_code: &str) -> bool {
        self.item_id
            .as_deref()
            .is_none_or(|wanted| wanted == item_id)
            && self
                .webhook_code
                .as_deref()
                .is_none_or(|wanted| wanted == webhook_code)
    }
}
