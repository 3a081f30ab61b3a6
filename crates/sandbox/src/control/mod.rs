//! What a test can do with a Sandbox beyond Plaid's routes, as Rust methods and as JSON.

pub(crate) mod error;

pub(crate) mod authority;
pub(crate) mod tls;

pub(crate) mod controls;

pub(crate) mod links;

mod clock;
mod stubs;
mod webhooks;

pub(crate) mod options;

mod routes;
