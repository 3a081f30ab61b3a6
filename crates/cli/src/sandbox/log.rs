//! The lines that `utdk-plaid sandbox` prints. Each is made of the fields that may be shown: no body
//! and no signature of a webhook, and of a URL neither its query nor the credentials in it, for they
//! may be secrets of the user's.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value;
use url::Url;
use utdk_plaid_sandbox::{Attempt, Event, ItemState, ItemSummary, LoggedRequest, Outcome, Webhook};

use crate::line::{Colour, Style, Text, written};

/// A line, or what is one in JSON. Serialises to an object with a `kind`; what is an [`Event`] of
/// the Sandbox's, under the names that it has there.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// The Sandbox answers, at this address and to these credentials.
    Started {
        url: &'a str,
        client_id: &'a str,
        secret: &'a str,
    },
    /// The Try-it page is there, at `url`; behind it a gateway, and a Sandbox.
    #[serde(rename = "started")]
    Opened {
        url: &'a str,
        gateway_url: &'a str,
        sandbox_url: &'a str,
    },
    Request(LoggedRequest),
    Delivery(Delivery<'a>),
    Item(Item<'a>),
    /// So many events came faster than they were read.
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
    fired_at: String,
    url: String,
    item_id: &'a str,
    webhook_type: &'a str,
    webhook_code: &'a str,
    attempts: Vec<Tried<'a>>,
    #[serde(rename = "nextAttemptAt")]
    next_attempt_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Tried<'a> {
    at: String,
    outcome: &'a Outcome,
}

/// An Item that was created or has changed.
#[derive(Debug, Serialize)]
pub(crate) struct Item<'a> {
    at: String,
    item_id: &'a str,
    institution_id: &'a str,
    products: &'a [&'static str],
    webhook: Option<String>,
    state: ItemState,
}

impl<'a> Line<'a> {
    /// The line of an event, if it is of a kind that is printed. `now` is what the Sandbox's clock
    /// shows.
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
                client_id,
                secret,
            } => {
                return format!(
                    "A local Plaid Sandbox runs at {url}\n\n  \
                     PLAID_BASE_URL={url}\n  \
                     PLAID_CLIENT_ID={client_id}\n  \
                     PLAID_SECRET={secret}\n\n\
                     Tests control it under {url}/_sandbox/ (GET health says that it runs). Stop \
                     it with Ctrl-C.\n\n"
                );
            }
            Line::Opened {
                url,
                gateway_url,
                sandbox_url,
            } => {
                return format!(
                    "Open {url}\n\n  \
                     The gateway is at        {gateway_url}\n  \
                     The local Sandbox is at  {sandbox_url}\n\n\
                     Create an Item there, break its login, repair it: what happens is listed here. \
                     Stop it with\nCtrl-C.\n\n"
                );
            }
            Line::Request(request) => line.request(request),
            Line::Delivery(delivery) => line.delivery(delivery),
            Line::Item(item) => line.item(item),
            Line::Missed { events } => line.missed(*events),
            Line::Stopped => line.word("Stopped."),
        }
        line.end()
    }
}

impl<'a> Delivery<'a> {
    fn of(webhook: &'a Webhook) -> Self {
        let tried = |attempt: &'a Attempt| Tried {
            at: written(attempt.at),
            outcome: &attempt.outcome,
        };
        Delivery {
            id: webhook.id,
            fired_at: written(webhook.fired_at),
            url: shown_url(&webhook.url),
            item_id: &webhook.item_id,
            webhook_type: webhook.webhook_type,
            webhook_code: webhook.webhook_code,
            attempts: webhook.attempts.iter().map(tried).collect(),
            next_attempt_at: webhook.next_attempt_at().map(written),
        }
    }
}

