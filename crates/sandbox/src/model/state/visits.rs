//! What the drop-in for Link asks: to open Link, and to do what its user does.

use serde_json::{Value, json};

use crate::{
    model::{
        link::{LinkToken, Purpose},
        link_event::Details,
        link_flow::{Action, Flow, Happening},
        link_session::{End, Exit},
        link_setup::{Setup, Updated},
        visit::{self, Visit},
    },
    plaid::{error::PlaidError, ids},
};

use super::{State, links::Linked};

impl State {
    /// Opens Link, in a visit with this unguessable key. A token that cannot be used ends in
    /// `onExit` at once (documented: "Link will exit").
    pub(crate) fn open_visit(&mut self, key: String, token: &str, is_embedded: bool) -> Value {
        let setup = match self.usable_link(token) {
            Ok(link) => self.setup(link, is_embedded),
            Err(error) => return self.refuse_visit(error),
        };
        let (flow, mut happened) = Flow::start(setup);
        let (_, opened) = happened.remove(0);
        let (session_id, opened) = self.start_session(token, opened);
        let mut events = vec![opened];
        events.extend(self.record(token, &session_id, happened));
        let token = token.to_owned();
        let visit = Visit {
            token,
            session_id,
            flow,
        };
        self.stay(key, visit, events)
    }

    /// Opens Link from a hosted page: its session goes on.
    pub(crate) fn open_hosted_visit(&mut self, key: String, id: &str) -> Value {
        let Some((token, _)) = self.token_of_hosted_page(id) else {
            return self.refuse_visit(PlaidError::invalid_link_token());
        };
        let token = token.to_owned();
        let (setup, session_id) = match self.usable_link(&token) {
            Ok(link) => (
                self.setup(link, false),
                link.open_session().map(str::to_owned),
            ),
            Err(error) => return self.refuse_visit(error),
        };
        let Some(session_id) = session_id else {
            return self.open_visit(key, &token, false);
        };
        let (flow, mut happened) = Flow::start(setup);
        happened.remove(0);
        let events = self.record(&token, &session_id, happened);
        let visit = Visit {
            token,
            session_id,
            flow,
        };
        self.stay(key, visit, events)
    }

    /// Does what the user did, and returns the pane that follows, or the arguments of a callback.
    pub(crate) fn act_in_visit(&mut self, key: &str, action: Action) -> Value {
        let Some(mut visit) = self.visits.remove(key) else {
            return self.refuse_visit(PlaidError::invalid_link_token());
        };
        if let Err(error) = self.usable_link(&visit.token) {
            return self.leave(visit, Some(as_shown(error)));
        }
        match (action, visit.flow.is_connected()) {
            // Who leaves after the last pane has finished (inferred).
            (Action::Finish {} | Action::Exit {}, true) => self.finish(visit),
            (Action::Exit {}, false) => self.leave(visit, None),
            (action, _) => {
                let happened = visit.flow.act(action);
                let events = self.record(&visit.token, &visit.session_id, happened);
                self.stay(key.to_owned(), visit, events)
            }
        }
    }

    /// The visit goes on, in the pane of the flow.
    fn stay(&mut self, key: String, visit: Visit, events: Vec<Value>) -> Value {
        let pane = visit.flow.pane_json();
        let reply = json!({ "done": null, "events": events, "pane": pane, "visit": key });
        self.visits.insert(key, visit, visit::SIZE, |_| false);
        reply
    }

    fn setup(&self, link: &LinkToken, is_embedded: bool) -> Setup {
        let (products, update) = match &link.purpose {
            Purpose::Update(item) => {
                let item = self.item(*item);
                let updated = Updated {
                    institution: item.institution,
                    user: item.test_user.clone(),
                    selected: item.selected.clone(),
                    selects_accounts: link.account_selection,
                };
                (Vec::new(), Some(updated))
            }
            Purpose::Add { products, .. } => (products.clone(), None),
        };
        Setup {
            client_name: link.shown_name().to_owned(),
            countries: link.countries(),
            filters: link.account_filters(),
            products,
            update,
            is_embedded,
        }
    }

