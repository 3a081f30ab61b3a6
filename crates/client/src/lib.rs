//! One call of the Plaid API, `POST /sandbox/item/reset_login`: it forces a Sandbox Item into
//! `ITEM_LOGIN_REQUIRED`.
//!
//! Reading order: `config` and `request` are what a caller sets, `error` is what can go wrong.
//! `target`, `wire`, `headers`, `scrub` and `credentials` make the request; `wire` and `error_reply`
//! read the reply. `trust`, `connect` and `pool` are the connections, `diagnosis` names their
//! failures. `concurrency` and `retry` decide when an attempt starts, `call` makes the attempts, and
//! `client` is the public surface.
//!
//! This crate knows no server and no Node, and it never reads the environment.

#![forbid(unsafe_code)]

pub mod config;
pub mod error;
mod request;

mod target;

mod wire;

mod headers;

mod scrub;

mod credentials;

mod error_reply;

mod trust;

mod connect;
mod pool;

mod diagnosis;

mod concurrency;
mod retry;

mod call;
mod client;

pub use call::Outcome;
pub use client::{Client, ProbeReply};
pub use config::{Config, Gateway};
pub use error::{ApiError, ConnectionError, Error, UsageError};
pub use request::ResetLogin;
pub use target::DEFAULT_BASE_URL;
pub use trust::{Roots, roots};
pub use wire::Reply;
