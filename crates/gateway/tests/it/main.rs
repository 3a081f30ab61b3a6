//! The gateway at its boundary: real sockets on loopback, port 0, and nothing outside this machine.
//!
//! `upstream` is a Plaid that a test plays itself; `gate` is a gateway before one; `caller` writes
//! requests byte for byte; `log` is what is logged
//! meanwhile; `values` is what the tests send.

mod caller;
mod gate;
mod log;
mod upstream;
mod values;

mod bodies;
mod broken;
mod client;
mod credentials;
mod doors;
mod files;
mod framing;
mod fresh;
mod fuzz;
mod hosts;
mod input;
mod logs;
mod often;
mod origins;
mod page;
mod paths;
mod queue;
mod slow;
mod stopping;
mod telling;
mod tokens;
