//! The gateway at its boundary: real sockets on loopback, port 0, no outside network.
//!
//! `upstream` plays Plaid; `test_gateway` is a gateway in front of it; `caller` writes requests byte
//! for byte; `captured_log` collects log events; `values` are the values that the tests send.

mod caller;
mod captured_log;
mod test_gateway;
mod upstream;
mod values;

mod bodies;
mod call_routes;
mod catalogue_and_metrics;
mod connection_limit;
mod credentials;
mod framing;
mod fuzz;
mod hosts;
mod input;
mod logs;
mod origins;
mod page;
mod paths;
mod queue;
mod rate_limit;
mod secret_files;
mod stopping;
mod through_the_client;
mod time_limits;
mod tokens;
mod unread_bodies;
mod upstream_errors;
mod upstream_request;
