//! The lines that `utdk-plaid gateway` prints: where it runs, and each request. The gateway logs
//! nothing that a caller wrote.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

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

use crate::{
    line::{Cut, LogStyle, Text, Utc, json},
    style::PrintStyle,
    text::time,
};

/// A line. Serialises to an object with a `kind`.
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
    /// How many requests came faster than they were printed.
    Missed {
        events: u64,
    },
    /// The gateway has stopped, and its port is free.
    Stopped,
}

/// A request that was answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    at: Utc,
    level: &'static str,
    #[serde(flatten)]
    fields: Fields,
}

/// In the order in which the gateway names them.
#[derive(Clone, Debug, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Line<'_> {
    /// The line, with its end; nothing for a hidden one. The start is several lines of text, but
    /// one of JSON.
    pub(super) fn write(&self, style: LogStyle) -> String {
        if style.print == PrintStyle::Json {
            return json(self);
        }
        match self {
            Line::Started {
                url,
                credentials,
                token_required,
                upstream,
            } => {
                let credentials = match *credentials {
                    "none" => {
                        "It has no credentials: callers bring their own, or you save them in the \
                         console."
                    }
                    _ => "It has credentials, so callers need none.",
                };
                let token = match token_required {
                    true => "Callers need its token, in UTDK_GATEWAY_TOKEN or as a Bearer token.",
                    false => "Callers need no token.",
                };
                format!(
                    "A gateway to Plaid runs at {url}\n\n\
                     Paste into .env:\n\n\
                     UTDK_GATEWAY_URL={url}\n\n\
                     It calls {upstream}.\n\
                     {credentials}\n\
                     {token}\n\
                     Plaid's own clients take the URL as their base path. Stop with Ctrl-C.\n\n"
                )
            }
            Line::Request(request) if request.is_hidden() && !style.verbose => String::new(),
            Line::Request(request) => request.text(style),
            Line::Missed { events } => Text::missed(*events),
            Line::Stopped => "Stopped.\n".to_owned(),
        }
    }
}

impl Request {
    /// `16:03:37  POST tool  200  3.2 ms  10.0.0.7`
    fn text(&self, style: LogStyle) -> String {
        let mut line = Text::new(style, self.at.0);
        let method_and_route = [self.text_of("method"), self.text_of("route")];
        line.word(method_and_route.map(Option::unwrap_or_default).join(" "));
        if let Some(status) = self.number("status") {
            line.status(status as u16);
        }
        if style.verbose {
            let named = ["method", "route", "status"];
            let others = self
                .fields
                .0
                .iter()
                .filter(|(name, _)| !named.contains(name));
            for (name, value) in others {
                match value {
                    Value::String(text) => line.word(format_args!("{name}={text}")),
                    value => line.word(format_args!("{name}={value}")),
                }
            }
            return line.end();
        }
        if let Some(code) = self.text_of("code") {
            line.flexible(code, Cut::End);
        }
        if let Some(attempts @ 2..) = self.number("attempts") {
            line.word(format_args!("{attempts} attempts"));
        }
        if let Some(ms) = self.value("duration_ms").and_then(Value::as_f64) {
            line.word(time(Duration::from_secs_f64(ms.clamp(0.0, 1e9) / 1000.0)));
        }
        if let Some(caller) = self
            .text_of("caller")
            .filter(|caller| !is_this_machine(caller))
        {
            line.word(caller);
        }
        line.end()
    }

    /// Whether it is a successful request of the console or of a probe, which come all the time.
    fn is_hidden(&self) -> bool {
        let is_open = matches!(
            self.text_of("route"),
            Some("config" | "healthz" | "metrics" | "page" | "readyz")
        );
        is_open && self.number("status").is_some_and(|status| status < 400)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let fields = &self.fields.0;
        let (_, value) = fields.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    fn text_of(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.as_u64()
    }
}

fn is_this_machine(caller: &str) -> bool {
    caller.parse().is_ok_and(utdk_plaid_local::is_loopback_ip)
}

/// Receives what a gateway logs that is started under it, and nothing from libraries.
pub(super) fn subscriber(requests: Sender<Request>) -> impl Subscriber + Send + Sync {
    let of_gateway = Targets::new().with_target("utdk_plaid_gateway", Level::INFO);
    registry().with(Listening(requests).with_filter(of_gateway))
}

struct Listening(Sender<Request>);

impl<S: Subscriber> Layer<S> for Listening {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // It fails once the requests are not printed any more.
        let _ = self.0.send(Request {
            at: Utc(SystemTime::now()),
            level: event.metadata().level().as_str(),
            fields,
        });
    }
}

