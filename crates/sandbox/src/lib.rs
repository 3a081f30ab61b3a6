//! A local Plaid Sandbox for tests of a backend: a server on a loopback port that answers
//! Plaid's Sandbox routes with Plaid's bytes, keeps Items and their tokens, breaks an Item's
//! login on `/sandbox/item/reset_login`, sends the signed `ITEM` / `ERROR` webhook that follows,
//! and has the login repaired by Link's update mode. [`Sandbox::start`] is the way in.
//!
//! # Reading order
//!
//! - `sandbox`: the handle a test holds; `controls`, `update_link`: what it does with it.
//! - `server`: connections in, replies out, until shut down.
//! - `call`: from a request to its reply: Plaid's order of checks.
//! - `routes`: the table of routes, and in `routes/` what each one does.
//! - `doors`: the Sandbox's own addresses: hosted pages (`hosted_page`) and controls
//!   (`control_routes`, `options`, `event_stream`); `answer`: what they give back.
//! - `state`: what the Sandbox remembers; `item`, `catalog`, `link`, `token` are what it remembers
//!   about; `clock` says when it is.
//! - `notice`, `mailbox`, `delivery`, `receiver`, `signing`, `webhook`: a webhook from being fired
//!   to being handed out.
//! - `faults`: what is made to go wrong; `journal`, `event`: what is told of it all.
//! - `plaid_error`, `error_table`, `json`, `time`, `random`, `secrets`: the vocabulary the others
//!   are written in.
//! - `error`: what can go wrong for the holder of the handle.
//!
//! # Where the answers come from
//!
//! Comments name the source of a fact about Plaid: *documented* (Plaid's API reference and
//! OpenAPI file), *observed* (a recorded reply) or *inferred* (nobody has published it; this
//! crate chose).
//!
//! # What it does not know or do
//!
//! It knows no client of Plaid, shares no type with one, and knows nothing of Node. Options of
//! Plaid's that change nothing here are accepted. It has no rate limits of its own, and serves
//! every institution the same accounts.
#![forbid(unsafe_code)]

mod controls;
mod sandbox;
mod update_link;

mod server;

mod call;
mod routes;

mod answer;
mod control_routes;
mod doors;
mod event_stream;
mod hosted_page;
mod options;

mod catalog;
mod clock;
mod item;
mod link;
mod state;
mod token;

mod delivery;
mod mailbox;
mod notice;
mod receiver;
mod signing;
mod webhook;

mod event;
mod faults;
mod journal;

mod error_table;
mod json;
mod plaid_error;
mod random;
mod secrets;
mod time;

mod error;

pub use controls::{Controls, CreatedItem, NewItem};
pub use error::SandboxError;
pub use event::{Event, ItemState, ItemSummary};
pub use faults::{Effect, Fault};
pub use journal::LoggedRequest;
pub use sandbox::{Config, Sandbox};
pub use update_link::UpdateLink;
pub use webhook::{Attempt, Outcome, Webhook, WebhookFilter};
