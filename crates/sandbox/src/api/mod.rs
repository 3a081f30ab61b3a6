//! Plaid's routes: the order of checks, and one file for each family of routes.

pub(crate) mod reply;

pub(crate) mod origin;

mod fields;

mod call;

mod accounts;
mod categories;
mod institutions;
mod items;
mod link;
mod webhooks;

mod asset_reports;
mod investments;
mod liabilities;
mod processors;
mod signal;
mod statements;
mod transactions;
mod users;

mod sandbox;

mod routes;

pub(crate) mod dispatch;
