//! The verifier at its boundary: the Sandbox signs and serves the keys, over real sockets on loopback.
//!
//! `plaid` has the Sandbox, the verifier, and a key service that the test controls; `forge` makes
//! JWTs that no Plaid signed.

mod forge;
mod plaid;

mod bodies;
mod keys;
mod malformed;
mod service;
mod times;
mod unknown_keys;
