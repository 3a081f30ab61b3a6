//! A local Plaid Sandbox for tests of a backend: a server on a loopback port that answers
//! Plaid's Sandbox routes with Plaid's bytes, keeps Items and their tokens, breaks an Item's
//! login on `/sandbox/item/reset_login`, and sends the signed `ITEM` / `ERROR` webhook that
//! follows. [`Sandbox::start`] is the way in.
//!
//! # Reading order
//!
//! - `sandbox`: the handle a test holds.
//! - `server`: connections in, replies out, until shut down.
//! - `call`: from a request to its reply: Plaid's order of checks.
//! - `routes`: the table of routes and what each one does.
//! - `state`: what the Sandbox remembers; `item` and `catalog` are what it remembers about.
//! - `mailbox`, `delivery`, `signing`, `webhook`: a webhook from being fired to being handed out.
//! - `plaid_error`, `json`, `time`, `random`: the vocabulary the others are written in.
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
//! It knows no client of Plaid, shares no type with one, and knows nothing of Node. Of
//! `/sandbox/public_token/create` it reads the institution, the products, `options.webhook` and
//! `user_id`; the other documented options are accepted and change nothing. It has no rate
//! limits, serves every institution the same accounts, never breaks an Item by itself, delivers
//! a webhook once, without retries, and only to plain-http receivers on loopback.
#![forbid(unsafe_code)]

mod sandbox;

mod server;

mod call;
mod routes;

mod catalog;
mod item;
mod state;

mod delivery;
mod mailbox;
mod signing;
mod webhook;

mod json;
mod plaid_error;
mod random;
mod time;

mod error;

pub use error::SandboxError;
pub use sandbox::{Config, CreatedItem, NewItem, Sandbox};
pub use webhook::{Outcome, Webhook, WebhookFilter};
