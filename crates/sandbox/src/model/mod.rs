//! The state of a Sandbox and every change to it. No socket and no HTTP: time is the Sandbox's own
//! clock, and webhooks leave as commands on a channel.

pub(crate) mod bounded;
pub(crate) mod random;

pub(crate) mod products;

pub(crate) mod item;

pub(crate) mod clock;
pub(crate) mod webhook_body;

pub(crate) mod link_event;
pub(crate) mod link_session;
pub(crate) mod test_login;

pub(crate) mod link;

pub(crate) mod link_pane;
pub(crate) mod link_setup;

pub(crate) mod link_flow;
pub(crate) mod link_log;
pub(crate) mod report;
pub(crate) mod visit;

pub(crate) mod schedule;
pub(crate) mod webhook;

pub(crate) mod delivery;
pub(crate) mod mailbox;
pub(crate) mod signing;

pub(crate) mod faults;
pub(crate) mod journal;
pub(crate) mod stubs;

pub(crate) mod event;

pub(crate) mod state;

pub(crate) mod shared;
