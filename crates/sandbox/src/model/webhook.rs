//! A webhook as a test sees it.

use std::time::SystemTime;

use serde::Serialize;

use crate::{model::schedule::Schedule, plaid::time};

/// A webhook that was fired, with its delivery attempts. Serialises to an object with these names,
/// but `firedAt` and `nextAttemptAt`; times as `2026-09-10T22:15:13.382Z`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// The number of the webhook in this Sandbox, from 1.
    pub id: u64,
    /// When it was fired, by the Sandbox's clock.
    #[serde(rename = "firedAt", serialize_with = "time::serialize")]
    pub fired_at: SystemTime,
    /// The webhook URL of the Item, or of the request that asked for it.
    pub url: String,
    /// The Item it is about; none for a `LINK` webhook, which is about a Link session.
    pub item_id: Option<String>,
    /// For instance `ITEM`.
    pub webhook_type: &'static str,
    /// For instance `ERROR`.
    pub webhook_code: &'static str,
    /// The body, byte for byte as it is sent.
    pub body: String,
    /// The delivery attempts that have ended, oldest first.
    pub attempts: Vec<Attempt>,
    #[serde(rename = "nextAttemptAt")]
    pub(crate) schedule: Schedule,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it started, by the Sandbox's clock.
    #[serde(serialize_with = "time::serialize")]
    pub at: SystemTime,
    /// The JWT of its `Plaid-Verification` header.
    pub verification: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl Webhook {
    /// About how many bytes it occupies.
    pub(crate) fn size(&self) -> usize {
        let attempts: usize = self.attempts.iter().map(Attempt::size).sum();
        let item_id = self.item_id.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.url.len() + item_id + self.body.len() + attempts
    }
}

impl Attempt {
    /// About how many bytes it occupies.
    pub(crate) fn size(&self) -> usize {
        let reason = match &self.outcome {
            Outcome::Failed { reason } | Outcome::NotAllowed { reason } => reason.len(),
            Outcome::Delivered { .. } | Outcome::Refused { .. } => 0,
        };
        size_of::<Self>() + self.verification.len() + reason
    }
}

/// How a delivery attempt ended. Serialises with the variant's name in snake case as `kind`:
/// `{"kind":"delivered","status":200}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver answered 200, the only status that Plaid accepts (documented).
    Delivered {
        /// 200
        status: u16,
    },
    /// The receiver answered another status. Plaid retries.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// No connection, a closed connection, or no response within 10 seconds. Plaid retries.
    Failed {
        /// Why, in English.
        reason: String,
    },
    /// Not sent, and not retried: the receiver is not on this machine, and
    /// [`Config::allow_webhook_hosts`](crate::Config::allow_webhook_hosts) does not name its host.
    NotAllowed {
        /// Why, in English.
        reason: String,
    },
}

impl Webhook {
    /// When it is delivered again, by the Sandbox's clock; `None` if no attempt is planned.
    pub fn next_attempt_at(&self) -> Option<SystemTime> {
        self.schedule.next_attempt_at()
    }
}

/// The webhooks that [`Controls::next_webhook`](crate::Controls::next_webhook) waits for. `None`
/// matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// The Item it is about.
    pub item_id: Option<String>,
    /// For instance `ERROR`.
    pub webhook_code: Option<String>,
}

impl WebhookFilter {
    pub(crate) fn matches(&self, webhook: &Webhook) -> bool {
        self.item_id
            .as_deref()
            .is_none_or(|wanted| Some(wanted) == webhook.item_id.as_deref())
            && self
                .webhook_code
                .as_deref()
                .is_none_or(|wanted| wanted == webhook.webhook_code)
    }

    /// Whether a webhook may match both.
    pub(crate) fn overlaps(&self, other: &WebhookFilter) -> bool {
        let agree = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        agree(&self.item_id, &other.item_id) && agree(&self.webhook_code, &other.webhook_code)
    }
}
