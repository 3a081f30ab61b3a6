//! A page for update mode, for who has the Item's id and no credentials.

use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::json;

use crate::{
    controls::{Controls, place_of},
    error::SandboxError,
    link::{Hosted, LinkToken, Purpose, UPDATE_LIFETIME},
};

/// As Link shows an application that it does not name (documented).
const CLIENT_NAME: &str = "This Application";

/// What [`Controls::create_update_link`] hands back.
#[derive(Debug, Clone)]
pub struct UpdateLink {
    /// The token that the page is for, as [`Controls::complete_link`] takes it.
    pub link_token: SecretString,
    /// The page, where the Item's user logs in again.
    pub hosted_link_url: String,
    /// When it is too late for that, by the Sandbox's clock.
    pub expiration: SystemTime,
}

impl Controls {
    /// Makes a hosted page of Link on which an Item's user logs in again, broken or not, as
    /// `/link/token/create` does for a backend. An extension of this Sandbox: for Plaid's route one
    /// needs the Item's token.
    ///
    /// # Errors
    ///
    /// [`SandboxError::ItemNotFound`] when no Item has this id, or it was removed.
    pub fn create_update_link(&self, item_id: &str) -> Result<UpdateLink, SandboxError> {
        let mut state = self.shared.state();
        let place = place_of(&state, item_id)?;
        let id = state.objects.hosted_link_id();
        let hosted_link_url = format!("{}/hl/{id}", self.origin);
        let created_at = state.clock.now();
        let expiration = created_at + UPDATE_LIFETIME;
        let link_token = state.add_link_token(LinkToken {
            created_at,
            expires_at: expiration,
            purpose: Purpose::Update(place),
            client_name: CLIENT_NAME.to_owned(),
            metadata: json!({
                "client_name": CLIENT_NAME,
                "country_codes": ["US"],
                "initial_products": [],
                "language": "en",
                "redirect_uri": null,
                "webhook": null,
            }),
            user_id: None,
            hosted: Some(Hosted {
                id,
                completion_redirect_uri: None,
            }),
            sessions: Vec::new(),
        });
        Ok(UpdateLink {
            link_token: link_token.into(),
            hosted_link_url,
            expiration,
        })
    }
}
