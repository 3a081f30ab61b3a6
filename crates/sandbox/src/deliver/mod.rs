//! Attempts to deliver webhooks: sign, connect, post, read the status.

mod receiver;

pub(crate) mod delivery;
