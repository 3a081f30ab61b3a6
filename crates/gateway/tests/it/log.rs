//! What is logged while a test runs.

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

use crate::caller::Reply;

/// The events of the test's own thread, on which its gateway runs too: the gateway's, and those of
/// the libraries below it.
#[derive(Clone, Default)]
pub(crate) struct Log {
    own: Arc<Mutex<Vec<Entry>>>,
    others: Arc<Mutex<Vec<Entry>>>,
}

pub(crate) type Entry = BTreeMap<&'static str, String>;

thread_local! {
    static HERE: RefCell<Option<Log>> = const { RefCell::new(None) };
}

static SUBSCRIBED: Once = Once::new();

impl Log {
    pub(crate) fn start() -> Log {
        // For all threads: whether anybody listens is remembered for all of them.
        SUBSCRIBED.call_once(|| {
            let subscriber = registry().with(Listening);
            tracing::subscriber::set_global_default(subscriber).expect("the first");
        });
        let log = Log::default();
        HERE.set(Some(log.clone()));
        log
    }

    /// The gateway's.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.own.lock().expect("unpoisoned").clone()
    }

    pub(crate) fn of_others(&self) -> Vec<Entry> {
        self.others.lock().expect("unpoisoned").clone()
    }

    /// The last one, once it has been seen that it is the request's of this reply.
    pub(crate) fn entry(&self, reply: &Reply) -> Entry {
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
        let entries = if is_own { log.own } else { log.others };
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
