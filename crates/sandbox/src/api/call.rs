//! What the function of a route gets: a request that has passed the common checks.

use hyper::http::request::Parts;
use serde_json::Value;

use crate::{
    api::{fields::Fields, origin::origin},
    model::{item::ItemIndex, state::State},
    plaid::{error::PlaidError, json::RenderedList},
};

/// Answers a call: the body without its `request_id`.
pub(super) type RouteFn = fn(&mut Call) -> Result<Value, PlaidError>;

pub(super) struct Call<'a> {
    pub(super) fields: &'a Fields,
    /// The Sandbox's URL.
    pub(super) url: &'a str,
    pub(super) head: &'a Parts,
    pub(super) request_id: &'a str,
    pub(super) state: &'a mut State,
    /// The lists of the reply that are rendered already, by name. In the body they are empty.
    pub(super) lists: Vec<(&'static str, RenderedList)>,
    /// The Item that the call is about, once that is known. The log shows it.
    pub(super) item: Option<ItemIndex>,
}

impl Call<'_> {
    /// The Item of the field `access_token`.
    pub(super) fn item(&mut self) -> Result<ItemIndex, PlaidError> {
        let token = self.fields.text("access_token")?;
        self.item_of_token(token)
    }

    /// The Item of the field `access_token`, if its login works.
    pub(super) fn working_item(&mut self) -> Result<ItemIndex, PlaidError> {
        let index = self.item()?;
        match self.state.item(index).is_broken() {
            true => Err(PlaidError::item_login_required()),
            false => Ok(index),
        }
    }

    /// The Item of an access token.
    pub(super) fn item_of_token(&mut self, token: &str) -> Result<ItemIndex, PlaidError> {
        let index = self.state.item_of_access_token(token)?;
        self.item = Some(index);
        Ok(index)
    }

    /// Where the client reached this Sandbox.
    pub(super) fn origin(&self) -> String {
        origin(self.url, self.head)
    }
}
