//! What the Sandbox's server sends for a request to one of Plaid's routes.

/// A reply, or how a fault breaks it.
pub(crate) enum HttpReply {
    Json {
        /// The HTTP status.
        status: u16,
        body: String,
        /// The `Retry-After` header, in seconds.
        retry_after: Option<u64>,
        /// Whether the connection ends in the middle of the body.
        is_cut_short: bool,
    },
    /// The HTML page of a proxy, with this status.
    Html(u16),
    /// A connection reset.
    Reset,
    /// No reply.
    Hang,
}

impl HttpReply {
    /// This reply, with a connection that ends in the middle of its body.
    pub(super) fn cut_short(mut self) -> Self {
        if let HttpReply::Json { is_cut_short, .. } = &mut self {
            *is_cut_short = true;
        }
        self
    }
}
