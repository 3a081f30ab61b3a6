//! What a Sandbox remembers: credentials and key for its lifetime, and behind one lock
//! everything that changes.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    catalog::{ACCOUNTS, Institution},
    delivery::Parcel,
    item::Item,
    json,
    mailbox::Mailbox,
    plaid_error::{PlaidError, TokenKind},
    random::Random,
    signing::Signer,
    time,
};

/// Documented.
const PUBLIC_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What the handle, the connections and the deliveries of one Sandbox share.
pub(crate) struct Shared {
    pub(crate) client_id: String,
    pub(crate) secret: SecretString,
    pub(crate) signer: Signer,
    state: Mutex<State>,
}

/// What changes. Held for no longer than one call takes, and never across an await.
pub(crate) struct State {
    pub(crate) random: Random,
    pub(crate) items: HashMap<String, Item>,
    pub(crate) mailbox: Mailbox,
    /// The Item's id, by access token.
    access_tokens: HashMap<String, String>,
    public_tokens: HashMap<String, PublicToken>,
    outbox: UnboundedSender<Parcel>,
}

/// What an Item is made of; checked already.
pub(crate) struct ItemPlan {
    pub(crate) institution: &'static Institution,
    pub(crate) products: Vec<String>,
    pub(crate) webhook: Option<String>,
    pub(crate) user_id: Option<String>,
}

struct PublicToken {
    item_id: String,
    created_at: SystemTime,
}

impl Shared {
    /// Webhooks that are fired leave through `outbox`.
    pub(crate) fn new(outbox: UnboundedSender<Parcel>) -> Self {
        let mut random = Random::new();
        Shared {
            client_id: random.hex(24),
            secret: random.hex(30).into(),
            signer: Signer::new(&mut random),
            state: Mutex::new(State {
                random,
                items: HashMap::new(),
                mailbox: Mailbox::default(),
                access_tokens: HashMap::new(),
                public_tokens: HashMap::new(),
                outbox,
            }),
        }
    }

    /// The state, for a short while. A panic elsewhere leaves it usable: each change to it is
    /// complete in itself.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds an Item in a good state, and returns its id.
    pub(crate) fn add_item(&mut self, plan: ItemPlan) -> String {
        let id = self.random.object_id();
        let item = Item {
            id: id.clone(),
            institution: plan.institution,
            products: plan.products,
            webhook: plan.webhook,
            user_id: plan.user_id,
            account_ids: ACCOUNTS.iter().map(|_| self.random.object_id()).collect(),
            created_at: time::now(),
            login_required: false,
            last_webhook: None,
        };
        self.items.insert(id.clone(), item);
        id
    }

    pub(crate) fn add_access_token(&mut self, item_id: String) -> String {
        let token = format!("access-sandbox-{}", self.random.uuid());
        self.access_tokens.insert(token.clone(), item_id);
        token
    }

    pub(crate) fn add_public_token(&mut self, item_id: String) -> String {
        let token = format!("public-sandbox-{}", self.random.uuid());
        let created_at = time::now();
        self.public_tokens.insert(
            token.clone(),
            PublicToken {
                item_id,
                created_at,
            },
        );
        token
    }

    /// Uses a public token up, and returns its Item's id. A second exchange finds it unknown
    /// (inferred).
    ///
    /// # Errors
    ///
    /// INVALID_PUBLIC_TOKEN when it is malformed, foreign, unknown or expired.
    pub(crate) fn exchange(&mut self, token: &str, now: SystemTime) -> Result<String, PlaidError> {
        let kind = TokenKind::Public;
        check_token(kind, token)?;
        let age = match self.public_tokens.get(token) {
            Some(known) => now.duration_since(known.created_at).unwrap_or_default(),
            None => return Err(kind.unknown()),
        };
        if age >= PUBLIC_TOKEN_LIFETIME {
            return Err(PlaidError::expired_public_token());
        }
        match self.public_tokens.remove(token) {
            Some(used) => Ok(used.item_id),
            None => Err(kind.unknown()),
        }
    }

    /// # Errors
    ///
    /// INVALID_ACCESS_TOKEN when it is malformed, foreign or unknown.
    pub(crate) fn item_of(&mut self, access_token: &str) -> Result<&mut Item, PlaidError> {
        let kind = TokenKind::Access;
        check_token(kind, access_token)?;
        self.access_tokens
            .get(access_token)
            .and_then(|item_id| self.items.get_mut(item_id))
            .ok_or_else(|| kind.unknown())
    }

    /// Fires ITEM / ERROR to an Item's webhook URL. Without a URL nothing is fired, and
    /// `last_webhook` stays as it was (inferred).
    pub(crate) fn fire_item_error(&mut self, item_id: &str) {
        let Some(item) = self.items.get_mut(item_id) else {
            return;
        };
        let Some(url) = item.webhook.clone() else {
            return;
        };
        item.last_webhook = Some(("ERROR", time::now()));
        // Fails only once the server is gone, and then nobody waits for the webhook.
        let _ = self.outbox.send(Parcel {
            id: self.mailbox.fire(item_id, "ERROR"),
            url,
            item_id: item_id.to_owned(),
            webhook_type: "ITEM",
            webhook_code: "ERROR",
            body: json::render(item.error_webhook()),
        });
    }
}

/// The form `<kind>-<environment>-<identifier>`, and this environment. Plaid's environments are
/// documented; that another word is malformed rather than foreign is inferred.
fn check_token(kind: TokenKind, token: &str) -> Result<(), PlaidError> {
    let mut parts = token.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(environment), Some(identifier))
            if name == kind.name() && !identifier.is_empty() =>
        {
            match environment {
                "sandbox" => Ok(()),
                "development" | "production" => Err(kind.foreign(environment)),
                _ => Err(kind.malformed()),
            }
        }
        _ => Err(kind.malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    // Over a socket this would take the half hour.
    #[test]
    fn a_public_token_is_exchanged_for_half_an_hour() {
        let (outbox, _parcels) = tokio::sync::mpsc::unbounded_channel();
        let shared = Shared::new(outbox);
        let mut state = shared.state();
        let item_id = state.add_item(ItemPlan {
            institution: catalog::institution("ins_109508").unwrap(),
            products: vec!["transactions".to_owned()],
            webhook: None,
            user_id: None,
        });
        let token = state.add_public_token(item_id.clone());

        let late = time::now() + PUBLIC_TOKEN_LIFETIME;
        let error = state.exchange(&token, late).unwrap_err();
        assert_eq!(error.error_code, "INVALID_PUBLIC_TOKEN");
        assert!(error.error_message.contains("is expired"));

        let in_time = late - Duration::from_secs(10);
        assert_eq!(state.exchange(&token, in_time).unwrap(), item_id);
    }
}
