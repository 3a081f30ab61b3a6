//! Link tokens, for update mode and to link a new Item, with their sessions.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::{
    model::{
        bounded::BoundedMap,
        item::{Item, ItemIndex, User},
        link_event::LinkEvent,
        link_session::{Completion, End, Session},
        webhook_body::WebhookBody,
    },
    plaid::json,
};

/// The lifetime of a token that links a new Item (documented and observed).
pub(crate) const NEW_ITEM_LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);

/// The lifetime of a token for update mode, and the default for Hosted Link (documented).
pub(crate) const UPDATE_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// All link tokens together may have this many bytes.
const LIMIT: usize = 8 << 20;

/// An expired token is forgotten after this time: its sessions can be read for six hours
/// (documented).
const REMEMBERED_FOR: Duration = Duration::from_secs(6 * 60 * 60);

/// The link tokens.
pub(crate) struct LinkTokens {
    tokens: BoundedMap<LinkToken>,
    /// The tokens, by the id in the URL of their hosted page.
    hosted: BoundedMap<String>,
}

impl Default for LinkTokens {
    fn default() -> Self {
        LinkTokens {
            tokens: BoundedMap::new(LIMIT),
            hosted: BoundedMap::new(LIMIT / 4),
        }
    }
}

/// A link token, validated.
pub(crate) struct LinkToken {
    pub(crate) created_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) purpose: Purpose,
    pub(crate) client_name: String,
    /// The `metadata` of `/link/token/get`.
    pub(crate) metadata: Value,
    /// The URL for the webhooks of the new Item, and of hosted sessions.
    pub(crate) webhook: Option<String>,
    pub(crate) user_id: Option<String>,
    /// Whether the user selects accounts again in update mode.
    pub(crate) account_selection: bool,
    pub(crate) hosted: Option<Hosted>,
    pub(crate) sessions: Vec<Session>,
}

/// What a token is for.
pub(crate) enum Purpose {
    /// Update mode: the user of this Item logs in again.
    Update(ItemIndex),
    /// Linking a new Item.
    Add {
        products: Vec<&'static str>,
        user: Option<User>,
    },
}

/// The page of a token that is enabled for Hosted Link.
pub(crate) struct Hosted {
    /// In the URL, which must not show the token.
    pub(crate) id: String,
    pub(crate) completion_redirect_uri: Option<String>,
}

/// How many sessions of a token are remembered.
const KEPT_SESSIONS: usize = 20;

/// Whether a token can be used.
pub(crate) enum LinkState {
    Open,
    Completed,
    Expired,
}

impl LinkTokens {
    pub(super) fn add(&mut self, token: String, link: LinkToken, now: SystemTime) {
        let is_forgotten = |link: &LinkToken| link.expires_at + REMEMBERED_FOR <= now;
        if let Some(hosted) = &link.hosted {
            let tokens = &self.tokens;
            let is_unknown = |token: &String| tokens.get(token).is_none();
            let bytes = token.len();
            self.hosted
                .insert(hosted.id.clone(), token.clone(), bytes, is_unknown);
        }
        let bytes = link.size();
        self.tokens.insert(token, link, bytes, is_forgotten);
    }

    /// How many tokens were dropped before they had expired.
    pub(crate) fn dropped(&self) -> u64 {
        self.tokens.dropped()
    }

    pub(super) fn get(&self, token: &str) -> Option<&LinkToken> {
        self.tokens.get(token)
    }

    /// Changes a token, which may drop older ones.
    pub(super) fn change(&mut self, token: &str, change: impl FnOnce(&mut LinkToken)) {
        if let Some(link) = self.tokens.get_mut(token) {
            change(link);
            let bytes = link.size();
            self.tokens.resize(token, bytes);
        }
    }

    /// The token whose hosted page has this id.
    pub(super) fn of_hosted_page(&self, id: &str) -> Option<(&str, &LinkToken)> {
        let token = self.hosted.get(id)?;
        let link = self.tokens.get(token)?;
        Some((token, link))
    }
}

impl LinkToken {
    /// About how many bytes it needs.
    fn size(&self) -> usize {
        let redirect = self
            .hosted
            .as_ref()
            .and_then(|it| it.completion_redirect_uri.as_ref());
        let texts = [
            Some(&self.client_name),
            self.user_id.as_ref(),
            self.webhook.as_ref(),
            redirect,
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let sessions: usize = self.sessions.iter().map(Session::size).sum();
        size_of::<Self>() + texts + json::memory(&self.metadata) + sessions
    }

    /// Link shows "This Application" instead of a name longer than 30 characters (documented), and here
    /// instead of an empty one.
    pub(crate) fn shown_name(&self) -> &str {
        match self.client_name.chars().count() {
            1..=30 => &self.client_name,
            _ => "This Application",
        }
    }

    /// The codes of the countries whose institutions Link offers.
    pub(super) fn countries(&self) -> Vec<String> {
        let codes = self.metadata["country_codes"].as_array();
        let codes = codes.into_iter().flatten().filter_map(Value::as_str);
        codes.map(str::to_owned).collect()
    }

    /// The subtypes of accounts that Link offers, by type; by default all.
    pub(super) fn account_filters(&self) -> Option<Value> {
        self.metadata.get("account_filters").cloned()
    }

    pub(crate) fn state(&self, now: SystemTime) -> LinkState {
        match () {
            () if self.completed().is_some() => LinkState::Completed,
            () if now >= self.expires_at => LinkState::Expired,
            () => LinkState::Open,
        }
    }

    /// The session that was completed, if one was.
    fn completed(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| session.is_completed())
    }

    /// What Link's `onSuccess` gets, if a session was completed.
    pub(super) fn completion(&self, items: &[Item]) -> Option<Completion> {
        let updated = match self.purpose {
            Purpose::Update(item) => Some(item),
            Purpose::Add { .. } => None,
        };
        self.completed()?.completion(updated, items)
    }

    /// The webhooks of a session that has ended: only for a token that is enabled for Hosted Link
    /// (documented).
    pub(super) fn webhooks(&self, token: &str, session: &str) -> Vec<WebhookBody> {
        match (self.session(session), &self.hosted) {
            (Some(session), Some(_)) => session.webhooks(token, self.user_id.as_deref()),
            _ => Vec::new(),
        }
    }

    /// The id of the last session, if it has not ended.
    pub(super) fn open_session(&self) -> Option<&str> {
        let last = self.sessions.last()?;
        last.is_open().then_some(last.id())
    }

    pub(super) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id() == id)
    }

    /// Starts a session.
    pub(super) fn start_session(&mut self, session: Session) {
        if self.sessions.len() == KEPT_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push(session);
    }

    pub(super) fn add_event(&mut self, session: &str, event: LinkEvent) {
        if let Some(session) = self.session_mut(session) {
            session.add(event);
        }
    }

    pub(super) fn end_session(&mut self, session: &str, event: LinkEvent, end: End) {
        if let Some(session) = self.session_mut(session) {
            session.end(event, end);
        }
    }

    fn session_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id() == id)
    }

    /// The `link_sessions` of `/link/token/get`, newest event first (documented by an example; the
    /// same order for sessions is inferred). Absent until Link is opened (observed).
    pub(crate) fn sessions_json(&self, items: &[Item]) -> Option<Value> {
        if self.sessions.is_empty() {
            return None;
        }
        let sessions = self.sessions.iter().rev();
        Some(sessions.map(|session| session.to_json(items)).collect())
    }
}
