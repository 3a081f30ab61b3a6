//! One OS thread per JavaScript environment does all I/O, and gives results back in batches.
//!
//! JavaScript hands a call over with an id of its choosing and gets exactly one completion for
//! that id, whatever happens: also when the call is cancelled, panics, or the engine stops.

use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// The I/O thread of one JavaScript environment (the main thread or a Worker).
#[napi]
pub struct Engine {
    jobs: UnboundedSender<Job>,
}

#[napi]
impl Engine {
    /// Starts the thread. `settle` is called with lines: an id, then its text, then the next id. For
    /// a non-negative id, the text is the `request_id` of a plain success; for a negative one, it is
    /// the JSON of the completion of `~id`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, settle: Function<Batch, ()>) -> Result<Self> {
        let completions = Completions::new(settle)?;
        let at_rest = completions.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Out of work for the moment: whatever has ended goes over in one wake-up.
            .on_thread_park(move || at_rest.wake())
            .build()?;
        let (jobs, queue) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("plaid-io".into())
            .spawn(move || serve(runtime, queue, completions))?;
        // Registered after the thread-safe function, so it runs before that one is torn down.
        env.add_env_cleanup_hook((jobs.clone(), thread), stop)?;
        Ok(Self { jobs })
    }

    /// Drops the call's future, which closes its connection. Its completion still comes.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: u32) {
        // It fails only while the environment is being torn down, when nobody awaits an answer.
        let _ = self.jobs.send(Job::Cancel(id));
    }

    /// A handle for whoever submits work to this engine.
    pub(crate) fn jobs(&self) -> Jobs {
        Jobs(self.jobs.clone())
    }
}

/// What crosses to JavaScript in one wake-up. One string, because each value that crosses on its own
/// costs more than taking it out of a string does.
pub(crate) type Batch = String;

/// How a submitted piece of work ended.
pub(crate) enum Completion {
    /// The call succeeded at the first attempt with Plaid's usual reply: its `request_id`.
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
}

/// What a question to something that runs on this thread is answered with.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Answer<T> {
    Value {
        value: T,
    },
    Error {
        code: &'static str,
        /// The option that the error is about.
        field: Option<String>,
        message: String,
    },
}

impl<T: Serialize> Answer<T> {
    /// The completion for a value, or for an error's code, field and message.
    pub(crate) fn of(
        answer: std::result::Result<T, (&'static str, Option<String>, String)>,
    ) -> Completion {
        Completion::json(&match answer {
            Ok(value) => Answer::Value { value },
            Err((code, field, message)) => Answer::Error {
                code,
                field,
                message,
            },
        })
    }
}

/// Where work is handed over to the engine.
pub(crate) struct Jobs(UnboundedSender<Job>);

impl Jobs {
    /// Begins `work` on the I/O thread; its completion comes back under `id`. What crosses is the
    /// closure, not the much larger future that it makes.
    pub(crate) fn run<F>(&self, id: u32, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = Completion> + Send + 'static,
    {
        self.begin(move |running| running.begin(id, work()));
    }

    /// Has the I/O thread begin whatever `start` begins there.
    pub(crate) fn begin(&self, start: impl FnOnce(&mut Running) + Send + 'static) {
        let _ = self.0.send(Job::Begin(Box::new(start)));
    }
}

enum Job {
    Begin(Box<dyn FnOnce(&mut Running) + Send>),
    Cancel(u32),
    Stop,
}

fn stop((jobs, thread): (UnboundedSender<Job>, JoinHandle<()>)) {
    let _ = jobs.send(Job::Stop);
    let _ = thread.join();
}

/// The I/O thread.
fn serve(runtime: Runtime, queue: UnboundedReceiver<Job>, completions: Arc<Completions>) {
    runtime.block_on(take_jobs(queue, completions.clone()));
    // Not waiting for a host name that is still being resolved.
    runtime.shutdown_background();
    completions.wake();
}

async fn take_jobs(mut queue: UnboundedReceiver<Job>, completions: Arc<Completions>) {
    let mut running = Running {
        tasks: Vec::new(),
        completions,
    };
    while let Some(job) = queue.recv().await {
        match job {
            Job::Begin(start) => start(&mut running),
            Job::Cancel(id) => running.cancel(id),
            Job::Stop => return,
        }
    }
}

/// What the I/O thread has begun.
pub(crate) struct Running {
    /// By id: JavaScript reuses ids, so this stays as long as the most calls ever in flight.
    tasks: Vec<Option<AbortHandle>>,
    completions: Arc<Completions>,
}

impl Running {
    /// Begins `work`; its completion comes back under `id`.
    pub(crate) fn begin(
        &mut self,
        id: u32,
        work: impl Future<Output = Completion> + Send + 'static,
    ) {
        let index = id as usize;
        if self.tasks.len() <= index {
            self.tasks.resize_with(index + 1, || None);
        }
        let ticket = Ticket::new(id, self.completions.clone());
        let task: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(async move { ticket.settle(work.await) });
        let task = tokio::spawn(task);
        self.tasks[index] = Some(task.abort_handle());
    }

