//! How many requests are under way at once.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// To begin with. Over HTTP/1.1 each request under way has a connection, and past some sixty
/// connections a fast server is served no faster, only at more cost per request.
const AT_ONCE: usize = 64;

/// How long a request waits for another to end before there is room for one more, for good: the
/// server is slow then, and its slowness must not hold up calls.
const PATIENCE: Duration = Duration::from_millis(200);

/// The room that a client's requests share.
pub(crate) struct Room(Semaphore);

/// A request's place in the room; dropping it passes the place on.
pub(crate) struct Place<'a>(&'a Room);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }

    /// Waits for a place, or makes one.
    pub(crate) async fn enter(&self) -> Place<'_> {
        if let Ok(permit) = self.0.try_acquire() {
            permit.forget();
        } else if let Ok(Ok(permit)) = timeout(PATIENCE, self.0.acquire()).await {
            permit.forget();
        }
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.add_permits(1);
    }
}