    fn finish(&mut self, visit: Visit) -> Value {
        let Visit {
            token,
            session_id,
            flow,
        } = visit;
        let Some(institution) = flow.institution() else {
            return self.refuse_visit(PlaidError::invalid_link_token());
        };
        let linked = Linked {
            institution,
            test_user: flow.user().clone(),
            selected: flow.selected(),
        };
        let linked = match self.link(&token, linked) {
            Ok(linked) => linked,
            Err(error) => return self.refuse_visit(error),
        };
        let end = End::Success(linked);
        let event = self.end_session(&token, &session_id, "HANDOFF", flow.details(), end);
        match self.handoff(&token) {
            Some(success) => {
                json!({ "done": success, "events": [event], "pane": null, "visit": null })
            }
            None => self.refuse_visit(PlaidError::invalid_link_token()),
        }
    }

    /// The arguments of `onSuccess`. Update mode has a public token too (documented by an example):
    /// exchanging it gives the Item's access token (inferred).
    fn handoff(&mut self, token: &str) -> Option<Value> {
        let link = self.link_tokens.get(token)?;
        let completion = link.completion(&self.items)?;
        let public_token = match (completion.public_token, &link.purpose) {
            (Some(public_token), _) => public_token,
            (None, Purpose::Update(item)) => {
                let item = *item;
                self.add_public_token(item)
            }
            (None, Purpose::Add { .. }) => return None,
        };
        let mut metadata = completion.metadata;
        let first = metadata["accounts"].get(0).cloned().unwrap_or_default();
        // Observed until 2021, and still read by wrappers.
        metadata["account_id"] = first.get("id").cloned().unwrap_or_default();
        metadata["account"] = first;
        metadata["public_token"] = public_token.as_str().into();
        Some(json!({ "metadata": metadata, "public_token": public_token, "type": "success" }))
    }

    /// Ends a visit in `onExit`. `error`: what ends it, if the user did not.
    fn leave(&mut self, visit: Visit, error: Option<PlaidError>) -> Value {
        let Visit {
            token,
            session_id,
            flow,
        } = visit;
        let mut events = Vec::new();
        if let Some(error) = &error {
            let details = Details {
                error: Some(error.clone()),
                ..flow.details()
            };
            events = self.record(&token, &session_id, vec![("ERROR", details)]);
        }
        let exit = Exit {
            error: error.or_else(|| flow.error().cloned()),
            institution: flow.institution(),
            status: Some(flow.status()),
        };
        let details = Details {
            error: exit.error.clone(),
            exit_status: exit.status,
            ..flow.details()
        };
        let shown = exit.clone();
        let event = self.end_session(&token, &session_id, "EXIT", details, End::Exit(exit));
        let request_id = event["metadata"]["request_id"].as_str();
        let mut done = shown.to_json(&session_id, request_id.unwrap_or_default());
        done["type"] = "exit".into();
        events.push(event);
        json!({ "done": done, "events": events, "pane": null, "visit": null })
    }

    /// The reply where there is no session: `onExit` gets the error. That the order is that of a failed
    /// return from OAuth (documented) is inferred.
    fn refuse_visit(&mut self, error: PlaidError) -> Value {
        let error = as_shown(error);
        let session_id = ids::uuid(&mut self.objects);
        let failed = Details {
            error: Some(error.clone()),
            ..Details::default()
        };
        let events = [
            ("OPEN", Details::default()),
            ("ERROR", failed.clone()),
            ("EXIT", failed),
        ];
        let events: Vec<Value> = events
            .into_iter()
            .map(|(name, details)| self.link_event(name, details).to_callback(&session_id))
            .collect();
        let request_id = events[2]["metadata"]["request_id"].as_str();
        let exit = Exit::of_error(error);
        let mut done = exit.to_json(&session_id, request_id.unwrap_or_default());
        done["type"] = "exit".into();
        json!({ "done": done, "events": events, "pane": null, "visit": null })
    }

    fn record(&mut self, token: &str, session: &str, happened: Vec<Happening>) -> Vec<Value> {
        let record = |(name, details)| {
            let event = self.link_event(name, details);
            let shown = event.to_callback(session);
            self.link_tokens
                .change(token, |link| link.add_event(session, event));
            self.log_link(token, &shown);
            shown
        };
        happened.into_iter().map(record).collect()
    }
}

/// Link says no more of a token that cannot be used (documented).
fn as_shown(error: PlaidError) -> PlaidError {
    match error.error_code {
        "INVALID_LINK_TOKEN" => PlaidError::invalid_link_token(),
        _ => error,
    }
}
