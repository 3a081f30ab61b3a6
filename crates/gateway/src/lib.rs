//! A gateway to one operation of Plaid's, `POST /sandbox/item/reset_login`: calls arrive without
//! Plaid's credentials and leave with them, so that a browser, a colleague or a service can make
//! them without ever holding the secret. [`Gateway::start`] is the way in.
//!
//! It rewrites rather than forwards: a caller's body is read as the operation's own input, a fresh
//! request is made by `utdk-plaid-client`, and of the reply only what the operation answers comes
//! back. It keeps no state that a call needs, so any number of gateways can stand behind a load
//! balancer.
//!
//! # Reading order
//!
//! - `gateway`: its settings, and the handle that starts and stops it.
//! - `server`: connections in, replies out, until shut down.
//! - `routes`: which path leads where, and what is refused on the way.
//! - `access`: who may call.
//! - `input`: the operation's input, out of the body and headers of either door; `json`: how the
//!   body is read.
//! - `upstream`: how many calls go to Plaid at once; `credentials`: with what.
//! - `reply`: what comes back, for either door.
//! - `catalogue`, `metrics`: what the gateway says of the operation and of itself; `page`: the
//!   console, in which a person makes the call.
//! - `error`: what can go wrong for whoever starts it.
//!
//! # What it does not know
//!
//! It knows nothing of Node, and never reads the environment: whoever starts it does. TLS is the
//! work of the load balancer in front of it.
#![forbid(unsafe_code)]

mod gateway;

mod server;

mod routes;

mod access;
mod input;
mod json;

mod credentials;
mod upstream;

mod reply;

mod catalogue;
mod metrics;
mod page;

mod error;

pub use credentials::{Pair, token_from_file};
pub use error::GatewayError;
pub use gateway::{Config, Gateway, RateLimit};
