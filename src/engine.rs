//! One OS thread per JavaScript environment does all I/O, and gives results back in batches.
//!
//! JavaScript hands a call over with an id of its choosing and gets exactly one completion for
//! that id, whatever happens: also when the call is cancelled, panics, or the engine stops.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use napi::bindgen_prelude::{Either, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// The I/O thread of one JavaScript environment (the main thread or a Worker).
#[napi]
pub struct Engine {
    jobs: UnboundedSender<Job>,
}

#[napi]
impl Engine {
    /// Starts the thread. `settle` is called with `[id, text, id, text, …]`: for a non-negative
    /// id, `text` is the `request_id` of a plain success; for a negative one, it is the JSON of
    /// the completion of `~id`.
    #[napi(constructor)]
    pub fn new(env: Env, settle: Function<Batch, ()>) -> Result<Self> {
        let completions = Completions::new(settle)?;
        let (jobs, queue) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("plaid-io".into())
            .spawn(move || serve(queue, completions))?;
        // Registered after the thread-safe function, so it runs before that one is torn down.
        env.add_env_cleanup_hook((jobs.clone(), thread), stop)?;
        Ok(Self { jobs })
    }

    /// Drops the call's future, which closes its connection. Its completion still comes.
    #[napi]
    pub fn cancel(&self, id: u32) {
        // It fails only while the environment is being torn down, when nobody awaits an answer.
        let _ = self.jobs.send(Job::Cancel(id));
    }

    /// A handle for whoever submits work to this engine.
    pub(crate) fn jobs(&self) -> Jobs {
        Jobs(self.jobs.clone())
    }
}

/// What crosses to JavaScript in one wake-up.
pub(crate) type Batch = Vec<Either<i32, String>>;

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

/// Where work is handed over to the engine.
pub(crate) struct Jobs(UnboundedSender<Job>);

impl Jobs {
    /// Begins `work` on the I/O thread; its completion comes back under `id`. What crosses is the
    /// closure, not the much larger future that it makes.
    pub(crate) fn run<F>(&self, id: u32, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = Completion> + Send + 'static,
    {
        let begin = |ticket: Ticket| {
            tokio::spawn(async move { ticket.settle(work().await) }).abort_handle()
        };
        let _ = self.0.send(Job::Run(id, Box::new(begin)));
    }
}

enum Job {
    Run(u32, Box<dyn FnOnce(Ticket) -> AbortHandle + Send>),
    Cancel(u32),
    Stop,
}

fn stop((jobs, thread): (UnboundedSender<Job>, JoinHandle<()>)) {
    let _ = jobs.send(Job::Stop);
    let _ = thread.join();
}

/// The I/O thread.
fn serve(queue: UnboundedReceiver<Job>, completions: Arc<Completions>) {
    let at_rest = completions.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Out of work for the moment: whatever has ended goes over in one wake-up.
        .on_thread_park(move || at_rest.wake())
        .build();
    let Ok(runtime) = runtime else {
        return completions.refuse_all(queue);
    };
    runtime.block_on(take_jobs(queue, completions.clone()));
    // Not waiting for a host name that is still being resolved.
    runtime.shutdown_background();
    completions.wake();
}

async fn take_jobs(mut queue: UnboundedReceiver<Job>, completions: Arc<Completions>) {
    // By id: JavaScript reuses ids, so this stays as long as the most calls ever in flight.
    let mut running: Vec<Option<AbortHandle>> = Vec::new();
    while let Some(job) = queue.recv().await {
        match job {
            Job::Run(id, begin) => {
                let index = id as usize;
                if running.len() <= index {
                    running.resize_with(index + 1, || None);
                }
                running[index] = Some(begin(Ticket::new(id, completions.clone())));
            }
            Job::Cancel(id) => {
                if let Some(Some(task)) = running.get(id as usize) {
                    task.abort();
                }
            }
            Job::Stop => return,
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

/// A batch this long is handed over even while there is more to do: 32 completions.
const FULL: usize = 64;

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
        let (id, text) = match completion {
            Completion::Plain(request_id) => (id, request_id),
            Completion::Json(json) => (!id, json),
        };
        let mut batch = self.lock();
        batch.extend([Either::A(id), Either::B(text)]);
        let full = batch.len() == FULL;
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

    /// Without a runtime nothing can be done, but every call must still get its answer.
    fn refuse_all(self: &Arc<Self>, mut queue: UnboundedReceiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            match job {
                Job::Run(id, _) => {
                    self.push(id, Completion::Json(r#"{"kind":"no_runtime"}"#.into()));
                    self.wake();
                }
                Job::Cancel(_) => {}
                Job::Stop => return,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
