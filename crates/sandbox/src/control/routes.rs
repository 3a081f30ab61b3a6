//! The controls as JSON: for the routes under `/_sandbox/`, and for JavaScript, which calls the same
//! routes without a socket.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    control::{
        controls::{Controls, NewItem},
        error::SandboxError,
        options::Options,
        tls::TlsEndpoint,
    },
    model::{
        faults::{Effect, Fault},
        stubs::Stub,
        webhook::WebhookFilter,
    },
    plaid::time::{self, LAST_INSTANT},
};

/// How long `webhooks/next` waits by default, in milliseconds.
const DEFAULT_WAIT_MS: f64 = 5_000.0;

/// The longest wait, and the longest step of the clock, in milliseconds: 100 years.
const MAX_MS: f64 = 100.0 * 366.0 * 24.0 * 60.0 * 60.0 * 1_000.0;

const KNOWN: &str = "there are GET health, items, webhooks, keys/{kid}, requests, clock, faults, stubs, tls, \
                     link/events and events, \
                     POST items, items/{item_id}/break, items/{item_id}/repair, items/{item_id}/update, webhooks, webhooks/next, \
                     webhooks/sign, webhooks/{id}/redeliver, keys/rotate, clock/advance, faults, stubs, \
                     link/complete, link/exit, inbox and reset, and DELETE faults and stubs";

impl Controls {
    /// Answers a request to a control route, for instance `POST` `items` with the options of
    /// [`Controls::create_item`]. `options` is an object, or null for none.
    ///
    /// # Errors
    ///
    /// The errors of the method for this route; [`SandboxError::UnknownOption`] and
    /// [`SandboxError::Option`] about the options; [`SandboxError::NoSuchRoute`].
    pub async fn answer(
        self,
        method: &str,
        path: &str,
        options: Value,
    ) -> Result<Value, SandboxError> {
        let mut options = Options::new(options)?;
        let parts: Vec<&str> = path.split('/').collect();
        match (method, &parts[..]) {
            ("GET", ["health"]) => {
                options.end()?;
                let dropped = self.shared.state().dropped();
                Ok(json!({ "dropped": dropped, "status": "ok", "url": self.url() }))
            }
            ("GET", ["items"]) => {
                options.end()?;
                Ok(json!({ "items": self.items() }))
            }
            ("POST", ["items"]) => self.create(options),
            ("POST", ["items", item_id, "break"]) => {
                options.end()?;
                self.break_item(item_id)?;
                Ok(json!({}))
            }
            ("POST", ["items", item_id, "repair"]) => {
                options.end()?;
                self.repair_item(item_id)?;
                Ok(json!({}))
            }
            ("POST", ["items", item_id, "update"]) => {
                options.end()?;
                let link = self.create_update_link(item_id)?;
                Ok(json!({
                    "expiration": time::seconds(link.expiration),
                    "hosted_link_url": link.hosted_link_url,
                    "link_token": link.link_token.expose_secret(),
                }))
            }
            ("GET", ["webhooks"]) => {
                options.end()?;
                Ok(json!({ "webhooks": self.webhooks() }))
            }
            ("POST", ["webhooks"]) => self.fire(options),
            ("POST", ["webhooks", "next"]) => self.next(options).await,
            ("POST", ["webhooks", "sign"]) => {
                let body = options.text("body")?;
                let iat = options.whole("iat", 0, LAST_INSTANT.as_secs())?;
                options.end()?;
                let body = body.ok_or_else(|| SandboxError::option("body", "is missing"))?;
                Ok(json!({ "verification": self.sign_webhook(&body, iat) }))
            }
            ("POST", ["webhooks", id, "redeliver"]) => {
                options.end()?;
                let id = id
                    .parse()
                    .map_err(|_| SandboxError::option("id", "must be the number of a webhook"))?;
                to_json(&self.redeliver(id).await?)
            }
            ("POST", ["keys", "rotate"]) => {
                options.end()?;
                Ok(json!({ "kid": self.rotate_key() }))
            }
            ("GET", ["keys", kid]) => {
                options.end()?;
                let key = self.webhook_key(kid);
                key.ok_or_else(|| SandboxError::option("kid", "must be the id of a webhook key"))
            }
            ("GET", ["tls"]) => {
                options.end()?;
                let TlsEndpoint { url, port, ca } = self.tls().await?;
                Ok(json!({ "ca": ca, "port": port, "url": url }))
            }
            ("GET", ["requests"]) => {
                options.end()?;
                Ok(json!({ "requests": self.requests() }))
            }
            ("GET", ["clock"]) => {
                options.end()?;
                Ok(json!({ "now": time::milliseconds(self.now()) }))
            }
            ("POST", ["clock", "advance"]) => {
                let ms = options.number("ms", 0.0, MAX_MS)?;
                options.end()?;
                let ms = ms.ok_or_else(|| SandboxError::option("ms", "is missing"))?;
                let now = self.advance_clock(Duration::from_secs_f64(ms / 1_000.0));
                Ok(json!({ "now": time::milliseconds(now.await?) }))
            }
            ("GET", ["faults"]) => {
                options.end()?;
                Ok(json!({ "faults": self.faults() }))
            }
            ("POST", ["faults"]) => {
                self.inject(fault(options)?)?;
                Ok(json!({}))
            }
            ("DELETE", ["faults"]) => {
                options.end()?;
                self.clear_faults();
                Ok(json!({}))
            }
            ("GET", ["stubs"]) => {
                options.end()?;
                let stubs: Vec<Value> = self.stubs().into_iter().map(shown_stub).collect();
                Ok(json!({ "stubs": stubs }))
            }
            ("POST", ["stubs"]) => {
                self.stub(stub(options)?)?;
                Ok(json!({}))
            }
            ("DELETE", ["stubs"]) => {
                options.end()?;
                self.clear_stubs();
                Ok(json!({}))
            }
            ("GET", ["link", "events"]) => {
                options.end()?;
                let state = self.shared.state();
                Ok(json!({ "events": Vec::from_iter(state.link_log()) }))
            }
            ("POST", ["link", "complete"]) => {
                let token = link_token(options)?;
                let link = self.complete_link(&token)?;
                let public_token = link.public_token.as_ref();
                let shown = public_token.map(ExposeSecret::expose_secret);
                Ok(
                    json!({ "events": link.events, "metadata": link.metadata, "public_token": shown }),
                )
            }
            ("POST", ["link", "exit"]) => {
                self.exit_link(&link_token(options)?)?;
                Ok(json!({}))
            }
            ("POST", ["reset"]) => {
                options.end()?;
                self.reset().await;
                Ok(json!({}))
            }
            _ => Err(SandboxError::NoSuchRoute {
                known: KNOWN.to_owned(),
            }),
        }
    }

