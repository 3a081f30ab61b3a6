//! The Sandbox at its boundary: real sockets, port 0, and nothing outside this machine.

mod accounts;
mod bodies;
mod clock;
mod deliveries;
mod errors;
mod expiry;
mod fields;
mod fired;
mod handle;
mod hosts;
mod items;
mod jwt;
mod keys;
mod plaid;
mod receiver;
mod recordings;
mod redeliveries;
mod refusals;
mod removal;
mod retries;
mod seeds;
mod tokens;
mod unfired;
mod users;
mod webhook_url;
mod webhooks;
