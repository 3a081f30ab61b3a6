//! The client at its boundary: real sockets on loopback, port 0, and nothing outside this machine.
//!
//! `server` answers for a whole test, over HTTP/1.1 or HTTP/2; `raw` writes any bytes and ends
//! connections; `frames` writes any HTTP/2; `peer` is one connection at a time, held by the test
//! itself; `relay` forwards to a server and can go silent; `silent` is an address that never
//! accepts; `calls` has the client and the values that the tests send, and `tally` counts how calls
//! ended.

mod calls;
mod frames;
mod peer;
mod raw;
mod relay;
mod server;
mod silent;
mod tally;

mod attempts;
mod broken;
mod config;
mod connections;
mod crowds;
mod cuts;
mod deadlines;
mod dialling;
mod gateway;
mod hostile;
mod http2;
mod malformed;
mod proxies;
mod replies;
mod retries;
mod sandbox;
mod secrecy;
mod trust;
mod waits;
