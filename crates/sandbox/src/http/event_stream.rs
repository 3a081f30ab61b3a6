//! The events of a Sandbox as server-sent events.

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

use crate::model::{event::Event, shared::Shared};

/// How often a comment is written if nothing happens: writing detects a reader that has left.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A response body that ends with the connection or the Sandbox.
pub(super) struct EventStream {
    next: Next,
}

/// The next text, and the reader for the text after it.
type Next = Pin<Box<dyn Future<Output = Option<(String, Reader)>> + Send>>;

struct Reader {
    events: Receiver<Event>,
    /// How many events there were, including missed events.
    count: u64,
}

impl EventStream {
    /// The events from now on. `last_id` is the id of the last event the client received over another
    /// connection: the stream starts with the number of events it missed.
    pub(super) fn new(shared: &Shared, last_id: Option<u64>) -> Self {
        let (events, count) = shared.state().listen();
        let reader = Reader { events, count };
        // A higher id is from another Sandbox, which had this address before.
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
    /// The next text; nothing once the Sandbox has ended.
    async fn next(mut self) -> Option<(String, Self)> {
        let text = match timeout(HEARTBEAT, self.events.recv()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(Ok(event)) => {
                self.count += 1;
                match &event {
                    Event::Item(item) => self.write("item", item),
                    Event::Delivery(webhook) => self.write("webhook", webhook),
                    Event::Request(request) => self.write("request", request),
                    Event::Link(activity) => self.write("link", activity),
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

    /// JSON escapes line breaks, so `data` is one line.
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
