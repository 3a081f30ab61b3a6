//! What a Sandbox remembers: credentials for its lifetime, and behind one lock everything that
//! changes.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use tokio::{
    sync::{broadcast, mpsc::UnboundedSender},
    time::sleep_until,
};

use crate::{
    catalog::Institution,
    clock::{Clock, Timer},
    delivery::{Errand, FIRST_WAIT},
    event::{Event, ItemState},
    faults::Faults,
    item::{Item, User},
    journal::Journal,
    json,
    link::LinkTokens,
    mailbox::Mailbox,
    notice::Notice,
    plaid_error::PlaidError,
    random::{Random, Streams},
    sandbox::Config,
    signing::Keys,
    token::TokenKind,
    webhook::Webhook,
};

/// Documented.
const PUBLIC_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// After which an Item breaks by itself (documented). That a repair begins the 30 days anew is
/// inferred.
const HEALTHY_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Events that a slow listener may be behind.
const EVENTS_KEPT: usize = 1024;

/// What the handle, the connections and the deliveries of one Sandbox share.
pub(crate) struct Shared {
    /// Where it is reached.
    pub(crate) url: String,
    pub(crate) config: Config,
    pub(crate) client_id: String,
    pub(crate) secret: SecretString,
    events: Arc<Events>,
    /// Held by whoever moves the clock or starts over.
    pub(crate) advancing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// What changes. Held for no longer than one call takes, and never across an await.
pub(crate) struct State {
    pub(crate) clock: Clock,
    /// For the ids of Items, of their accounts and of tokens.
    pub(crate) objects: Random,
    /// For the ids of requests.
    pub(crate) requests: Random,
    pub(crate) keys: Keys,
    pub(crate) items: Vec<Item>,
    pub(crate) link_tokens: LinkTokens,
    pub(crate) webhooks: Mailbox,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) errands: UnboundedSender<Errand>,
    by_id: HashMap<String, usize>,
    /// The Item's place, by access token.
    access_tokens: HashMap<String, usize>,
    public_tokens: HashMap<String, PublicToken>,
    events: Arc<Events>,
    /// How many events there were, whether or not somebody listened.
    told: Cell<u64>,
}

/// Where events go, made with the first listener: it has room for all it may be behind at once.
type Events = OnceLock<broadcast::Sender<Event>>;

/// What an Item is made of; checked already.
pub(crate) struct ItemPlan {
    pub(crate) institution: &'static Institution,
    pub(crate) products: Vec<&'static str>,
    pub(crate) webhook: Option<String>,
    pub(crate) user: Option<User>,
}

struct PublicToken {
    item: usize,
    created_at: SystemTime,
}

impl Shared {
    /// Deliveries leave through `errands`.
    pub(crate) fn new(url: String, config: Config, errands: UnboundedSender<Errand>) -> Self {
        let mut streams = Streams::new(config.seed);
        let events = Arc::<Events>::default();
        Shared {
            url,
            client_id: streams.credentials.hex(24),
            secret: streams.credentials.hex(30).into(),
            events: Arc::clone(&events),
            advancing: tokio::sync::Mutex::default(),
            state: Mutex::new(State::new(streams, config.now, errands, events)),
            config,
        }
    }

    /// The state, for a short while. A panic elsewhere leaves it usable: each change to it is
    /// complete in itself.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts over as if this Sandbox had just been started, but for its URL and its credentials.
    pub(crate) async fn reset(&self) {
        let _alone = self.advancing.lock().await;
        let mut state = self.state();
        let state = &mut *state;
        state.clock.restart(self.config.now);
        state.webhooks.reset();
        let _ = state.errands.send(Errand::CancelAll);
        let streams = Streams::new(self.config.seed);
        state.keys = Keys::new(streams.keys, state.clock.now());
        state.objects = streams.objects;
        state.requests = streams.requests;
        state.faults = Faults::new(streams.faults);
        state.journal = Journal::default();
        state.link_tokens = LinkTokens::default();
        state.items.clear();
        state.by_id.clear();
        state.access_tokens.clear();
        state.public_tokens.clear();
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        let events = self
            .events
            .get_or_init(|| broadcast::Sender::new(EVENTS_KEPT));
        events.subscribe()
    }

