//! Plaid's vocabulary: errors, tokens, ids, JSON, dates, institutions and route specs. No state.

pub(crate) mod hosts;
pub(crate) mod json;
pub(crate) mod time;

pub(crate) mod error_table;

pub(crate) mod error;
pub(crate) mod ids;
pub(crate) mod secrets;
pub(crate) mod token;

pub(crate) mod catalog;
pub(crate) mod institutions;
pub(crate) mod routes;
