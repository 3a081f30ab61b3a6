//! Plaid's routes: the order of checks, and one file for each family of routes.

pub(crate) mod reply;

pub(crate) mod origin;

mod fields;

mod call;

mod accounts;
mod categories;
mod items;
mod link;
mod sandbox;
mod webhooks;

mod investments;
mod liabilities;
mod transactions;

mod routes;

pub(crate) mod dispatch;
