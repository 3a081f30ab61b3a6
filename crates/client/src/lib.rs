//! One call of the Plaid API, `POST /sandbox/item/reset_login`: it forces a Sandbox Item into
//! `ITEM_LOGIN_REQUIRED`.
//!
//! Reading order: `config` is what a caller may set and what is refused; `call` is the call itself,
//! with its deadline and its retries; `wire` writes the request and reads the reply; `pool` keeps
//! the connections; `connect` opens them, with `trust` deciding which certificates are believed;
//! `error` is everything that can go wrong.
//!
//! This crate does not know Node, nor any server: it is used by the Node addon and by the command
//! line alike, and it never reads the environment.
//!
//! The HTTP stack is hyper over hyper-rustls, not reqwest: a general client looks its host up,
//! parses the URL and rebuilds the headers for each call, where here all of it is known beforehand.

#![forbid(unsafe_code)]

pub mod call;
pub mod config;
mod connect;
pub mod error;
mod pool;
mod trust;
mod wire;

pub use call::{Client, Outcome, ResetLogin};
pub use config::{Config, Gateway};
pub use error::{ApiError, ConnectionError, Error, UsageError};
pub use wire::Reply;
