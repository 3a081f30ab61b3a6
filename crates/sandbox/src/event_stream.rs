//! What happens in a Sandbox as server-sent events, for whoever reads along over HTTP.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame};
use serde::Serialize;
use serde_json::json;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

use crate::{event::Event, state::Shared};

/// How often something is written where nothing happens, so that a reader who has left is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The body of a reply that goes on for as long as somebody reads it.
pub(crate) struct EventStream {
    next: Next,
}

/// What is to be written next, and who reads on.
type Next = Pin<Box<dyn Future<Output = Option<(String, Reader)>> + Send>>;

/// Somebody who reads along.
struct Reader {
    events: Receiver<Event>,
    /// How many events there were, those that were missed included.
    count: u64,
}

impl EventStream {
    /// What happens from now on. `last_id` is that of the last event that the reader had over
    /// another connection; it is told how many came between.
    pub(crate) fn new(shared: &Shared, last_id: Option<u64>) -> Self {
        let (events, count) = shared.follow();
        let reader = Reader { events, count };
        // An id that is yet to come is of another Sandbox, which was at this address before.
        let missed = last_id.map_or(0, |last_id| count.checked_sub(last_id).unwrap_or(count));
        EventStream {
            next: match missed {
                0 => Box::pin(reader.next()),
                _ => Box::pin(async move { Some((reader.missed(missed), reader)) }),
            },
        }
    }
}

impl Reader {
    /// What is to be written next; nothing once the Sandbox has ended.
    async fn next(mut self) -> Option<(String, Self)> {
        let text = match timeout(HEARTBEAT, self.events.recv()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(Ok(event)) => {
                self.count += 1;
                match &event {
                    Event::Item(item) => self.write("item", item),
                    Event::Delivery(webhook) => self.write("webhook", webhook),
                    Event::Request(request) => self.write("request", request),
                }
            }
            Ok(Err(RecvError::Lagged(missed))) => {
                self.count += missed;
                self.missed(missed)
            }
            Ok(Err(RecvError::Closed)) => return None,
        };
        Some((text, self))
    }

    fn missed(&self, events: u64) -> String {
        self.write("missed", &json!({ "events": events }))
    }

    /// JSON has no line break outside of what it escapes, so it is one line.
    fn write(&self, name: &str, data: &impl Serialize) -> String {
        let data = serde_json::to_string(data).expect("events hold strings and numbers");
        format!("event: {name}\nid: {}\ndata: {data}\n\n", self.count)
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = ready!(self.next.as_mut().poll(context));
        Poll::Ready(next.map(|(text, reader)| {
            self.next = Box::pin(reader.next());
            Ok(Frame::data(text.into()))
        }))
    }
}
