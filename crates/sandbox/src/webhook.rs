//! A webhook as a test sees it.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::time;

/// A webhook that was fired, and what became of it. Serialises to an object of these names;
/// `fired_at` and `next_attempt_at` as `firedAt` and `nextAttemptAt`, and instants as
/// `2026-09-10T22:15:13.382Z`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Counts the webhooks of this Sandbox, from 1.
    pub id: u64,
    /// When it was fired, by the Sandbox's clock.
    #[serde(rename = "firedAt", serialize_with = "time::serialize")]
    pub fired_at: SystemTime,
    /// The Item's webhook URL.
    pub url: String,
    /// The Item it is about.
    pub item_id: String,
    /// Such as `ITEM`.
    pub webhook_type: &'static str,
    /// Such as `ERROR`.
    pub webhook_code: &'static str,
    /// The raw body, byte for byte as it was sent, or would have been.
    pub body: String,
    /// The attempts to deliver it that have ended, the oldest first.
    pub attempts: Vec<Attempt>,
    /// When it is delivered again, by the Sandbox's clock; `None` when nothing more is planned.
    #[serde(rename = "nextAttemptAt", serialize_with = "time::serialize_option")]
    pub next_attempt_at: Option<SystemTime>,
    /// How long after the next attempt by schedule the one after it is made.
    #[serde(skip)]
    pub(crate) next_wait: Duration,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began, by the Sandbox's clock.
    #[serde(serialize_with = "time::serialize")]
    pub at: SystemTime,
    /// The JWT of its `Plaid-Verification` header.
    pub verification: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a delivery attempt ended. Serialises with the variant's name in snake case as `kind`:
/// `{"kind":"delivered","status":200}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver answered 200, which Plaid alone takes for a success (documented).
    Delivered {
        /// 200
        status: u16,
    },
    /// The receiver answered something else. It is delivered again.
    Refused {
        /// The HTTP status of its answer.
        status: u16,
    },
    /// The receiver could not be reached, hung up, or did not answer within 10 seconds. It is
    /// delivered again.
    Failed {
        /// What happened, for a person to read.
        reason: String,
    },
    /// Nothing was sent, and nothing will be: the receiver is not on this machine, and its host is
    /// not allowed in [`Config::allow_webhook_hosts`](crate::Config::allow_webhook_hosts).
    NotAllowed {
        /// What stood against it, for a person to read.
        reason: String,
    },
}

/// Which webhooks [`Controls::next_webhook`](crate::Controls::next_webhook) is to hand out. What is
/// `None` matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// The Item it is about.
    pub item_id: Option<String>,
    /// Such as `ERROR`.
    pub webhook_code: Option<String>,
}

impl WebhookFilter {
    pub(crate) fn matches(&self, webhook: &Webhook) -> bool {
        self.item_id
            .as_deref()
            .is_none_or(|wanted| wanted == webhook.item_id)
            && self
                .webhook_code
                .as_deref()
                .is_none_or(|wanted| wanted == webhook.webhook_code)
    }
}
