//! The connection between one loaded copy of the JavaScript and the I/O thread: work goes in under an
//! id, and exactly one completion comes back for that id.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Error, Result};
use serde::Serialize;
use tokio::task::AbortHandle;

use crate::io_thread::IoThread;
use crate::tsfn::Waker;

/// How a piece of work ended.
pub(crate) enum Completion {
    /// The usual success: the `request_id` of Plaid's reply to a first attempt, or nothing for a
    /// verified webhook.
    Plain(String),
    /// Anything else, as JSON with a `kind`.
    Json(String),
}

impl Completion {
    /// `record` as JSON; it must have a `kind`.
    pub(crate) fn json(record: &impl Serialize) -> Self {
        Completion::Json(
            serde_json::to_string(record).expect("records hold strings, numbers and maps"),
        )
    }

    /// The completion for a value, or for an error's code, field and message.
    pub(crate) fn of<T: Serialize>(
        result: std::result::Result<T, (&'static str, Option<String>, String)>,
    ) -> Self {
        Completion::json(&match result {
            Ok(value) => Response::Value { value },
            Err((code, field, message)) => Response::Error {
                code,
                field,
                message,
            },
        })
    }
}

/// The response of a server on the I/O thread.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Response<T> {
    Value {
        value: T,
    },
    Error {
        code: &'static str,
        /// The option to change.
        field: Option<String>,
        message: String,
    },
}

/// One port of the I/O thread.
pub(crate) struct Port {
    io: Arc<IoThread>,
    is_open: AtomicBool,
    /// Set once, by [`Self::open`].
    waker: OnceLock<Waker>,
    outbox: Mutex<Outbox>,
    /// By id: JavaScript reuses ids, so its length is the most calls ever in flight.
    tasks: Mutex<Vec<Option<AbortHandle>>>,
}

/// Completions that JavaScript has not taken.
#[derive(Default)]
struct Outbox {
    /// What `settle` gets, one part for each wake-up. See [`crate::engine::Engine::new`].
    parts: VecDeque<String>,
    /// JavaScript was woken and has not come yet: one wake-up is enough.
    is_woken: bool,
}

/// A part of this length, about thirty completions, goes to JavaScript while there is more to do.
const FULL_BYTES: usize = 600;
/// Keeps the string of a part far below the length that V8 allows, and JavaScript responsive.
const LONGEST_PART_BYTES: usize = 1024 * 1024;
/// A longer completion would fill the heap of a small process when it is parsed.
const LONGEST_COMPLETION_BYTES: usize = 32 * 1024 * 1024;

thread_local! {
    /// On an I/O thread: the ports with completions since it was last at rest.
    static TO_WAKE: RefCell<Vec<Arc<Port>>> = const { RefCell::new(Vec::new()) };
}

impl Port {
    /// Opens a port. `settle` and `resource` are those of [`crate::engine::Engine::new`].
    pub(crate) fn open(
        env: &Env,
        settle: &Function<String, bool>,
        resource: &Object,
    ) -> Result<Arc<Self>> {
        let port = Arc::new(Self {
            io: IoThread::join(wake_all)?,
            is_open: AtomicBool::new(true),
            waker: OnceLock::new(),
            outbox: Mutex::default(),
            tasks: Mutex::default(),
        });
        let owner = Arc::downgrade(&port);
        let take = Box::new(move || owner.upgrade()?.take());
        let waker = Waker::new(env, settle, resource, take)?;
        let _ = port.waker.set(waker);
        Ok(port)
    }

