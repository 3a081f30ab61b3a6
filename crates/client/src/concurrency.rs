//! How many requests of a client are in flight at once.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The first limit. Over HTTP/1.1 each request in flight has a connection, and past some sixty
/// connections a fast server answers no faster, only at more cost per request.
const FIRST_LIMIT: usize = 64;

/// How long a request waits for another to end. The server is slow then, and its slowness must not
/// hold up calls: the limit grows by one, permanently.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// The limit that a client's requests share.
pub(crate) struct Concurrency(Semaphore);

/// The permit of one request; dropping it passes it on.
pub(crate) struct Permit<'a>(&'a Concurrency);

impl Concurrency {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(FIRST_LIMIT))
    }

    /// Waits for a permit, at most [`LONGEST_WAIT`].
    pub(crate) async fn enter(&self) -> Permit<'_> {
        if let Ok(permit) = self.0.try_acquire() {
            permit.forget();
        } else if let Ok(Ok(permit)) = timeout(LONGEST_WAIT, self.0.acquire()).await {
            permit.forget();
        }
        Permit(self)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.0.add_permits(1);
    }
}
