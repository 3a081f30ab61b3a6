//! The Node surface of `@utdk/plaid`: values in, promises out, no decisions.
//!
//! Reading order: [`engine`] is the I/O thread and how its results reach JavaScript; [`client`],
//! [`sandbox`], [`gateway`] and [`cli`] submit work to it.
//!
//! The exports are private to the package: `index.js` and its subpaths are the public surface, and
//! they create every `Error`.

// Only the expansion of `#[napi]` has `unsafe` code.
#![deny(unsafe_code)]

use napi_derive::napi;

pub mod cli;
pub mod client;
pub mod engine;
pub mod gateway;
pub mod sandbox;

/// The version of this binary: the JavaScript that loads it must have the same.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
