//! The Node surface of `@utdk/plaid`: values in, promises out, no decisions.
//!
//! Reading order: [`engine`] is the I/O thread and the way results come back to JavaScript;
//! [`client`], [`sandbox`] and [`gateway`] hand work over to it.
//!
//! What is exported here is private to the package: `index.js` and its subpaths are the public
//! surface, and they make every `Error`.

// `unsafe` appears only where `#[napi]` expands to it.
#![deny(unsafe_code)]

use napi_derive::napi;

pub mod cli;
pub mod client;
pub mod engine;
pub mod gateway;

pub mod sandbox;

/// The release that this binary is of: the JavaScript that loads it is of the same.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
