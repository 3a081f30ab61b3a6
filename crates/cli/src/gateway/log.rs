//! The lines that `utdk-plaid gateway` prints: where it runs, and each request as the gateway logs
//! it, which is without what its caller wrote.

use std::{fmt::Debug, time::SystemTime};

use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::sync::broadcast::Sender;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry,
};

use crate::line::{Style, Text, written};

/// A line, or what is one in JSON. Serialises to an object with a `kind`.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    /// The gateway answers; named as in the reply of `GET /config`.
    Started {
        url: &'a str,
        credentials: &'static str,
        token_required: bool,
        upstream: &'a str,
    },
    Request(Request),
    /// So many requests came faster than they were printed.
    Missed {
        events: u64,
    },
    /// The gateway has stopped, and its port is free.
    Stopped,
}

/// A request that was answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    at: String,
    level: &'static str,
    #[serde(flatten)]
    fields: Fields,
}

/// In the order in which the gateway names them.
#[derive(Clone, Debug, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Line<'_> {
    /// The line, with its end. What a text of several lines says at the start is one line in JSON.
    pub(super) fn write(&self, style: Style) -> String {
        if style == Style::Json {
            let mut json = serde_json::to_string(self).expect("lines hold strings and numbers");
            json.push('\n');
            return json;
        }
        let mut line = Text::new(style == Style::Colours);
        match self {
            Line::Started {
                url,
                credentials,
                token_required,
                upstream,
            } => {
                let credentials = match *credentials {
                    "none" => {
                        "It holds no credentials: callers bring their own, or the console hands \
                         them over."
                    }
                    _ => "It holds credentials, so callers need none.",
                };
                let token = match token_required {
                    true => "Callers need its token, in UTDK_GATEWAY_TOKEN or as a Bearer token.",
                    false => "No token is needed.",
                };
                return format!(
                    "A gateway to Plaid runs at {url}\n\n  \
                     UTDK_GATEWAY_URL={url}\n\n\
                     Calls go to {upstream}. {credentials} {token}\n\
                     Plaid's own clients take the URL as their base path. Stop it with Ctrl-C.\n\n"
                );
            }
            Line::Request(request) => request.tell(&mut line),
            Line::Missed { events } => line.missed(*events),
            Line::Stopped => line.word("Stopped."),
        }
        line.end()
    }
}

/// What stands in front in a text, without its name.
const WORDS: [&str; 3] = ["method", "route", "status"];

impl Request {
    fn tell(&self, line: &mut Text) {
        line.word(&self.at);
        for (name, value) in &self.fields.0 {
            let text = match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            match (
                *name,
                value.as_u64().and_then(|value| value.try_into().ok()),
            ) {
                ("status", Some(status)) => line.status(status),
                (name, _) if WORDS.contains(&name) => line.word(&text),
                (name, _) => line.pair(name, &text),
            }
        }
    }
}

/// Hears what a gateway logs that is started under it, and nothing of the libraries below.
pub(super) fn subscriber(requests: Sender<Request>) -> impl Subscriber + Send + Sync {
    let of_gateway = Targets::new().with_target("utdk_plaid_gateway", Level::INFO);
    registry().with(Listening(requests).with_filter(of_gateway))
}

struct Listening(Sender<Request>);

impl<S: Subscriber> Layer<S> for Listening {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Fails when nobody prints them any more.
        let _ = self.0.send(Request {
            at: written(SystemTime::now()),
            level: event.metadata().level().as_str(),
            fields,
        });
    }
}

impl Fields {
    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        // What happened, in a word: it is a request.
        if field.name() != "message" {
            self.0.push((field.name(), value.into()));
        }
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(field, format!("{value:?}"));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::broadcast::{Receiver, channel};
    use tracing::{debug, info, subscriber::with_default};

    use super::*;

    /// What is heard of what `log` logs.
    fn heard(log: impl FnOnce()) -> Receiver<Request> {
        let (requests, answered) = channel(8);
        with_default(subscriber(requests), log);
        answered
    }

    /// A request as the gateway logs one.
    fn request(status: u16, code: Option<&str>) -> Line<'static> {
        let mut answered = heard(|| {
            info!(
                target: "utdk_plaid_gateway::server",
                method = "POST",
                route = "tool",
                status,
                outcome = "ok",
                code,
                attempts = 1_u32,
                duration_ms = 2.5_f64,
                caller = %std::net::Ipv4Addr::LOCALHOST,
                "request",
            );
        });
        Line::Request(Request {
            at: "2026-09-10T22:15:13.382Z".to_owned(),
            ..answered.try_recv().unwrap()
        })
    }

    #[test]
    fn a_request_is_its_words_and_then_its_pairs() {
        assert_eq!(
            request(200, None).write(Style::Plain),
            "2026-09-10T22:15:13.382Z POST tool 200 outcome=ok attempts=1 duration_ms=2.5 \
             caller=127.0.0.1\n"
        );
        assert_eq!(
            request(400, Some("WRONG")).write(Style::Colours),
            "2026-09-10T22:15:13.382Z POST tool \u{1b}[31m400\u{1b}[0m outcome=ok code=WRONG \
             attempts=1 duration_ms=2.5 caller=127.0.0.1\n"
        );
    }

    #[test]
    fn a_request_is_one_line_whatever_plaid_calls_its_error() {
        let text = request(400, Some("\u{1b}[2J\nA B=C")).write(Style::Plain);
        assert!(
            text.contains(r#" code="\u{1b}[2J\nA B=C" attempts="#),
            "{text}"
        );
        assert_eq!(text.find('\n'), Some(text.len() - 1));
    }

    #[test]
    fn json_is_an_object_a_line_with_its_kind() {
        let line = request(200, None).write(Style::Json);
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let expected = json!({
            "kind": "request",
            "at": "2026-09-10T22:15:13.382Z",
            "level": "INFO",
            "method": "POST",
            "route": "tool",
            "status": 200,
            "outcome": "ok",
            "attempts": 1,
            "duration_ms": 2.5,
            "caller": "127.0.0.1",
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }

    #[test]
    fn what_libraries_log_and_what_is_for_debugging_is_not_heard() {
        let mut answered = heard(|| {
            info!(target: "hyper::proto", "a library's");
            debug!(target: "utdk_plaid_gateway::server", "too much");
        });
        assert!(answered.try_recv().is_err());
    }
}
