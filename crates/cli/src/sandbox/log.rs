//! The lines that `utdk-plaid sandbox` prints. They hold no body and no signature of a webhook, and
//! of a URL neither its query nor its credentials: those can be the user's secrets.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;
use url::Url;
use utdk_plaid_sandbox::{Attempt, Event, ItemState, ItemSummary, LoggedRequest, Outcome, Webhook};

use crate::{
    line::{Cut, LogStyle, Text, Utc, json},
    style::{BAD, GOOD, PrintStyle, WARNING},
    text::{time, without_number},
};

/// A line. Serialises to an object with a `kind`; what is an [`Event`] of the Sandbox has the names
/// that it has there.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// The Sandbox answers at this URL, for these credentials.
    Started {
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        tls_url: Option<&'a str>,
        client_id: &'a str,
        secret: &'a str,
    },
    /// The console is served at `url`.
    #[serde(rename = "started")]
    Opened {
        url: &'a str,
        gateway_url: &'a str,
        sandbox_url: &'a str,
    },
    Request(LoggedRequest),
    Delivery(Delivery<'a>),
    Item(Item<'a>),
    /// How many events came faster than they were printed.
    Missed {
        events: u64,
    },
    /// The Sandbox has stopped, and its port is free.
    Stopped,
}

/// An attempt to deliver a webhook: the last of `attempts`.
#[derive(Debug, Serialize)]
pub(crate) struct Delivery<'a> {
    id: u64,
    #[serde(rename = "firedAt")]
    fired_at: Utc,
    url: String,
    /// None for a webhook about a Link session.
    item_id: Option<&'a str>,
    webhook_type: &'a str,
    webhook_code: &'a str,
    attempts: Vec<Tried<'a>>,
    #[serde(rename = "nextAttemptAt")]
    next_attempt_at: Option<Utc>,
}

#[derive(Debug, Serialize)]
struct Tried<'a> {
    at: Utc,
    outcome: &'a Outcome,
}

/// An Item that was created or has changed.
#[derive(Debug, Serialize)]
pub(crate) struct Item<'a> {
    at: Utc,
    item_id: &'a str,
    institution_id: &'a str,
    products: &'a [&'static str],
    webhook: Option<String>,
    state: ItemState,
}

impl<'a> Line<'a> {
    /// The line of an event, if it is of a kind that is printed. `now` is the Sandbox's time.
    pub(super) fn of(event: &'a Event, now: impl FnOnce() -> SystemTime) -> Option<Self> {
        match event {
            Event::Request(request) => {
                let mut request = request.clone();
                if let Some(fields) = &mut request.fields {
                    hide_in_urls(fields);
                }
                Some(Line::Request(request))
            }
            Event::Delivery(webhook) => Some(Line::Delivery(Delivery::of(webhook))),
            Event::Item(item) => Some(Line::Item(Item::of(item, now()))),
            _ => None,
        }
    }

    /// The line, with its end. The start is several lines of text, but one of JSON.
    pub(super) fn write(&self, style: LogStyle) -> String {
        if style.print == PrintStyle::Json {
            return json(self);
        }
        match self {
            Line::Started {
                url,
                tls_url,
                client_id,
                secret,
            } => format!(
                "A local Plaid Sandbox runs at {url}\n{}\n\
                 Paste into .env:\n\n\
                 PLAID_BASE_URL={url}\n\
                 PLAID_CLIENT_ID={client_id}\n\
                 PLAID_SECRET={secret}\n\n\
                 Its URL shows the console in a browser. Stop it with Ctrl-C.\n\n",
                match tls_url {
                    Some(tls_url) => format!("Over TLS it runs at {tls_url}\n"),
                    None => String::new(),
                },
            ),
            Line::Opened {
                url,
                gateway_url,
                sandbox_url,
            } => format!(
                "Open {url}\n\n  \
                 The gateway is at        {gateway_url}\n  \
                 The local Sandbox is at  {sandbox_url}\n\n\
                 Create an Item there, break its login, and repair it. Stop with Ctrl-C.\n\n"
            ),
            Line::Request(request) => text_of_request(style, request),
            Line::Delivery(delivery) => delivery.text(style),
            Line::Item(item) => item.text(style),
            Line::Missed { events } => Text::missed(*events),
            Line::Stopped => "Stopped.\n".to_owned(),
        }
    }
}

