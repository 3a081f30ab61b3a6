//! An event of a Link session, as `onEvent`, `/link/token/get` and the EVENTS webhook show it.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::plaid::{error::PlaidError, institutions::Institution, time};

pub(crate) struct LinkEvent {
    id: String,
    name: &'static str,
    at: SystemTime,
    request_id: String,
    details: Details,
}

/// What an event says beside its name and time. Each field is null, or absent, where it does not apply.
#[derive(Clone, Default)]
pub(crate) struct Details {
    pub(crate) error: Option<PlaidError>,
    pub(crate) exit_status: Option<&'static str>,
    pub(crate) institution: Option<&'static Institution>,
    /// What the user typed to search an institution.
    pub(crate) query: Option<String>,
    /// Only of OPEN, and only for `onEvent` (documented). A text (documented), which is `true` or `false`
    /// (inferred).
    pub(crate) is_update_mode: Option<&'static str>,
    pub(crate) mfa_type: Option<&'static str>,
    pub(crate) view: Option<&'static str>,
}

impl LinkEvent {
    pub(super) fn new(
        id: String,
        name: &'static str,
        at: SystemTime,
        request_id: String,
        details: Details,
    ) -> Self {
        LinkEvent {
            id,
            name,
            at,
            request_id,
            details,
        }
    }

    pub(super) fn at(&self) -> SystemTime {
        self.at
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// About how many bytes it needs.
    pub(super) fn size(&self) -> usize {
        let query = self.details.query.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.id.len() + self.request_id.len() + query
    }

    /// As `/link/token/get` and the webhook show it (documented): without fields that do not apply.
    pub(super) fn to_json(&self) -> Value {
        let mut metadata = self.metadata();
        metadata.retain(|_, value| !value.is_null());
        json!({
            "event_id": self.id,
            "event_metadata": metadata,
            "event_name": self.name,
            "timestamp": time::seconds(self.at),
        })
    }

    /// The arguments of `onEvent` (documented): null for what does not apply.
    pub(super) fn to_callback(&self, link_session_id: &str) -> Value {
        let mut metadata = self.metadata();
        metadata.insert("link_session_id".to_owned(), link_session_id.into());
        metadata.insert("timestamp".to_owned(), time::milliseconds(self.at).into());
        let is_update_mode = self.details.is_update_mode;
        metadata.insert("is_update_mode".to_owned(), is_update_mode.into());
        for absent in [
            "account_number_mask",
            "match_reason",
            "routing_number",
            "selection",
        ] {
            metadata.insert(absent.to_owned(), Value::Null);
        }
        json!({ "eventName": self.name, "metadata": metadata })
    }

    fn metadata(&self) -> Map<String, Value> {
        let Details {
            error,
            exit_status,
            institution,
            query,
            is_update_mode: _,
            mfa_type,
            view,
        } = &self.details;
        let error = error.as_ref();
        let fields = [
            ("error_code", error.map(|error| error.error_code.into())),
            (
                "error_message",
                error.map(|error| error.error_message.as_ref().into()),
            ),
            ("error_type", error.map(|error| error.error_type.into())),
            ("exit_status", exit_status.map(Value::from)),
            ("institution_id", institution.map(|it| it.id.into())),
            ("institution_name", institution.map(|it| it.name.into())),
            ("institution_search_query", query.clone().map(Value::from)),
            ("mfa_type", mfa_type.map(Value::from)),
            ("request_id", Some(self.request_id.as_str().into())),
            ("view_name", view.map(Value::from)),
        ];
        let fields = fields.into_iter();
        fields
            .map(|(name, value)| (name.to_owned(), value.unwrap_or_default()))
            .collect()
    }
}
