//! How many requests of a client are in flight at once.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The first limit. Over HTTP/1.1 each request in flight has a connection, and past some sixty
/// connections a fast server answers no faster, only at more cost per request.
const FIRST_LIMIT: usize = 64;

/// How long a request waits for another to end before the limit grows: the server is slow then, and
/// its slowness must not hold up calls.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// The limit that a client's requests share. It grows by one, permanently, when a request waited
/// for too long; over HTTP/1.1 up to a ceiling.
pub(crate) struct Concurrency {
    permits: Semaphore,
    limit: AtomicUsize,
    ceiling: usize,
}

/// The permit of one request; dropping it passes it on.
pub(crate) struct Permit<'a>(&'a Concurrency);

impl Concurrency {
    /// `ceiling` is the highest limit over HTTP/1.1; at least 1.
    pub(crate) fn new(ceiling: usize) -> Self {
        let ceiling = ceiling.max(1);
        let limit = ceiling.min(FIRST_LIMIT);
        Self {
            permits: Semaphore::new(limit),
            limit: AtomicUsize::new(limit),
            ceiling,
        }
    }

    /// Waits for a permit. `is_http2` says that requests share a connection, so that the ceiling
    /// does not apply.
    pub(crate) async fn enter(&self, is_http2: impl Fn() -> bool) -> Permit<'_> {
        if let Ok(permit) = self.permits.try_acquire() {
            permit.forget();
            return Permit(self);
        }
        // Kept while the limit is tried, or the request would lose its place in the queue.
        let mut acquiring = pin!(self.permits.acquire());
        let acquired = match timeout(LONGEST_WAIT, acquiring.as_mut()).await {
            Ok(acquired) => acquired,
            Err(_) if self.grow(is_http2()) => return Permit(self),
            Err(_) => acquiring.await,
        };
        if let Ok(permit) = acquired {
            permit.forget();
        }
        Permit(self)
    }

    /// The limit now, if no permit is left.
    pub(crate) fn limit_if_full(&self) -> Option<usize> {
        (self.permits.available_permits() == 0).then(|| self.limit.load(Ordering::Relaxed))
    }

    fn grow(&self, is_http2: bool) -> bool {
        let ceiling = if is_http2 { usize::MAX } else { self.ceiling };
        let grow = |limit: usize| (limit < ceiling).then_some(limit + 1);
        let grown = self
            .limit
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow);
        grown.is_ok()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}
