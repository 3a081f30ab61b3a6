//! The controls of Link: what a user does there, and a page for update mode.

use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    control::{
        controls::{Controls, find_item},
        error::SandboxError,
    },
    model::link::{LinkToken, Purpose, UPDATE_LIFETIME},
};

/// Link shows this instead of a name (documented).
const CLIENT_NAME: &str = "This Application";

/// The result of [`Controls::create_update_link`].
#[derive(Debug, Clone)]
pub struct UpdateLink {
    /// The link token, for [`Controls::complete_link`].
    pub link_token: SecretString,
    /// The page where the Item's user logs in again.
    pub hosted_link_url: String,
    /// When the page expires, by the Sandbox's clock.
    pub expiration: SystemTime,
}

/// The result of [`Controls::complete_link`]: what Link's `onSuccess` gets.
#[derive(Debug, Clone)]
pub struct CompletedLink {
    /// The public token of the new Item; none in update mode.
    pub public_token: Option<SecretString>,
    /// `accounts`, `institution`, `link_session_id` and `transfer_status`, as Plaid documents them.
    pub metadata: Value,
    /// The session's events, oldest first: each has the `eventName` and the `metadata` that Link's
    /// `onEvent` gets.
    pub events: Vec<Value>,
}

impl Controls {
    /// Completes Link, as its user would, and returns what Link's `onSuccess` gets. In update mode the
    /// user logs in again, which repairs the Item and fires no webhook of the Item. Otherwise the user
    /// links a new Item. A completed session stays as it is. If the token has a hosted page and a
    /// webhook URL, the `LINK` webhooks of the session are fired. An extension of this Sandbox: it
    /// replaces Link's pages.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] if the token cannot be used.
    pub fn complete_link(&self, link_token: &str) -> Result<CompletedLink, SandboxError> {
        let completion = self.shared.state().complete_link(link_token);
        let completion = completion.map_err(SandboxError::link)?;
        Ok(CompletedLink {
            public_token: completion.public_token.map(SecretString::from),
            metadata: completion.metadata,
            events: completion.events,
        })
    }

    /// Exits Link without finishing, as its user would, with the same webhooks. An extension of this Sandbox.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] if the token cannot be used.
    pub fn exit_link(&self, link_token: &str) -> Result<(), SandboxError> {
        let exited = self.shared.state().exit_link(link_token);
        exited.map_err(SandboxError::link)
    }

    /// Creates a hosted page of Link where an Item's user logs in again, whether the Item is broken
    /// or not: `/link/token/create` for a caller who has no access token. An extension of this
    /// Sandbox.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] if no Item has this id, or it was removed.
    pub fn create_update_link(&self, item_id: &str) -> Result<UpdateLink, SandboxError> {
        let mut state = self.shared.state();
        let index = find_item(&state, item_id)?;
        let hosted = state.new_hosted_page(None);
        let hosted_link_url = format!("{}/hl/{}", self.origin, hosted.id);
        let created_at = state.now();
        let expiration = created_at + UPDATE_LIFETIME;
        let link_token = state.add_link_token(LinkToken {
            created_at,
            expires_at: expiration,
            purpose: Purpose::Update(index),
            client_name: CLIENT_NAME.to_owned(),
            metadata: json!({
                "client_name": CLIENT_NAME,
                "country_codes": ["US"],
                "initial_products": [],
                "language": "en",
                "redirect_uri": null,
                "webhook": null,
            }),
            webhook: None,
            user_id: None,
            account_selection: false,
            hosted: Some(hosted),
            sessions: Vec::new(),
        });
        Ok(UpdateLink {
            link_token: link_token.into(),
            hosted_link_url,
            expiration,
        })
    }
}
