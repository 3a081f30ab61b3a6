//! What the test user has at an institution: rules and fixed data, without an Item's state.

pub(crate) mod day;

pub(crate) mod feed;
pub(crate) mod grid;

pub(crate) mod liabilities;
pub(crate) mod owners;

pub(crate) mod investments;
pub(crate) mod transactions;

pub(crate) mod streams;

pub(crate) mod transaction;

pub(crate) mod own_transactions;

pub(crate) mod test_user;

pub(crate) mod ledger;