/// `16:03:37  POST /sandbox/item/reset_login  200  0.3 ms  …7P5u`
fn text_of_request(style: LogStyle, request: &LoggedRequest) -> String {
    let mut line = Text::new(style, request.at);
    line.flexible(
        format_args!("{} {}", request.method, request.path),
        Cut::Middle,
    );
    if let Some(status) = request.status {
        line.status(status);
    }
    match request.error_code {
        Some(_) if request.not_emulated => line.painted("not emulated", WARNING),
        Some(code) => line.word(code),
        None => {}
    }
    if let Some(fault) = request.fault {
        line.painted(format_args!("fault: {fault}"), WARNING);
    }
    line.word(time(request.took));
    if let Some(id) = &request.item_id {
        line.id("item_id", id);
    }
    if let (Some(id), true) = (&request.request_id, style.verbose) {
        line.id("request_id", id);
    }
    line.end()
}

impl<'a> Delivery<'a> {
    fn of(webhook: &'a Webhook) -> Self {
        let tried = |attempt: &'a Attempt| Tried {
            at: Utc(attempt.at),
            outcome: &attempt.outcome,
        };
        Delivery {
            id: webhook.id,
            fired_at: Utc(webhook.fired_at),
            url: shown_url(&webhook.url),
            item_id: webhook.item_id.as_deref(),
            webhook_type: webhook.webhook_type,
            webhook_code: webhook.webhook_code,
            attempts: webhook.attempts.iter().map(tried).collect(),
            next_attempt_at: webhook.next_attempt_at().map(Utc),
        }
    }

    /// `16:03:37  → ITEM/ERROR  200  …7P5u`
    fn text(&self, style: LogStyle) -> String {
        let last = self.attempts.last();
        let Utc(at) = last.map_or(self.fired_at, |attempt| attempt.at);
        let mut line = Text::new(style, at);
        line.word(format_args!(
            "→ {}/{}",
            self.webhook_type, self.webhook_code
        ));
        match last.map(|attempt| attempt.outcome) {
            Some(Outcome::Delivered { status }) => line.painted(status, GOOD),
            Some(Outcome::Refused { status }) => line.painted(status, BAD),
            Some(Outcome::Failed { reason }) => {
                line.painted("failed", BAD);
                line.flexible(without_number(reason), Cut::End);
            }
            Some(Outcome::NotAllowed { reason }) => {
                line.painted("not allowed", BAD);
                line.flexible(without_number(reason), Cut::End);
            }
            None => {}
        }
        if let Some(id) = self.item_id {
            line.id("item_id", id);
        }
        if self.attempts.len() > 1 {
            line.word(format_args!("attempt {}", self.attempts.len()));
        }
        if let Some(Utc(next)) = self.next_attempt_at {
            let wait = next.duration_since(at).unwrap_or_default().as_secs();
            let wait = humantime::format_duration(Duration::from_secs(wait));
            line.word(format_args!("retry in {wait}"));
        }
        if style.verbose {
            line.word(format_args!("url={}", self.url));
        }
        line.end()
    }
}

impl<'a> Item<'a> {
    fn of(item: &'a ItemSummary, at: SystemTime) -> Self {
        Item {
            at: Utc(at),
            item_id: &item.item_id,
            institution_id: item.institution_id,
            products: &item.products,
            webhook: item.webhook.as_deref().map(shown_url),
            state: item.state,
        }
    }

    /// `16:03:37  Item  login required  …7P5u`
    fn text(&self, style: LogStyle) -> String {
        let mut line = Text::new(style, self.at.0);
        line.word("Item");
        match self.state {
            ItemState::Healthy => line.painted("healthy", GOOD),
            ItemState::LoginRequired => line.painted("login required", BAD),
            ItemState::Removed => line.word("removed"),
        }
        line.id("item_id", self.item_id);
        if let (Some(webhook), true) = (&self.webhook, style.verbose) {
            line.word(format_args!("webhook={webhook}"));
        }
        line.end()
    }
}

/// A webhook's URL without what can be secret: scheme, host, port and path.
fn shown_url(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => without_secrets(url),
        Err(_) => "[redacted]".to_owned(),
    }
}

