//! A user in Link: one open frame of the drop-in.

use crate::model::link_flow::Flow;

/// A visit that has not ended.
pub(crate) struct Visit {
    pub(super) token: String,
    pub(super) session_id: String,
    pub(super) flow: Flow,
}

/// All visits together may have this many bytes; the oldest end first.
pub(super) const LIMIT: usize = 16 << 20;

/// The bytes of a visit: the configuration of a custom user is by far the longest it keeps.
pub(super) const SIZE: usize = 64 << 10;
