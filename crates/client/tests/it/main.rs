//! The client at its boundary: real sockets on loopback, port 0, and nothing outside this machine.
//!
//! `server` answers for a whole test, over HTTP/1.1 or HTTP/2; `raw` writes any bytes and ends
//! connections; `peer` is one connection at a time, held by the test itself; `calls` has the client
//! and the values that the tests send.

mod calls;
mod peer;
mod raw;
mod server;

mod broken;
mod config;
mod connections;
mod crowds;
mod gateway;
mod hostile;
mod probe;
mod replies;
mod retries;
mod sandbox;
mod secrecy;
mod trust;
mod waits;
