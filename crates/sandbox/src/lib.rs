//! A local Plaid Sandbox for tests of a backend: a server on a loopback port that answers Plaid's
//! Sandbox routes with Plaid's bytes. It keeps Items and their tokens, breaks an Item's login on
//! `/sandbox/item/reset_login`, sends the signed `ITEM` / `ERROR` webhook that follows, and lets
//! Link's update mode repair the login. Start with [`Sandbox::start`].
//!
//! # Reading order
//!
//! The folders are layers: each imports only those before it.
//!
//! - `plaid/`: Plaid's vocabulary, without state: errors, tokens, ids, route specs.
//! - `model/`: the state and every change to it, without sockets and HTTP. `state` has what changes,
//!   `shared` has the lock around it.
//! - `api/`: Plaid's routes. `dispatch` has the order of checks, `routes` the table.
//! - `control/`: what tests can do beyond Plaid's routes. `routes` offers the same as JSON; `error`
//!   has the errors of the controls and the handle; `tls` opens the TLS listener, under the
//!   certificate of `authority`.
//! - `deliver/`: one attempt to deliver a webhook.
//! - `http/`: the server, hosted Link pages, the drop-in for Link, the controls over HTTP, the event
//!   stream.
//! - `config`, `sandbox`: the handle that a test holds.
//!
//! # Sources
//!
//! Comments name the source of a fact about Plaid: *documented* (Plaid's API reference and OpenAPI
//! file), *observed* (a recorded reply) or *inferred* (not published; chosen by this crate).
//!
//! # Limits
//!
//! This crate knows no Plaid client and no Node, and shares no type with either. It accepts Plaid's
//! options that change nothing here. It has no rate limits of its own, and every institution has the
//! same accounts.
#![forbid(unsafe_code)]

mod plaid;

mod model;

mod api;
mod control;
mod deliver;

mod http;

mod config;
mod sandbox;

pub use config::Config;
pub use control::{
    authority::with_system_roots,
    controls::{Controls, CreatedItem, NewItem},
    error::SandboxError,
    links::{CompletedLink, UpdateLink},
    tls::TlsEndpoint,
};
pub use model::{
    event::Event,
    faults::{Effect, Fault},
    item::{ItemState, ItemSummary},
    journal::LoggedRequest,
    link_log::LinkActivity,
    products::ledger::Arrival,
    stubs::Stub,
    webhook::{Attempt, Outcome, Webhook, WebhookFilter},
};
pub use sandbox::Sandbox;
