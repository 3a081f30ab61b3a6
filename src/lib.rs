//! The Node surface of `@utdk/plaid`: values in, promises out, no decisions.
//!
//! Reading order: `io_thread` does all I/O; `port` submits work to it and brings completions back, by
//! the thread-safe function of `tsfn`; [`engine`] is that port as a JavaScript object; [`client`],
//! [`sandbox`], [`gateway`], [`webhooks`] and [`cli`] submit work to it.
//!
//! The exports are private to the package: `index.js` and its subpaths are the public surface, and
//! they create every `Error`.

// Only `tsfn` and the expansion of `#[napi]` have `unsafe` code.
#![deny(unsafe_code)]

use napi_derive::napi;

mod io_thread;
mod port;
mod tsfn;

pub mod engine;

pub mod cli;
pub mod client;
pub mod gateway;
pub mod sandbox;
pub mod webhooks;

/// The version of this binary: the JavaScript that loads it must have the same.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