impl<'a> Item<'a> {
    fn of(item: &'a ItemSummary, at: SystemTime) -> Self {
        Item {
            at: written(at),
            item_id: &item.item_id,
            institution_id: item.institution_id,
            products: &item.products,
            webhook: item.webhook.as_deref().map(shown_url),
            state: item.state,
        }
    }
}

impl Text {
    fn request(&mut self, request: &LoggedRequest) {
        self.word(&written(request.at));
        self.word(&request.method);
        self.word(&request.path);
        if let Some(status) = request.status {
            self.status(status);
        }
        self.pair_of("error_code", request.error_code);
        self.pair_of("fault", request.fault);
        self.pair_of("item_id", request.item_id.as_deref());
        self.pair_of("request_id", request.request_id.as_deref());
    }

    fn delivery(&mut self, delivery: &Delivery) {
        let last = delivery.attempts.last();
        self.word(last.map_or(&delivery.fired_at, |attempt| &attempt.at));
        self.word("webhook");
        self.word(delivery.webhook_type);
        self.word(delivery.webhook_code);
        match last.map(|attempt| attempt.outcome) {
            Some(Outcome::Delivered { status }) => {
                self.painted("delivered", Colour::Green);
                self.pair("status", &status.to_string());
            }
            Some(Outcome::Refused { status }) => {
                self.painted("refused", Colour::Red);
                self.pair("status", &status.to_string());
            }
            Some(Outcome::Failed { reason }) => {
                self.painted("failed", Colour::Red);
                self.pair("reason", reason);
            }
            Some(Outcome::NotAllowed { reason }) => {
                self.painted("not_allowed", Colour::Red);
                self.pair("reason", reason);
            }
            None => {}
        }
        self.pair("item_id", delivery.item_id);
        self.pair("url", &delivery.url);
        self.pair("attempt", &delivery.attempts.len().to_string());
        self.pair_of("next", delivery.next_attempt_at.as_deref());
    }

    fn item(&mut self, item: &Item) {
        self.word(&item.at);
        self.word("item");
        match item.state {
            ItemState::Healthy => self.painted("healthy", Colour::Green),
            ItemState::LoginRequired => self.painted("login_required", Colour::Red),
            ItemState::Removed => self.word("removed"),
        }
        self.pair("item_id", item.item_id);
        self.pair_of("webhook", item.webhook.as_deref());
    }
}

/// A webhook's URL without what may be secret: its scheme, host, port and path.
fn shown_url(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => without_secrets(url),
        Err(_) => "[redacted]".to_owned(),
    }
}