impl Fields {
    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        // The message only says that it is a request.
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
    use std::time::UNIX_EPOCH;

    use serde_json::json;
    use tokio::sync::broadcast::{Receiver, channel};
    use tracing::{debug, info, subscriber::with_default};

    use super::*;

    const PLAIN: LogStyle = LogStyle {
        print: PrintStyle::Plain,
        verbose: false,
    };
    const VERBOSE: LogStyle = LogStyle {
        verbose: true,
        ..PLAIN
    };
    const JSON: LogStyle = LogStyle {
        print: PrintStyle::Json,
        verbose: false,
    };

    /// What is received of what `log` logs.
    fn received(log: impl FnOnce()) -> Receiver<Request> {
        let (requests, answered) = channel(8);
        with_default(subscriber(requests), log);
        answered
    }

    /// A request as the gateway logs one.
    fn request(route: &str, status: u16, code: Option<&str>, caller: &str) -> Line<'static> {
        let mut answered = received(|| {
            info!(
                target: "utdk_plaid_gateway::server",
                method = "POST",
                route,
                status,
                outcome = "ok",
                code,
                attempts = 2_u32,
                duration_ms = 2.5_f64,
                caller,
                request_id = "0123456789abcdef",
                "request",
            );
        });
        Line::Request(Request {
            at: Utc(UNIX_EPOCH + Duration::from_millis(1_789_078_513_382)),
            ..answered.try_recv().unwrap()
        })
    }

    /// The line without its time of day, which depends on the machine.
    fn text(line: &Line, style: LogStyle) -> String {
        let line = line.write(style);
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?}");
        line.trim_end().split_once("  ").unwrap().1.to_owned()
    }

    #[test]
    fn a_request_is_a_line_with_what_matters_first() {
        for (line, style, expected) in [
            (
                request("tool", 200, None, "127.0.0.1"),
                PLAIN,
                "POST tool  200  2 attempts  2.5 ms",
            ),
            (
                request("tool", 400, Some("WRONG"), "10.0.0.7"),
                PLAIN,
                "POST tool  400  WRONG  2 attempts  2.5 ms  10.0.0.7",
            ),
            (
                request("tool", 400, Some("WRONG"), "::1"),
                VERBOSE,
                "POST tool  400  outcome=ok  code=WRONG  attempts=2  duration_ms=2.5  caller=::1  \
                 request_id=0123456789abcdef",
            ),
        ] {
            assert_eq!(text(&line, style), expected);
        }
    }

    #[test]
    fn requests_of_the_console_and_of_probes_are_shown_only_if_they_fail_or_verbose() {
        for route in ["config", "healthz", "metrics", "page"] {
            let line = request(route, 200, None, "127.0.0.1");
            assert_eq!(line.write(PLAIN), "");
            assert!(text(&line, VERBOSE).starts_with(&format!("POST {route}  200")));
            let failed = request(route, 503, None, "127.0.0.1");
            assert!(text(&failed, PLAIN).starts_with(&format!("POST {route}  503")));
        }
    }

    #[test]
    fn a_request_is_one_line_whatever_plaid_calls_its_error() {
        let code = "\u{1b}[2J\nA".repeat(20);
        let line = text(&request("tool", 400, Some(&code), "10.0.0.7"), PLAIN);
        assert!(line.starts_with(r"POST tool  400  \u{1b}[2J\nA"), "{line}");
        assert_eq!(line.chars().count(), 80 - "16:03:37  ".len(), "{line}");
    }

    #[test]
    fn json_is_an_object_a_line_with_its_kind() {
        let line = request("tool", 200, None, "127.0.0.1").write(JSON);
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let expected = json!({
            "kind": "request",
            "at": "2026-09-10T22:15:13.382Z",
            "level": "INFO",
            "method": "POST",
            "route": "tool",
            "status": 200,
            "outcome": "ok",
            "attempts": 2,
            "duration_ms": 2.5,
            "caller": "127.0.0.1",
            "request_id": "0123456789abcdef",
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }

    #[test]
    fn what_libraries_log_and_what_is_for_debugging_is_not_received() {
        let mut answered = received(|| {
            info!(target: "hyper::proto", "from a library");
            debug!(target: "utdk_plaid_gateway::server", "too much");
        });
        assert!(answered.try_recv().is_err());
    }
}