    fn create(&self, mut options: Options) -> Result<Value, SandboxError> {
        let item = NewItem {
            webhook: options.text("webhook")?,
            products: options.texts("products")?,
            institution_id: options.text("institution_id")?,
            user_id: options.text("user_id")?,
        };
        options.end()?;
        let created = self.create_item(item)?;
        Ok(json!({
            "access_token": created.access_token.expose_secret(),
            "item_id": created.item_id,
        }))
    }

    fn fire(&self, mut options: Options) -> Result<Value, SandboxError> {
        let item_id = options.text("item_id")?;
        let webhook_type = options.text("webhook_type")?;
        let webhook_code = options.text("webhook_code")?;
        options.end()?;
        let item_id = item_id.ok_or_else(|| SandboxError::option("item_id", "is missing"))?;
        let webhook_code =
            webhook_code.ok_or_else(|| SandboxError::option("webhook_code", "is missing"))?;
        self.fire_webhook(&item_id, webhook_type.as_deref(), &webhook_code)?;
        Ok(json!({}))
    }

    async fn next(&self, mut options: Options) -> Result<Value, SandboxError> {
        let filter = WebhookFilter {
            item_id: options.text("item_id")?,
            webhook_code: options.text("webhook_code")?,
        };
        let timeout_ms = options.number("timeoutMs", 0.0, MAX_MS)?;
        options.end()?;
        let timeout = Duration::from_secs_f64(timeout_ms.unwrap_or(DEFAULT_WAIT_MS) / 1_000.0);
        to_json(&self.next_webhook(filter, timeout).await?)
    }
}

fn fault(mut options: Options) -> Result<Fault, SandboxError> {
    let path = options.text("path")?;
    let times = options.whole("times", 1, u64::MAX)?;
    let probability = options.number("probability", 0.0, 1.0)?;
    let kind = options.text("kind")?;
    let effect = match kind.as_deref().unwrap_or("error") {
        "delay" => Effect::Delay {
            ms: options
                .whole("ms", 0, u64::MAX)?
                .ok_or_else(|| SandboxError::option("ms", "is missing"))?,
        },
        "error" => Effect::Error {
            status: status(&mut options)?,
            error_code: options.text("error_code")?,
            retry_after: options.whole("retryAfter", 0, 86_400)?,
        },
        "html" => Effect::Html {
            status: status(&mut options)?,
        },
        "reset" => Effect::Reset,
        "cut_short" => Effect::CutShort,
        "hang" => Effect::Hang,
        _ => {
            let problem = "must be one of: delay, error, html, reset, cut_short, hang";
            return Err(SandboxError::option("kind", problem));
        }
    };
    options.end()?;
    Ok(Fault {
        path,
        times,
        probability,
        effect,
    })
}

/// One `body`, or several `bodies`.
fn stub(mut options: Options) -> Result<Stub, SandboxError> {
    let path = options.text("path")?;
    let body = options.object("body")?;
    let bodies = options.objects("bodies")?;
    let status = options.whole("status", 200, 599)?;
    options.end()?;
    Ok(Stub {
        path: path.ok_or_else(|| SandboxError::option("path", "is missing"))?,
        bodies: match (body, bodies) {
            (Some(_), Some(_)) => {
                let problem = "must not be given together with body";
                return Err(SandboxError::option("bodies", problem));
            }
            (Some(body), None) => vec![body],
            (None, bodies) => bodies.unwrap_or_default(),
        },
        status: status.and_then(|status| u16::try_from(status).ok()),
    })
}

fn shown_stub(stub: Stub) -> Value {
    json!({ "bodies": stub.bodies, "path": stub.path, "status": stub.status })
}

fn status(options: &mut Options) -> Result<Option<u16>, SandboxError> {
    let status = options.whole("status", 400, 599)?;
    Ok(status.and_then(|status| u16::try_from(status).ok()))
}

fn link_token(mut options: Options) -> Result<String, SandboxError> {
    let token = options.text("link_token")?;
    options.end()?;
    token.ok_or_else(|| SandboxError::option("link_token", "is missing"))
}

fn to_json(value: &impl Serialize) -> Result<Value, SandboxError> {
    Ok(serde_json::to_value(value).expect("webhooks hold strings and numbers"))
}