/// Applies [`shown_url`] to the URLs among the fields of a request.
fn hide_in_urls(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(url) = Url::parse(text)
                && has_secrets(&url)
            {
                *text = without_secrets(url);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_in_urls),
        Value::Object(fields) => fields.values_mut().for_each(hide_in_urls),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn has_secrets(url: &Url) -> bool {
    url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
}

fn without_secrets(mut url: Url) -> String {
    // These fail only without a host, and then there are no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;

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

    fn at() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_789_078_513_382)
    }

    fn request() -> LoggedRequest {
        LoggedRequest {
            at: at(),
            took: Duration::from_micros(3_200),
            method: "POST".into(),
            path: "/item/get".into(),
            fields: None,
            item_id: Some("kVb3Zx7P5u".into()),
            status: Some(200),
            error_code: None,
            request_id: Some("abc".into()),
            fault: None,
            not_emulated: false,
        }
    }

    fn delivery<'a>(outcome: &'a Outcome, url: &str) -> Line<'a> {
        Line::Delivery(Delivery {
            id: 1,
            fired_at: Utc(at()),
            url: shown_url(url),
            item_id: Some("kVb3Zx7P5u"),
            webhook_type: "ITEM",
            webhook_code: "ERROR",
            attempts: vec![Tried {
                at: Utc(at()),
                outcome,
            }],
            next_attempt_at: Some(Utc(at() + Duration::from_secs(30))),
        })
    }

    /// The line without its time of day, which depends on the machine.
    fn text(line: &Line, style: LogStyle) -> String {
        let line = line.write(style);
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?}");
        let (time, rest) = line.trim_end().split_once("  ").unwrap();
        assert_eq!((time.len(), time.matches(':').count()), (8, 2));
        rest.to_owned()
    }

    #[test]
    fn a_request_is_a_line_with_what_matters_first() {
        let error = |code| LoggedRequest {
            status: Some(400),
            error_code: Some(code),
            item_id: None,
            ..request()
        };
        let fault = LoggedRequest {
            status: None,
            request_id: None,
            fault: Some("reset"),
            ..request()
        };
        for (request, style, expected) in [
            (request(), PLAIN, "POST /item/get  200  3.2 ms  …7P5u"),
            (
                request(),
                VERBOSE,
                "POST /item/get  200  3.2 ms  item_id=kVb3Zx7P5u  request_id=abc",
            ),
            (
                error("ITEM_LOGIN_REQUIRED"),
                PLAIN,
                "POST /item/get  400  ITEM_LOGIN_REQUIRED  3.2 ms",
            ),
            (
                error("NOT_FOUND"),
                PLAIN,
                "POST /item/get  400  NOT_FOUND  3.2 ms",
            ),
            (
                LoggedRequest {
                    not_emulated: true,
                    ..error("NOT_FOUND")
                },
                PLAIN,
                "POST /item/get  400  not emulated  3.2 ms",
            ),
            (fault, PLAIN, "POST /item/get  fault: reset  3.2 ms  …7P5u"),
        ] {
            assert_eq!(text(&Line::Request(request), style), expected);
        }
    }

    #[test]
    fn a_status_is_coloured_by_what_it_means() {
        let colours = LogStyle {
            print: PrintStyle::Colours,
            verbose: false,
        };
        for (status, colour) in [(200, 32), (302, 32), (404, 31), (500, 31)] {
            let line = Line::Request(LoggedRequest {
                status: Some(status),
                ..request()
            });
            let shown = format!("  \u{1b}[{colour}m{status}\u{1b}[0m  ");
            assert!(text(&line, colours).contains(&shown));
        }
    }

    #[test]
    fn a_line_fits_80_columns_and_only_its_middle_is_left_out() {
        let path = format!("/sandbox/{}/create", "x".repeat(200));
        let long = Line::Request(LoggedRequest { path, ..request() });
        let shown = text(&long, PLAIN);
        assert_eq!(shown.chars().count(), 80 - "16:03:37  ".len(), "{shown}");
        assert!(shown.starts_with("POST /sandbox/xx") && shown.contains("xx/create  200  "));
        assert!(text(&long, VERBOSE).contains(&"x".repeat(200)));
        let reason = "no such host: ".repeat(20);
        let failed = Outcome::Failed { reason };
        let shown = text(&delivery(&failed, "http://a.invalid/"), PLAIN);
        assert_eq!(shown.chars().count(), 80 - "16:03:37  ".len(), "{shown}");
        assert!(shown.ends_with("  …7P5u  retry in 30s"), "{shown}");
    }

    #[test]
    fn a_delivery_says_how_it_ended_and_when_it_is_retried() {
        let reason = || "\"no\" answer:\n\u{1b}[2Jgone".into();
        for (outcome, expected) in [
            (
                Outcome::Delivered { status: 200 },
                "→ ITEM/ERROR  200  …7P5u  retry in 30s",
            ),
            (
                Outcome::Refused { status: 500 },
                "→ ITEM/ERROR  500  …7P5u  retry in 30s",
            ),
            (
                Outcome::Failed { reason: reason() },
                "→ ITEM/ERROR  failed  \"no\" answer:\\n\\u{1b}[2Jgone  …7P5u  retry in 30s",
            ),
        ] {
            assert_eq!(
                text(&delivery(&outcome, "http://127.0.0.1:1/a"), PLAIN),
                expected
            );
        }
    }

    #[test]
    fn a_webhooks_url_is_shown_without_what_can_be_secret() {
        for (url, shown) in [
            ("http://127.0.0.1:80/a", "http://127.0.0.1/a"),
            ("https://me:pw@host:8443/a?key=k#f", "https://host:8443/a"),
            ("https://me@host", "https://host/"),
            ("nothing of the kind", "[redacted]"),
        ] {
            let line = text(&delivery(&Outcome::Delivered { status: 200 }, url), VERBOSE);
            assert!(line.ends_with(&format!("  url={shown}")), "{line}");
        }
    }

    #[test]
    fn urls_among_the_fields_of_a_request_are_shown_without_what_can_be_secret() {
        let event = Event::Request(LoggedRequest {
            fields: Some(json!({
                "webhook": "https://me:pw@host/a?key=k",
                "hosted_link": { "completion_redirect_uri": "app://done?key=k" },
                "client_user_id": "User:1",
                "products": ["auth", "http://host?key=k"],
            })),
            ..request()
        });
        let Some(Line::Request(shown)) = Line::of(&event, at) else {
            panic!("a request is a line");
        };
        assert_eq!(
            shown.fields,
            Some(json!({
                "webhook": "https://host/a",
                "hosted_link": { "completion_redirect_uri": "app://done" },
                "client_user_id": "User:1",
                "products": ["auth", "http://host/"],
            }))
        );
    }

    #[test]
    fn an_item_is_shown_without_its_user() {
        let event = Event::Item(ItemSummary {
            item_id: "kVb3Zx7P5u".into(),
            institution_id: "ins_109508",
            products: vec!["auth"],
            webhook: Some("http://127.0.0.1:1/?key=k".into()),
            user_id: Some("a user's token".into()),
            state: ItemState::LoginRequired,
        });
        let line = Line::of(&event, at).unwrap();
        assert_eq!(text(&line, PLAIN), "Item  login required  …7P5u");
        assert_eq!(
            text(&line, VERBOSE),
            "Item  login required  item_id=kVb3Zx7P5u  webhook=http://127.0.0.1:1/"
        );
        assert_eq!(
            line.write(JSON).trim_end(),
            r#"{"kind":"item","at":"2026-09-10T22:15:13.382Z","item_id":"kVb3Zx7P5u","institution_id":"ins_109508","products":["auth"],"webhook":"http://127.0.0.1:1/","state":"login_required"}"#,
        );
    }

    #[test]
    fn every_line_of_json_is_one_line() {
        let refused = Outcome::Refused { status: 500 };
        for line in [
            Line::Started {
                url: "http://127.0.0.1:1",
                tls_url: Some("https://127.0.0.1:2"),
                client_id: "id",
                secret: "secret",
            },
            Line::Opened {
                url: "http://localhost:1",
                gateway_url: "http://127.0.0.1:1",
                sandbox_url: "http://127.0.0.1:2",
            },
            Line::Request(request()),
            delivery(&refused, "http://127.0.0.1:1/a"),
            Line::Missed { events: 3 },
            Line::Stopped,
        ] {
            let json = line.write(JSON);
            assert_eq!(json.find('\n'), Some(json.len() - 1));
            assert!(json.starts_with(r#"{"kind":""#), "{json}");
        }
    }
}