    /// What happens from now on, and how many events there were before that.
    pub(crate) fn follow(&self) -> (broadcast::Receiver<Event>, u64) {
        // Under the lock there is no event between the two.
        let state = self.state();
        (self.listen(), state.told.get())
    }

    /// Until the Sandbox's clock shows `time`.
    pub(crate) async fn until(&self, time: SystemTime) {
        loop {
            let (instant, mut moved) = {
                let state = self.state();
                if state.clock.now() >= time {
                    return;
                }
                (state.clock.instant_of(time), state.clock.watch())
            };
            tokio::select! {
                () = sleep_until(instant) => {}
                _ = moved.changed() => {}
            }
        }
    }
}

impl State {
    fn new(
        streams: Streams,
        start: Option<SystemTime>,
        errands: UnboundedSender<Errand>,
        events: Arc<Events>,
    ) -> Self {
        let clock = Clock::new(start);
        State {
            keys: Keys::new(streams.keys, clock.now()),
            clock,
            objects: streams.objects,
            requests: streams.requests,
            items: Vec::new(),
            link_tokens: LinkTokens::default(),
            webhooks: Mailbox::default(),
            faults: Faults::new(streams.faults),
            journal: Journal::default(),
            errands,
            by_id: HashMap::new(),
            access_tokens: HashMap::new(),
            public_tokens: HashMap::new(),
            events,
            told: Cell::new(0),
        }
    }

