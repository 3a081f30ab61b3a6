//! Verifies a webhook's `Plaid-Verification` header: a JWT over the hash of the body, signed with
//! ES256 (<https://plaid.com/docs/api/webhooks/webhook-verification/>).
//!
//! Reading order: `error` is why a webhook is refused. `token` reads the JWT and checks its signature,
//! `body` compares the body with the hash in it, `keys` fetches the keys and keeps them. `verifier` is
//! the public surface.
//!
//! This crate knows the client only for the request of a key. It knows no server and no Node, and it
//! never reads the environment.

#![forbid(unsafe_code)]

mod error;

mod elsewhere;

mod body;
mod token;

mod keys;

mod verifier;

pub use error::VerifyError;
pub use verifier::{Config, Verifier};
