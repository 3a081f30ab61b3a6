//! One call of the Plaid API, `POST /sandbox/item/reset_login`: it forces a Sandbox Item into
//! `ITEM_LOGIN_REQUIRED`. The same connections fetch the keys that sign webhooks.
//!
//! Reading order: `config` and `request` are what a caller sets, `error` is what can go wrong.
//! `target`, `wire`, `headers`, `scrub` and `credentials` make the request; `error_reply` reads a
//! reply that is an error. `retry` and `concurrency` decide when an attempt starts. `certificate`,
//! `trust`, `proxy`, `resolve`, `dial` and `transport` are the connections, over reqwest;
//! `diagnosis` names their failures. `attempts` sends a request until an `answer` comes, `call` and
//! `webhook_key` say which request, and `client` is the public surface.
//!
//! This crate knows no server and no Node, and it never reads the environment.

#![forbid(unsafe_code)]

pub mod config;
pub mod error;
pub mod log;
mod request;

mod credentials;
mod error_reply;
mod headers;
mod scrub;
mod target;
mod wire;

mod concurrency;
mod retry;

mod certificate;
mod dial;
mod proxy;
mod resolve;
mod transport;
mod trust;

mod diagnosis;

mod answer;
mod attempts;
mod call;
mod client;
mod webhook_key;

pub use call::Outcome;
pub use client::Client;
pub use config::{Config, Gateway};
pub use error::{ApiError, ConnectionError, Error, UsageError};
pub use request::ResetLogin;
pub use target::DEFAULT_BASE_URL;
pub use trust::{Roots, roots};
pub use webhook_key::{WebhookKey, WebhookKeys};
pub use wire::Reply;
