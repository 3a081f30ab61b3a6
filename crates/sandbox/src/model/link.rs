//! Link tokens and their sessions: update mode, and linking a new Item.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{
    model::{
        bounded::BoundedMap,
        item::{Item, ItemIndex, User},
    },
    plaid::{json, time},
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
    pub(crate) user_id: Option<String>,
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
        webhook: Option<String>,
        user: Option<User>,
    },
}

/// The page of a token that is enabled for Hosted Link.
pub(crate) struct Hosted {
    /// In the URL, which must not show the token.
    pub(crate) id: String,
    pub(crate) completion_redirect_uri: Option<String>,
}

/// One visit to Link.
pub(crate) struct Session {
    id: String,
    /// Oldest first; the first is OPEN.
    events: Vec<LinkEvent>,
    end: Option<End>,
}

pub(super) struct LinkEvent {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) at: SystemTime,
    pub(super) request_id: String,
}

pub(super) enum End {
    /// With the new Item; none in update mode (inferred: the Item keeps its access token, and
    /// integrations report no public token).
    Success(Option<LinkedItem>),
    Exit,
}

pub(super) struct LinkedItem {
    pub(super) item: ItemIndex,
    pub(super) public_token: String,
}

/// How many sessions of a token are remembered.
const KEPT_SESSIONS: usize = 20;

/// The bytes of a token's sessions, of which it keeps the last few.
const SESSIONS_SIZE: usize = 512;

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

    pub(super) fn get_mut(&mut self, token: &str) -> Option<&mut LinkToken> {
        self.tokens.get_mut(token)
    }

    /// The token whose hosted page has this id.
    pub(super) fn of_hosted_page(&self, id: &str) -> Option<(&str, &LinkToken)> {
        let token = self.hosted.get(id)?;
        let link = self.tokens.get(token)?;
        Some((token, link))
    }
}

impl LinkToken {
    /// About how many bytes it needs, with the sessions it may get.
    fn size(&self) -> usize {
        let redirect = self
            .hosted
            .as_ref()
            .and_then(|it| it.completion_redirect_uri.as_ref());
        let texts = [Some(&self.client_name), self.user_id.as_ref(), redirect];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + texts + json::memory(&self.metadata) + SESSIONS_SIZE
    }

    pub(crate) fn state(&self, now: SystemTime) -> LinkState {
        match () {
            () if self.completed().is_some() => LinkState::Completed,
            () if now >= self.expires_at => LinkState::Expired,
            () => LinkState::Open,
        }
    }

    /// The result of the session that was completed, if one was.
    pub(super) fn completed(&self) -> Option<Option<&LinkedItem>> {
        self.sessions
            .iter()
            .find_map(|session| match session.end.as_ref()? {
                End::Success(linked) => Some(linked.as_ref()),
                End::Exit => None,
            })
    }

    /// Whether the last session was opened and has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.sessions
            .last()
            .is_some_and(|session| session.end.is_none())
    }

    /// Starts a session, whose first event is `opened`.
    pub(super) fn start_session(&mut self, id: String, opened: LinkEvent) {
        if self.sessions.len() == KEPT_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push(Session {
            id,
            events: vec![opened],
            end: None,
        });
    }

    /// Ends the last session.
    pub(super) fn end_session(&mut self, event: LinkEvent, end: End) {
        if let Some(session) = self.sessions.last_mut() {
            session.events.push(event);
            session.end = Some(end);
        }
    }

    /// The `link_sessions` of `/link/token/get`, newest event first (documented by an example; the
    /// same order for sessions is inferred). Absent until Link is opened (observed). The keys are
    /// documented; the events of a session that no person went through are inferred.
    pub(crate) fn sessions_json(&self, items: &[Item]) -> Option<Value> {
        if self.sessions.is_empty() {
            return None;
        }
        let sessions = self.sessions.iter().rev();
        Some(sessions.map(|session| session.to_json(items)).collect())
    }
}

impl Session {
    fn to_json(&self, items: &[Item]) -> Value {
        let events: Vec<Value> = self.events.iter().rev().map(LinkEvent::to_json).collect();
        let mut session = json!({
            "events": events,
            "link_session_id": self.id,
            "started_at": self.events.first().map(|event| time::milliseconds(event.at)),
        });
        let (Some(end), Some(last)) = (&self.end, self.events.last()) else {
            // Observed.
            session["finished_at"] = Value::Null;
            return session;
        };
        session["finished_at"] = time::milliseconds(last.at).into();
        match end {
            End::Success(linked) => {
                let added: Vec<Value> = linked
                    .iter()
                    .map(|linked| item_added(&items[linked.item.0], &linked.public_token))
                    .collect();
                session["results"] = json!({
                    "bank_income_results": [],
                    "cra_item_add_results": [],
                    "cra_update_results": [],
                    "document_income_results": null,
                    "item_add_results": added,
                    "payroll_income_results": [],
                });
            }
            End::Exit => {
                session["exit"] = json!({
                    "error": null,
                    "metadata": {
                        "institution": null,
                        "link_session_id": self.id,
                        "request_id": last.request_id,
                        "status": "requires_credentials",
                    },
                });
            }
        }
        session
    }
}

impl LinkEvent {
    fn to_json(&self) -> Value {
        json!({
            "event_id": self.id,
            "event_metadata": { "request_id": self.request_id },
            "event_name": self.name,
            "timestamp": time::seconds(self.at),
        })
    }
}

fn item_added(item: &Item, public_token: &str) -> Value {
    json!({
        "accounts": link_accounts(item),
        "institution": { "institution_id": item.institution.id, "name": item.institution.name },
        "public_token": public_token,
    })
}

/// The accounts as `/link/token/get` shows them (documented by an example).
fn link_accounts(item: &Item) -> Vec<Value> {
    item.accounts()
        .iter()
        .map(|account| {
            json!({
                "class_type": null,
                "id": account["account_id"],
                "mask": account["mask"],
                "name": account["name"],
                "subtype": account["subtype"],
                "type": account["type"],
                "verification_status": null,
            })
        })
        .collect()
}
