//! The log events of a test.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, Once},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
};

use crate::caller::RawReply;

/// The events of the test's own thread, on which its gateway also runs.
#[derive(Clone, Default)]
pub(crate) struct Log {
    own: Arc<Mutex<Vec<Entry>>>,
    libraries: Arc<Mutex<Vec<Entry>>>,
}

pub(crate) type Entry = BTreeMap<&'static str, String>;

thread_local! {
    static HERE: RefCell<Option<Log>> = const { RefCell::new(None) };
}

static SUBSCRIBED: Once = Once::new();

impl Log {
    pub(crate) fn start() -> Log {
        // The subscriber is global, because `tracing` caches globally whether an event is enabled.
        SUBSCRIBED.call_once(|| {
            let subscriber = registry().with(Listening);
            tracing::subscriber::set_global_default(subscriber).expect("the first");
        });
        let log = Log::default();
        HERE.set(Some(log.clone()));
        log
    }

    /// The gateway's events.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.own.lock().expect("unpoisoned").clone()
    }

    /// The events of libraries.
    pub(crate) fn of_libraries(&self) -> Vec<Entry> {
        self.libraries.lock().expect("unpoisoned").clone()
    }

    /// The last event, which must be that of `reply`.
    pub(crate) fn entry(&self, reply: &RawReply) -> Entry {
        let entry = self.entries().pop().expect("an entry");
        assert_eq!(entry["request_id"], reply.header("x-request-id").unwrap());
        assert_eq!(entry["status"], reply.status.to_string());
        entry
    }
}

struct Listening;

impl<S: Subscriber> Layer<S> for Listening {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(log) = HERE.with_borrow(Clone::clone) else {
            return;
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let is_own = event.metadata().target().starts_with("utdk_plaid_gateway");
        let entries = if is_own { log.own } else { log.libraries };
        entries.lock().expect("unpoisoned").push(fields.0);
    }
}

#[derive(Default)]
struct Fields(Entry);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