    fn cancel(&self, id: u32) {
        if let Some(Some(task)) = self.tasks.get(id as usize) {
            task.abort();
        }
    }
}

/// Sees to it that an id is completed once, come what may.
struct Ticket {
    id: u32,
    completions: Arc<Completions>,
    settled: bool,
}

impl Ticket {
    fn new(id: u32, completions: Arc<Completions>) -> Self {
        Self {
            id,
            completions,
            settled: false,
        }
    }

    fn settle(mut self, completion: Completion) {
        self.settled = true;
        self.completions.push(self.id, completion);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let json = match std::thread::panicking() {
            true => r#"{"kind":"panicked"}"#,
            false => r#"{"kind":"cancelled"}"#,
        };
        self.completions
            .push(self.id, Completion::Json(json.into()));
    }
}

type Wake = ThreadsafeFunction<(), (), Batch, Status, false, true>;

/// What has ended and was not yet carried to JavaScript.
struct Completions {
    batch: Mutex<Batch>,
    wake: OnceLock<Wake>,
    /// JavaScript was woken and has not come yet: once is enough.
    woken: AtomicBool,
}

/// A batch of so many bytes, about thirty completions, is handed over even while there is more to do.
const FULL: usize = 600;

impl Completions {
    fn new(settle: Function<Batch, ()>) -> Result<Arc<Self>> {
        let completions = Arc::new(Self {
            batch: Mutex::default(),
            woken: AtomicBool::new(false),
            wake: OnceLock::new(),
        });
        // Weak both ways: this function must not keep Node's loop alive, nor its own owner.
        let owner = Arc::downgrade(&completions);
        let wake = settle
            .build_threadsafe_function::<()>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(move |_| {
                Ok(owner.upgrade().map(|own| own.take()).unwrap_or_default())
            })?;
        let _ = completions.wake.set(wake);
        Ok(completions)
    }

    fn push(&self, id: u32, completion: Completion) {
        let id = id as i32;
        let mut batch = self.lock();
        let before = batch.len();
        let written = match completion {
            Completion::Plain(request_id) => write!(batch, "{id}\n{request_id}\n"),
            Completion::Json(json) => write!(batch, "{}\n{json}\n", !id),
        };
        written.expect("a string takes whatever is written");
        let full = before < FULL && batch.len() >= FULL;
        drop(batch);
        if full {
            self.wake();
        }
    }

    /// Has JavaScript take the batch, if there is one.
    fn wake(&self) {
        if self.lock().is_empty() || self.woken.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(wake) = self.wake.get() {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Runs on the JavaScript thread.
    fn take(&self) -> Batch {
        // Before the batch is taken: what is added after that needs a wake-up of its own.
        self.woken.store(false, Ordering::Release);
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