/// Has the URLs among the fields of a request be shown as [`shown_url`] shows them.
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
    // These fail only where there is no host, and so no credentials either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    fn at() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_789_078_513_382)
    }

    fn request() -> LoggedRequest {
        LoggedRequest {
            at: at(),
            method: "POST".into(),
            path: "/item/get".into(),
            fields: None,
            item_id: Some("item-1".into()),
            status: Some(200),
            error_code: None,
            request_id: Some("abc".into()),
            fault: None,
            not_emulated: false,
        }
    }

    fn delivery<'a>(outcome: &'a Outcome, url: &str) -> Delivery<'a> {
        let at = || "2026-09-10T22:15:13.382Z".to_owned();
        Delivery {
            id: 1,
            fired_at: at(),
            url: shown_url(url),
            item_id: "item-1",
            webhook_type: "ITEM",
            webhook_code: "ERROR",
            attempts: vec![Tried { at: at(), outcome }],
            next_attempt_at: None,
        }
    }

    fn check(line: &Line, style: Style, expected: &str) {
        assert_eq!(line.write(style), format!("{expected}\n"));
    }

    #[test]
    fn a_request_is_its_words_and_then_its_pairs() {
        check(
            &Line::Request(request()),
            Style::Plain,
            "2026-09-10T22:15:13.382Z POST /item/get 200 item_id=item-1 request_id=abc",
        );
        check(
            &Line::Request(LoggedRequest {
                status: Some(400),
                error_code: Some("ITEM_LOGIN_REQUIRED"),
                item_id: None,
                ..request()
            }),
            Style::Plain,
            "2026-09-10T22:15:13.382Z POST /item/get 400 error_code=ITEM_LOGIN_REQUIRED \
             request_id=abc",
        );
        check(
            &Line::Request(LoggedRequest {
                status: None,
                request_id: None,
                fault: Some("reset"),
                ..request()
            }),
            Style::Plain,
            "2026-09-10T22:15:13.382Z POST /item/get fault=reset item_id=item-1",
        );
    }

    #[test]
    fn a_status_is_coloured_by_what_it_means() {
        let line = Line::Request(request()).write(Style::Colours);
        assert!(
            line.contains(" \u{1b}[32m200\u{1b}[0m item_id="),
            "{line:?}"
        );
        let line = Line::Request(LoggedRequest {
            status: Some(500),
            ..request()
        });
        let line = line.write(Style::Colours);
        assert!(
            line.contains(" \u{1b}[31m500\u{1b}[0m item_id="),
            "{line:?}"
        );
    }

    #[test]
    fn a_value_that_is_no_plain_word_is_quoted_on_its_one_line() {
        let outcome = Outcome::Failed {
            reason: "\"no\" answer:\n\u{1b}[2Jgone".into(),
        };
        check(
            &Line::Delivery(delivery(&outcome, "http://127.0.0.1:1/a b")),
            Style::Plain,
            "2026-09-10T22:15:13.382Z webhook ITEM ERROR failed \
             reason=\"\\\"no\\\" answer:\\n\\u{1b}[2Jgone\" item_id=item-1 \
             url=http://127.0.0.1:1/a%20b attempt=1",
        );
    }

    #[test]
    fn a_webhooks_url_is_shown_without_what_may_be_secret() {
        for (url, shown) in [
            ("http://127.0.0.1:80/a", "http://127.0.0.1/a"),
            ("https://me:pw@host:8443/a?key=k#f", "https://host:8443/a"),
            ("https://me@host", "https://host/"),
            ("nothing of the kind", "[redacted]"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn urls_among_the_fields_of_a_request_are_shown_without_what_may_be_secret() {
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
    fn an_item_is_shown_without_whose_it_is() {
        let event = Event::Item(ItemSummary {
            item_id: "item-1".into(),
            institution_id: "ins_109508",
            products: vec!["auth"],
            webhook: Some("http://127.0.0.1:1/?key=k".into()),
            user_id: Some("a user's token".into()),
            state: ItemState::LoginRequired,
        });
        let line = Line::of(&event, at).unwrap();
        check(
            &line,
            Style::Plain,
            "2026-09-10T22:15:13.382Z item login_required item_id=item-1 \
             webhook=http://127.0.0.1:1/",
        );
        check(
            &line,
            Style::Json,
            r#"{"kind":"item","at":"2026-09-10T22:15:13.382Z","item_id":"item-1","institution_id":"ins_109508","products":["auth"],"webhook":"http://127.0.0.1:1/","state":"login_required"}"#,
        );
    }

    #[test]
    fn every_line_of_json_is_one_line() {
        let outcome = Outcome::Refused { status: 500 };
        for line in [
            Line::Started {
                url: "http://127.0.0.1:1",
                client_id: "id",
                secret: "secret",
            },
            Line::Opened {
                url: "http://localhost:1",
                gateway_url: "http://127.0.0.1:1",
                sandbox_url: "http://127.0.0.1:2",
            },
            Line::Request(request()),
            Line::Delivery(delivery(&outcome, "http://127.0.0.1:1/a")),
            Line::Missed { events: 3 },
            Line::Stopped,
        ] {
            let json = line.write(Style::Json);
            assert_eq!(json.find('\n'), Some(json.len() - 1));
            assert!(json.starts_with(r#"{"kind":""#), "{json}");
        }
    }
}
