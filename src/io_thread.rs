//! The OS thread that does all I/O for one JavaScript thread. Every loaded copy of this package's
//! JavaScript in that thread shares it.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The I/O thread. It runs until its last user has left.
pub(crate) struct IoThread {
    jobs: UnboundedSender<Job>,
    state: Mutex<State>,
}

struct State {
    /// At 0 the thread is stopping, and takes no new user.
    users: usize,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Run(Box<dyn FnOnce() + Send>),
    Stop,
}

thread_local! {
    /// The I/O thread of this JavaScript thread.
    static CURRENT: RefCell<Weak<IoThread>> = const { RefCell::new(Weak::new()) };
}

impl IoThread {
    /// Adds a user to the I/O thread of this JavaScript thread, and starts the thread if there is
    /// none. The thread calls `at_rest` whenever it has nothing to do.
    pub(crate) fn join(at_rest: fn()) -> io::Result<Arc<Self>> {
        CURRENT.with_borrow_mut(|current| {
            if let Some(running) = current.upgrade()
                && running.add_user()
            {
                return Ok(running);
            }
            let started = Arc::new(Self::start(at_rest)?);
            *current = Arc::downgrade(&started);
            Ok(started)
        })
    }

    fn start(at_rest: fn()) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_park(at_rest)
            .build()?;
        let (jobs, queue) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("plaid-io".into())
            .spawn(move || serve(runtime, queue, at_rest))?;
        Ok(Self {
            jobs,
            state: Mutex::new(State {
                users: 1,
                thread: Some(thread),
            }),
        })
    }

    fn add_user(&self) -> bool {
        let mut state = self.state();
        let is_running = state.users > 0;
        state.users += usize::from(is_running);
        is_running
    }

    /// Runs `job` on the thread. `false` if the thread has stopped.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) -> bool {
        self.jobs.send(Job::Run(Box::new(job))).is_ok()
    }

    /// Removes a user. The last one gets the stopping thread, to wait for its end if need be.
    pub(crate) fn leave(&self) -> Option<JoinHandle<()>> {
        let mut state = self.state();
        state.users -= 1;
        if state.users > 0 {
            return None;
        }
        let _ = self.jobs.send(Job::Stop);
        state.thread.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(runtime: Runtime, mut queue: UnboundedReceiver<Job>, at_rest: fn()) {
    runtime.block_on(async {
        while let Some(Job::Run(job)) = queue.recv().await {
            // A panic must not end the thread: other calls are in flight.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    });
    // A host name may still be resolving: do not wait for it.
    runtime.shutdown_background();
    at_rest();
}