    /// Starts `work` on the I/O thread. Its completion comes back under `id`.
    ///
    /// # Errors
    ///
    /// The I/O thread has stopped: nothing comes back.
    pub(crate) fn run<F>(
        self: &Arc<Self>,
        env: &Env,
        id: u32,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<()>
    where
        F: Future<Output = Completion> + Send + 'static,
    {
        self.start(env, move |port| port.spawn(id, work))
    }

    /// Calls `start` on the I/O thread, which may [`spawn`](Self::spawn) any number of calls.
    pub(crate) fn start(
        self: &Arc<Self>,
        env: &Env,
        start: impl FnOnce(&Arc<Self>) + Send + 'static,
    ) -> Result<()> {
        let port = self.clone();
        if !self.io.run(move || start(&port)) {
            return Err(Error::from_reason("the I/O thread has stopped"));
        }
        if let Some(waker) = self.waker.get() {
            waker.hold_loop(env);
        }
        Ok(())
    }

    /// Starts `work`, on the I/O thread.
    pub(crate) fn spawn<F>(self: &Arc<Self>, id: u32, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = Completion> + Send + 'static,
    {
        let pending = Pending {
            id,
            port: self.clone(),
            is_settled: false,
        };
        let task: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(async move { pending.settle(work().await) });
        let task = tokio::spawn(task).abort_handle();
        let mut tasks = lock(&self.tasks);
        let index = id as usize;
        if tasks.len() <= index {
            tasks.resize_with(index + 1, || None);
        }
        tasks[index] = Some(task);
    }

    /// Drops the future of `id`. Its completion still comes.
    pub(crate) fn cancel(self: &Arc<Self>, id: u32) {
        let port = self.clone();
        // After the job that starts it. It fails only when the environment ends.
        self.io.run(move || {
            if let Some(Some(task)) = lock(&port.tasks).get(id as usize) {
                task.abort();
            }
        });
    }

    /// Lets Node's event loop end although work is in flight.
    pub(crate) fn release_loop(&self, env: &Env) {
        if let Some(waker) = self.waker.get() {
            waker.release_loop(env);
        }
    }

    /// Stops all work and never wakes JavaScript again, since its environment ends. Waits for the
    /// I/O thread if this was its last port.
    pub(crate) fn close(&self) {
        for task in lock(&self.tasks).drain(..).flatten() {
            task.abort();
        }
        if let Some(stopping) = self.leave() {
            let _ = stopping.join();
        }
    }

    fn leave(&self) -> Option<JoinHandle<()>> {
        match self.is_open.swap(false, Ordering::AcqRel) {
            true => self.io.leave(),
            false => None,
        }
    }

    /// Adds a completion. Runs on the I/O thread.
    fn push(self: &Arc<Self>, id: u32, completion: Completion) {
        let (number, text) = match completion {
            Completion::Plain(request_id) => (id as i32, request_id),
            Completion::Json(json) if json.len() > LONGEST_COMPLETION_BYTES => {
                (!(id as i32), r#"{"kind":"too_long"}"#.to_owned())
            }
            Completion::Json(json) => (!(id as i32), json),
        };
        let mut outbox = lock(&self.outbox);
        let was_empty = outbox.parts.is_empty();
        let has_room = |part: &String| part.len() + text.len() <= LONGEST_PART_BYTES;
        if !outbox.parts.back().is_some_and(has_room) {
            outbox
                .parts
                .push_back(String::with_capacity(2 * FULL_BYTES));
        }
        let part = outbox.parts.back_mut().expect("there is one");
        let before = part.len();
        write!(part, "{number}\n{text}\n").expect("a string takes any text");
        let is_full = before < FULL_BYTES && part.len() >= FULL_BYTES;
        drop(outbox);
        if was_empty {
            TO_WAKE.with_borrow_mut(|ports| ports.push(self.clone()));
        }
        if is_full {
            self.wake();
        }
    }

    /// Wakes JavaScript if there are completions.
    fn wake(&self) {
        let mut outbox = lock(&self.outbox);
        if outbox.parts.is_empty() || std::mem::replace(&mut outbox.is_woken, true) {
            return;
        }
        drop(outbox);
        self.wake_now();
    }

    fn wake_now(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    /// The next part. Runs on the JavaScript thread.
    fn take(&self) -> Option<String> {
        let mut outbox = lock(&self.outbox);
        let part = outbox.parts.pop_front();
        outbox.is_woken = !outbox.parts.is_empty();
        let is_more = outbox.is_woken;
        drop(outbox);
        if is_more {
            self.wake_now();
        }
        part
    }
}

impl Drop for Port {
    /// Nothing refers to the port: the I/O thread stops by itself if this was the last one.
    fn drop(&mut self) {
        self.leave();
    }
}

/// Wakes JavaScript for all that has ended since the last time.
fn wake_all() {
    TO_WAKE.with_borrow_mut(|ports| ports.drain(..).for_each(|port| port.wake()));
}

/// Completes its id exactly once: also when the task is cancelled, panics, or never runs.
struct Pending {
    id: u32,
    port: Arc<Port>,
    is_settled: bool,
}

impl Pending {
    fn settle(mut self, completion: Completion) {
        self.is_settled = true;
        self.port.push(self.id, completion);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let json = match std::thread::panicking() {
            true => r#"{"kind":"panicked"}"#,
            false => r#"{"kind":"cancelled"}"#,
        };
        self.port.push(self.id, Completion::Json(json.into()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
