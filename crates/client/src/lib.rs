//! One call of the Plaid API, `POST /sandbox/item/reset_login`: it forces a Sandbox Item into
//! `ITEM_LOGIN_REQUIRED`.
//!
//! Reading order: `config` is what a caller may set and what is refused; `call` is the call itself,
//! with its deadline; `credentials`, `room` and `retry` decide what goes with it, when it may go and
//! whether it goes again; `wire` writes the request and reads the reply; `pool` keeps the
//! connections, `connect` opens them, with `trust` deciding which certificates are believed;
//! `reach` walks the same way for whoever asks where it ends; `diagnosis` names what went wrong
//! there, and `error` is everything that can go wrong.
//!
//! This crate does not know Node, nor any server: it is used by the Node addon and by the command
//! line alike, and it never reads the environment.
//!
//! The HTTP stack is hyper over hyper-rustls, not reqwest: a general client looks its host up,
//! parses the URL and rebuilds the headers for each call, where here all of it is known beforehand.

#![forbid(unsafe_code)]

pub mod config;

pub mod call;
mod credentials;
mod retry;
mod room;

mod wire;

mod connect;
mod pool;
mod reach;
mod trust;

mod diagnosis;
pub mod error;

pub use call::{Client, Outcome, ResetLogin};
pub use config::{Config, Gateway};
pub use error::{ApiError, ConnectionError, Error, UsageError};
pub use reach::{Reach, Step, reach};
pub use trust::{Roots, roots};
pub use wire::Reply;
