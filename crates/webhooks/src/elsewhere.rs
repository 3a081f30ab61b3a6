//! Work on another thread, while this one goes on with other calls.

use tokio::task::spawn_blocking;

/// Resolves with what `work` returns. It is never cancelled, and a panic is passed on.
pub(crate) async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
