//! The server: connections, request bodies, Plaid's routes, and the Sandbox's own routes.

mod body;

pub(crate) mod access;

mod event_stream;
mod hosted_page;
mod response;

mod controls;
mod hosted;
mod link;
mod reply;

mod connection;

pub(crate) mod server;
