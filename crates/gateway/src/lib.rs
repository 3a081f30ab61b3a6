//! A gateway to one operation of Plaid, `POST /sandbox/item/reset_login`. Requests arrive without
//! Plaid's credentials and leave with them, so a browser, a colleague or a service can make the
//! call without holding the secret. Start with [`Gateway::start`].
//!
//! The gateway rewrites requests instead of forwarding them. It parses the body as the input of the
//! operation, lets `utdk-plaid-client` make a new request, and returns only what the operation
//! documents. A call needs no state of the gateway, so any number of gateways can run behind a load
//! balancer.
//!
//! # Reading order
//!
//! Each module imports only modules above it, except that `lib.rs` lists them from the outside in.
//!
//! - `error`: why a gateway did not start. `config`: its settings and their limits.
//! - `refusal`: why a request is rejected. `access`: who may call.
//! - `secret_file`, `env_file` and `credentials`: Plaid's credentials, from a file, from the start, or
//!   set at run time.
//! - `json` and `input`: the operation's input, parsed from the body and the headers.
//! - `upstream`: how many calls run at once. `reply`: the JSON that goes back.
//! - `catalogue`, `metrics`, `page`: the description of the operation, the counters, the console.
//! - `connections`: the limits on connections. `body`: the limits on bodies.
//! - `routes`: which path does what. `response`: how each reply is written. `server`: accepts
//!   connections and stops.
//! - `gateway`: the handle that starts and stops it.
//!
//! # What it does not know
//!
//! It does not know Node, and it never reads the environment: its caller does. TLS is the job of the
//! load balancer in front of it.
#![forbid(unsafe_code)]

mod gateway;

mod server;

mod response;
mod routes;

mod body;
mod connections;

mod catalogue;
mod metrics;

mod reply;
mod upstream;

mod input;
mod json;

mod credentials;
mod env_file;
mod secret_file;

mod access;
mod refusal;

mod config;
mod error;

pub use config::{Config, RateLimit};
pub use credentials::{Pair, token_from_file};
pub use error::GatewayError;
pub use gateway::Gateway;
