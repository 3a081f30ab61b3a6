//! The Sandbox at its boundary: real sockets, port 0, and nothing outside this machine.

mod bodies;
mod deliveries;
mod errors;
mod fields;
mod handle;
mod items;
mod jwt;
mod plaid;
mod receiver;
mod recordings;
mod webhooks;
mod hosts;
mod keys;
mod redeliveries;
mod retries;
mod accounts;
mod clock;
mod expiry;
mod removal;
mod tokens;
