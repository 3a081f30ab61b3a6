//! Link tokens, and what users do with them.

use serde_json::Value;

use crate::{
    model::{
        event::Event,
        item::ItemPlan,
        link::{Hosted, LinkState, LinkToken, Purpose},
        link_event::{Details, LinkEvent},
        link_log::LinkActivity,
        link_session::{Completion, End, Exit, LinkedItem, Session},
        products::test_user::TestUser,
    },
    plaid::{error::PlaidError, ids, institutions::Institution},
};

use super::State;

impl State {
    /// Adds a link token. Returns it.
    pub(crate) fn add_link_token(&mut self, link: LinkToken) -> String {
        let token = format!("link-sandbox-{}", ids::uuid(&mut self.objects));
        self.link_tokens.add(token.clone(), link, self.clock.now());
        token
    }

    /// A hosted page for a token that is about to be added.
    pub(crate) fn new_hosted_page(&mut self, completion_redirect_uri: Option<String>) -> Hosted {
        Hosted {
            id: ids::hosted_link_id(&mut self.objects),
            completion_redirect_uri,
        }
    }

    /// # Errors
    ///
    /// INVALID_LINK_TOKEN if the token is unknown.
    pub(crate) fn link_token(&self, token: &str) -> Result<&LinkToken, PlaidError> {
        let known = self.link_tokens.get(token);
        known.ok_or_else(PlaidError::invalid_link_token)
    }

    /// The token whose hosted page has this id.
    pub(crate) fn token_of_hosted_page(&self, id: &str) -> Option<(&str, &LinkToken)> {
        self.link_tokens.of_hosted_page(id)
    }

    /// The `link_sessions` of `/link/token/get`; absent until Link is opened.
    pub(crate) fn link_sessions(&self, link: &LinkToken) -> Option<Value> {
        link.sessions_json(&self.items)
    }

    /// Opens Link with this token, if it is not open.
    pub(crate) fn open_link(&mut self, token: &str) {
        let link = self.link_tokens.get(token);
        if link.is_some_and(|link| link.open_session().is_none()) {
            self.start_session(token, Details::default());
        }
    }

    /// Starts a session, and returns its id and its first event.
    pub(super) fn start_session(&mut self, token: &str, opened: Details) -> (String, Value) {
        let id = ids::uuid(&mut self.objects);
        let opened = self.link_event("OPEN", opened);
        let shown = opened.to_callback(&id);
        let session = Session::new(id.clone(), opened);
        self.link_tokens
            .change(token, |link| link.start_session(session));
        self.log_link(token, &shown);
        (id, shown)
    }

    /// Does what the token is for. In update mode the user logs in again: this repairs the Item and
    /// fires no webhook of the Item. Otherwise the user links a new Item at First Platypus Bank: this
    /// returns its public token. A completed session stays as it is.
    ///
    /// # Errors
    ///
    /// The error of a token that cannot be used.
    pub(crate) fn complete_link(&mut self, token: &str) -> Result<Completion, PlaidError> {
        if let Some(completion) = self.link_token(token)?.completion(&self.items) {
            return Ok(completion);
        }
        let linked = Linked {
            institution: Institution::first_platypus_bank(),
            test_user: TestUser::Good,
            selected: None,
        };
        let end = End::Success(self.link(token, linked)?);
        self.end_link(token, "HANDOFF", end);
        let completion = self.link_token(token)?.completion(&self.items);
        completion.ok_or_else(PlaidError::invalid_link_token)
    }

    /// The user leaves Link without finishing. The token can be used again.
    ///
    /// # Errors
    ///
    /// The error of a token that cannot be used.
    pub(crate) fn exit_link(&mut self, token: &str) -> Result<(), PlaidError> {
        self.usable_link(token)?;
        let exit = Exit {
            error: None,
            institution: None,
            status: Some("requires_credentials"),
        };
        self.end_link(token, "EXIT", End::Exit(exit));
        Ok(())
    }

    /// # Errors
    ///
    /// The error of a token that cannot be used.
    pub(super) fn usable_link(&self, token: &str) -> Result<&LinkToken, PlaidError> {
        let link = self.link_token(token)?;
        if let Purpose::Update(item) = link.purpose {
            self.not_removed(item)?;
        }
        let unusable = |message| Err(PlaidError::invalid_link_token().with_message(message));
        match link.state(self.clock.now()) {
            LinkState::Open => Ok(link),
            LinkState::Completed => unusable("this Link session is already completed"),
            LinkState::Expired => unusable("this link token has expired; create a new one"),
        }
    }

    /// Repairs the Item of update mode, or adds what the user linked.
    pub(super) fn link(
        &mut self,
        token: &str,
        linked: Linked,
    ) -> Result<Option<LinkedItem>, PlaidError> {
        let link = self.usable_link(token)?;
        match &link.purpose {
            Purpose::Update(item) => {
                let item = *item;
                self.repair_item(item);
                if let Some(selected) = linked.selected {
                    self.select_accounts(item, selected);
                }
                Ok(None)
            }
            Purpose::Add { products, user } => {
                let plan = ItemPlan {
                    test_user: linked.test_user,
                    selected: linked.selected,
                    days_requested: None,
                    statements: None,
                    institution: linked.institution,
                    products: products.clone(),
                    webhook: link.webhook.clone(),
                    user: user.clone(),
                };
                let item = self.add_item(plan);
                let public_token = self.add_public_token(item);
                Ok(Some(LinkedItem { item, public_token }))
            }
        }
    }

    /// Ends the session that is open, or a new one.
    fn end_link(&mut self, token: &str, event: &'static str, end: End) {
        self.open_link(token);
        let link = self.link_tokens.get(token);
        if let Some(session) = link.and_then(LinkToken::open_session) {
            let session = session.to_owned();
            self.end_session(token, &session, event, Details::default(), end);
        }
    }

    /// Ends a session, and returns its last event.
    pub(super) fn end_session(
        &mut self,
        token: &str,
        session: &str,
        event: &'static str,
        details: Details,
        end: End,
    ) -> Value {
        let event = self.link_event(event, details);
        let shown = event.to_callback(session);
        self.link_tokens
            .change(token, |link| link.end_session(session, event, end));
        self.log_link(token, &shown);
        if let Some(link) = self.link_tokens.get(token)
            && let Some(url) = link.webhook.clone()
        {
            for body in link.webhooks(token, session) {
                self.fire_to(url.clone(), None, body);
            }
        }
        shown
    }

    /// What happened last in Link sessions, oldest first.
    pub(crate) fn link_log(&self) -> impl Iterator<Item = &LinkActivity> {
        self.link_log.all()
    }

    /// Shows an event to listeners. `event`: the arguments of `onEvent`.
    pub(super) fn log_link(&mut self, token: &str, event: &Value) {
        let item = match self.link_tokens.get(token).map(|link| &link.purpose) {
            Some(Purpose::Update(item)) => Some(self.item(*item).id.clone()),
            _ => None,
        };
        let activity = LinkActivity {
            item_id: item,
            event: event.clone(),
        };
        self.events.publish(|| Event::Link(activity.clone()));
        self.link_log.add(activity);
    }

    pub(super) fn link_event(&mut self, name: &'static str, details: Details) -> LinkEvent {
        LinkEvent::new(
            ids::uuid(&mut self.objects),
            name,
            self.clock.now(),
            ids::request_id(&mut self.requests),
            details,
        )
    }
}

/// What a user links.
pub(super) struct Linked {
    pub(super) institution: &'static Institution,
    pub(super) test_user: TestUser,
    /// The selected accounts, by index; none if the user selected none.
    pub(super) selected: Option<Vec<usize>>,
}