    /// Tells whoever listens; what is told is made only if somebody does.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        self.told.set(self.told.get() + 1);
        if let Some(events) = self.events.get().filter(|it| it.receiver_count() > 0) {
            // Fails if the last listener has just left.
            let _ = events.send(event());
        }
    }

    /// Adds a healthy Item, and returns its place.
    pub(crate) fn add_item(&mut self, plan: ItemPlan) -> usize {
        let now = self.clock.now();
        let place = self.items.len();
        let id = self.objects.object_id();
        self.by_id.insert(id.clone(), place);
        self.items.push(Item {
            id,
            institution: plan.institution,
            products: plan.products,
            webhook: plan.webhook,
            user: plan.user,
            access_token: None,
            accounts_seed: self.objects.seed(),
            created_at: now,
            state: ItemState::Healthy,
            breaks_at: now + HEALTHY_FOR,
            last_webhook: None,
        });
        self.clock.set(now + HEALTHY_FOR, Timer::BreakItem(place));
        self.tell_item(place);
        place
    }

    pub(crate) fn find_item(&self, item_id: &str) -> Option<usize> {
        self.by_id.get(item_id).copied()
    }

    /// Gives an Item a new access token; the one before it, if any, is unknown from now on.
    pub(crate) fn renew_access_token(&mut self, place: usize) -> String {
        let token = format!("access-sandbox-{}", self.objects.uuid());
        self.access_tokens.insert(token.clone(), place);
        if let Some(old) = self.items[place].access_token.replace(token.clone()) {
            self.access_tokens.remove(&old);
        }
        token
    }

    pub(crate) fn add_public_token(&mut self, place: usize) -> String {
        let token = format!("public-sandbox-{}", self.objects.uuid());
        let created_at = self.clock.now();
        self.public_tokens.insert(
            token.clone(),
            PublicToken {
                item: place,
                created_at,
            },
        );
        token
    }

    /// The place of the Item that a public token is for. It can be exchanged again while it lives
    /// (observed).
    ///
    /// # Errors
    ///
    /// INVALID_PUBLIC_TOKEN when it is malformed, foreign, unknown or expired, ITEM_NOT_FOUND when
    /// its Item was removed (the latter inferred).
    pub(crate) fn item_of_public_token(&self, token: &str) -> Result<usize, PlaidError> {
        let kind = TokenKind::Public;
        kind.check(token)?;
        let known = self.public_tokens.get(token);
        let known = known.ok_or_else(|| kind.unknown())?;
        let age = self.clock.now().duration_since(known.created_at);
        if age.unwrap_or_default() >= PUBLIC_TOKEN_LIFETIME {
            return Err(PlaidError::expired_public_token());
        }
        self.not_removed(known.item)
    }

    /// The place of the Item that an access token is for.
    ///
    /// # Errors
    ///
    /// INVALID_ACCESS_TOKEN when it is malformed, foreign or unknown, ITEM_NOT_FOUND when its Item
    /// was removed.
    pub(crate) fn item_of(&self, access_token: &str) -> Result<usize, PlaidError> {
        let kind = TokenKind::Access;
        kind.check(access_token)?;
        let place = *self
            .access_tokens
            .get(access_token)
            .ok_or_else(|| kind.unknown())?;
        self.not_removed(place)
    }

    fn not_removed(&self, place: usize) -> Result<usize, PlaidError> {
        match self.items[place].state {
            ItemState::Removed => Err(PlaidError::item_not_found()),
            _ => Ok(place),
        }
    }

    /// Puts an Item into ITEM_LOGIN_REQUIRED, and fires ITEM / ERROR; also if it is there already
    /// (inferred).
    pub(crate) fn break_item(&mut self, place: usize) {
        self.items[place].state = ItemState::LoginRequired;
        self.tell_item(place);
        self.fire(place, Notice::item_error());
    }

    /// Puts an Item back into a good state. Returns whether that changed anything.
    pub(crate) fn heal_item(&mut self, place: usize) -> bool {
        let now = self.clock.now();
        let item = &mut self.items[place];
        if !item.is_broken() {
            return false;
        }
        item.state = ItemState::Healthy;
        item.breaks_at = now + HEALTHY_FOR;
        self.clock.set(now + HEALTHY_FOR, Timer::BreakItem(place));
        self.tell_item(place);
        true
    }

    pub(crate) fn remove_item(&mut self, place: usize) {
        self.items[place].state = ItemState::Removed;
        self.tell_item(place);
    }

    /// Fires a webhook to an Item's URL. Without a URL nothing is fired, and `last_webhook` stays
    /// as it was (inferred).
    pub(crate) fn fire(&mut self, place: usize, notice: Notice) {
        let now = self.clock.now();
        let item = &mut self.items[place];
        let Some(url) = item.webhook.clone() else {
            return;
        };
        item.last_webhook = Some((notice.webhook_code, now));
        let body = json::render(notice.body(item));
        let id = self.webhooks.fire(Webhook {
            id: 0,
            fired_at: now,
            url,
            item_id: item.id.clone(),
            webhook_type: notice.webhook_type,
            webhook_code: notice.webhook_code,
            body,
            attempts: Vec::new(),
            next_attempt_at: None,
            next_wait: FIRST_WAIT,
        });
        self.send(id, None);
    }

    /// Does everything that is due by the clock.
    pub(crate) fn ring_timers(&mut self) {
        while let Some((due, timer)) = self.clock.take_due() {
            match timer {
                Timer::BreakItem(place) => {
                    let item = &self.items[place];
                    if item.state == ItemState::Healthy && item.breaks_at == due {
                        self.break_item(place);
                    }
                }
                Timer::Redeliver(id) => {
                    let webhook = self.webhooks.find(id);
                    let planned = webhook.filter(|webhook| webhook.next_attempt_at == Some(due));
                    if let Some(webhook) = planned {
                        webhook.next_attempt_at = None;
                        self.send(id, None);
                    }
                }
            }
        }
    }

    fn tell_item(&self, place: usize) {
        self.tell(|| Event::Item(self.items[place].summary()));
    }
}
