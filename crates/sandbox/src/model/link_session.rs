//! A session of Link: its events, how it ended, and how `/link/token/get`, webhooks and `onSuccess` show
//! it.

use serde_json::{Value, json};

use crate::{
    model::{
        item::{Item, ItemIndex},
        link_event::LinkEvent,
        webhook_body::WebhookBody,
    },
    plaid::{error::PlaidError, institutions::Institution, time},
};

/// The most events of a session that are kept, beside the last.
const MAX_EVENTS: usize = 200;

/// One visit to Link.
pub(crate) struct Session {
    id: String,
    /// Oldest first; the first is OPEN.
    events: Vec<LinkEvent>,
    end: Option<End>,
}

pub(super) enum End {
    /// With the new Item; none in update mode (inferred: the Item keeps its access token, and
    /// integrations report no public token).
    Success(Option<LinkedItem>),
    Exit(Exit),
}

/// How a user left without finishing.
#[derive(Clone)]
pub(super) struct Exit {
    /// The last error the user met.
    pub(super) error: Option<PlaidError>,
    pub(super) institution: Option<&'static Institution>,
    /// None if Link did not get as far as its first pane.
    pub(super) status: Option<&'static str>,
}

pub(super) struct LinkedItem {
    pub(super) item: ItemIndex,
    pub(super) public_token: String,
}

/// What Link's `onSuccess` gets.
pub(crate) struct Completion {
    /// None in update mode.
    pub(crate) public_token: Option<String>,
    pub(crate) metadata: Value,
    /// What Link's `onEvent` gets, oldest first.
    pub(crate) events: Vec<Value>,
}

impl Session {
    /// A session whose first event is `opened`.
    pub(super) fn new(id: String, opened: LinkEvent) -> Self {
        Session {
            id,
            events: vec![opened],
            end: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// About how many bytes it needs.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.events.iter().map(LinkEvent::size).sum::<usize>()
    }

    /// Adds an event. Beyond [`MAX_EVENTS`] it is not kept.
    pub(super) fn add(&mut self, event: LinkEvent) {
        if self.events.len() < MAX_EVENTS {
            self.events.push(event);
        }
    }

    pub(super) fn end(&mut self, event: LinkEvent, end: End) {
        self.events.push(event);
        self.end = Some(end);
    }

    /// Whether it has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    pub(super) fn is_completed(&self) -> bool {
        matches!(self.end, Some(End::Success(_)))
    }

    /// What Link's `onSuccess` gets, for the Item that was added, or `updated`. The keys of the metadata
    /// are documented; that update mode shows all accounts of the Item is inferred.
    pub(super) fn completion(
        &self,
        updated: Option<ItemIndex>,
        items: &[Item],
    ) -> Option<Completion> {
        let linked = self.linked();
        let item = &items[linked.map(|linked| linked.item).or(updated)?.0];
        let events = self.events.iter();
        Some(Completion {
            events: events.map(|event| event.to_callback(&self.id)).collect(),
            public_token: linked.map(|linked| linked.public_token.clone()),
            metadata: json!({
                "accounts": link_accounts(item),
                "institution": link_institution(item.institution),
                "link_session_id": self.id,
                "transfer_status": null,
            }),
        })
    }

    /// The webhooks of a hosted session that has ended (documented; their order is inferred). The
    /// EVENTS of a session that is left without an end, minutes later, are not fired.
    pub(super) fn webhooks(&self, link_token: &str, user_id: Option<&str>) -> Vec<WebhookBody> {
        let body = |code, mut fields: Value| {
            fields["link_session_id"] = self.id.as_str().into();
            fields["link_token"] = link_token.into();
            WebhookBody::of_link(code, fields)
        };
        let public_token = self.linked().map(|linked| &linked.public_token);
        let status = match self.is_completed() {
            true => "SUCCESS",
            false => "EXITED",
        };
        let mut finished =
            json!({ "public_tokens": Vec::from_iter(public_token), "status": status });
        if let Some(user_id) = user_id {
            finished["user_id"] = user_id.into();
        }
        let added = public_token.map(|it| body("ITEM_ADD_RESULT", json!({ "public_token": it })));
        let mut webhooks = Vec::from_iter(added);
        webhooks.push(body("SESSION_FINISHED", finished));
        webhooks.push(body("EVENTS", json!({ "events": self.events_json() })));
        webhooks
    }

    /// The new Item, if the session was completed and added one.
    fn linked(&self) -> Option<&LinkedItem> {
        match &self.end {
            Some(End::Success(linked)) => linked.as_ref(),
            Some(End::Exit(_)) | None => None,
        }
    }

    /// The events, newest first.
    fn events_json(&self) -> Vec<Value> {
        self.events.iter().rev().map(LinkEvent::to_json).collect()
    }

    /// An entry of `link_sessions`. The keys are documented; the events of a session that no person went
    /// through are inferred.
    pub(super) fn to_json(&self, items: &[Item]) -> Value {
        let mut session = json!({
            "events": self.events_json(),
            "link_session_id": self.id,
            "started_at": self.events.first().map(|event| time::milliseconds(event.at())),
        });
        let (Some(end), Some(last)) = (&self.end, self.events.last()) else {
            // Observed.
            session["finished_at"] = Value::Null;
            return session;
        };
        session["finished_at"] = time::milliseconds(last.at()).into();
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
            End::Exit(exit) => session["exit"] = exit.to_json(&self.id, last.request_id()),
        }
        session
    }
}

impl Exit {
    pub(super) fn of_error(error: PlaidError) -> Self {
        Exit {
            error: Some(error),
            institution: None,
            status: None,
        }
    }

    /// The arguments of `onExit` (documented).
    pub(super) fn to_json(&self, link_session_id: &str, request_id: &str) -> Value {
        json!({
            "error": self.error.as_ref().map(|error| json!({
                "display_message": error.display_message,
                "error_code": error.error_code,
                "error_message": error.error_message,
                "error_type": error.error_type,
            })),
            "metadata": {
                "institution": self.institution.map(link_institution),
                "link_session_id": link_session_id,
                "request_id": request_id,
                "status": self.status,
            },
        })
    }
}

fn item_added(item: &Item, public_token: &str) -> Value {
    json!({
        "accounts": link_accounts(item),
        "institution": link_institution(item.institution),
        "public_token": public_token,
    })
}

fn link_institution(institution: &Institution) -> Value {
    json!({ "institution_id": institution.id, "name": institution.name })
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
