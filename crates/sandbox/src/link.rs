//! Link tokens and what became of their sessions: update mode, and the linking of a new Item.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    catalog,
    error::SandboxError,
    event::ItemState,
    item::{Item, User},
    plaid_error::PlaidError,
    state::{ItemPlan, State},
    time,
};

/// Of a token that links a new Item (documented and observed).
pub(crate) const NEW_ITEM_LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);

/// Of a token for update mode, and of a Hosted Link whose lifetime was not given (documented).
pub(crate) const UPDATE_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Every link token.
#[derive(Default)]
pub(crate) struct LinkTokens {
    tokens: HashMap<String, LinkToken>,
    /// Tokens, by the id in their hosted page's address.
    hosted: HashMap<String, String>,
}

/// A link token; checked already.
pub(crate) struct LinkToken {
    pub(crate) created_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) purpose: Purpose,
    pub(crate) client_name: String,
    /// As `/link/token/get` answers it.
    pub(crate) metadata: Value,
    pub(crate) user_id: Option<String>,
    pub(crate) hosted: Option<Hosted>,
    pub(crate) sessions: Vec<Session>,
}

/// What a token is for.
pub(crate) enum Purpose {
    /// The Item at this place logs in again.
    Update(usize),
    /// A new Item.
    Add {
        products: Vec<&'static str>,
        webhook: Option<String>,
        user: Option<User>,
    },
}

/// The page of a token that is enabled for Hosted Link.
pub(crate) struct Hosted {
    /// In its address, which must not show the token.
    pub(crate) id: String,
    pub(crate) completion_redirect_uri: Option<String>,
}

/// One visit to Link.
pub(crate) struct Session {
    id: String,
    /// The first is that it was opened.
    events: Vec<LinkEvent>,
    end: Option<End>,
}

struct LinkEvent {
    id: String,
    name: &'static str,
    at: SystemTime,
    request_id: String,
}

enum End {
    /// With the public token of a new Item; update mode gives none (inferred: its Item keeps its
    /// access token, and integrations report none).
    Success(Option<Linked>),
    Exit,
}

struct Linked {
    place: usize,
    public_token: String,
}

/// What a hosted page shows.
pub(crate) enum HostedState {
    Open,
    Completed,
    Expired,
}

impl LinkToken {
    pub(crate) fn state(&self, now: SystemTime) -> HostedState {
        match () {
            () if self.completed().is_some() => HostedState::Completed,
            () if now >= self.expires_at => HostedState::Expired,
            () => HostedState::Open,
        }
    }

    /// What Link handed over, once it was completed.
    fn completed(&self) -> Option<Option<&Linked>> {
        self.sessions
            .iter()
            .find_map(|session| match session.end.as_ref()? {
                End::Success(linked) => Some(linked.as_ref()),
                End::Exit => None,
            })
    }

    /// The `link_sessions` of `/link/token/get`, the newest event first (documented by an example;
    /// that sessions are in the same order is inferred). There are none before Link was opened
    /// (observed). Keys are documented; which events there are of a session that no person went
    /// through is inferred.
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
                    .map(|linked| item_added(&items[linked.place], &linked.public_token))
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

/// As `/link/token/get` shows them (documented by an example).
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

impl State {
    /// Keeps a new link token, and returns it.
    pub(crate) fn add_link_token(&mut self, link: LinkToken) -> String {
        let token = format!("link-sandbox-{}", self.objects.uuid());
        if let Some(hosted) = &link.hosted {
            let id = hosted.id.clone();
            self.link_tokens.hosted.insert(id, token.clone());
        }
        self.link_tokens.tokens.insert(token.clone(), link);
        token
    }

    /// # Errors
    ///
    /// INVALID_LINK_TOKEN when there is no such token.
    pub(crate) fn link_token(&self, token: &str) -> Result<&LinkToken, PlaidError> {
        self.link_tokens
            .tokens
            .get(token)
            .ok_or_else(PlaidError::invalid_link_token)
    }

    /// The token whose hosted page has this id.
    pub(crate) fn hosted_token(&self, id: &str) -> Option<(&str, &LinkToken)> {
        let token = self.link_tokens.hosted.get(id)?;
        let link = self.link_tokens.tokens.get(token)?;
        Some((token, link))
    }

    /// Notes that somebody opened Link with this token.
    pub(crate) fn open_link(&mut self, token: &str) {
        let is_open = |session: &Session| session.end.is_none();
        let Some(link) = self.link_tokens.tokens.get(token) else {
            return;
        };
        if !link.sessions.last().is_some_and(is_open) {
            let session = Session {
                id: self.objects.uuid(),
                events: vec![self.link_event("OPEN")],
                end: None,
            };
            if let Some(link) = self.link_tokens.tokens.get_mut(token) {
                link.sessions.push(session);
            }
        }
    }

    /// The user has done what the token is for: in update mode, logged in again, which repairs the
    /// Item and fires nothing; otherwise linked a new Item at First Platypus Bank, whose public
    /// token this returns. What was completed before stays as it is.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] when the token cannot be used.
    pub(crate) fn complete_link(&mut self, token: &str) -> Result<Option<String>, SandboxError> {
        let link = self.link_token(token).map_err(SandboxError::link)?;
        if let Some(linked) = link.completed() {
            return Ok(linked.map(|linked| linked.public_token.clone()));
        }
        let linked = match &self.usable(token)?.purpose {
            Purpose::Update(place) => {
                let place = *place;
                self.heal_item(place);
                None
            }
            Purpose::Add {
                products,
                webhook,
                user,
            } => {
                let plan = ItemPlan {
                    institution: catalog::first_platypus_bank(),
                    products: products.clone(),
                    webhook: webhook.clone(),
                    user: user.clone(),
                };
                let place = self.add_item(plan);
                let public_token = self.add_public_token(place);
                Some(Linked {
                    place,
                    public_token,
                })
            }
        };
        let public_token = linked.as_ref().map(|linked| linked.public_token.clone());
        self.end_link(token, "HANDOFF", End::Success(linked));
        Ok(public_token)
    }

    /// The user has left without finishing. The token can be used again.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Link`] when the token cannot be used.
    pub(crate) fn exit_link(&mut self, token: &str) -> Result<(), SandboxError> {
        self.usable(token)?;
        self.end_link(token, "EXIT", End::Exit);
        Ok(())
    }

    fn usable(&self, token: &str) -> Result<&LinkToken, SandboxError> {
        let link = self.link_token(token).map_err(SandboxError::link)?;
        if let Purpose::Update(place) = link.purpose
            && self.items[place].state == ItemState::Removed
        {
            return Err(SandboxError::link(PlaidError::item_not_found()));
        }
        match link.state(self.clock.now()) {
            HostedState::Open => Ok(link),
            HostedState::Completed => Err(SandboxError::Link {
                message: "this Link session is completed already".to_owned(),
            }),
            HostedState::Expired => Err(SandboxError::Link {
                message: "this link token has expired; create a new one".to_owned(),
            }),
        }
    }

    fn end_link(&mut self, token: &str, name: &'static str, end: End) {
        self.open_link(token);
        let event = self.link_event(name);
        let link = self.link_tokens.tokens.get_mut(token);
        if let Some(session) = link.and_then(|link| link.sessions.last_mut()) {
            session.events.push(event);
            session.end = Some(end);
        }
    }

    fn link_event(&mut self, name: &'static str) -> LinkEvent {
        LinkEvent {
            id: self.objects.uuid(),
            name,
            at: self.clock.now(),
            request_id: self.requests.request_id(),
        }
    }
}
