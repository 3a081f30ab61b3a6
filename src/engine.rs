//! The engine of one loaded copy of the JavaScript: its port to the I/O thread.

use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Result};
use napi_derive::napi;

use crate::port::Port;

/// An engine. Engines of the same JavaScript thread share one I/O thread, which stops when nothing
/// refers to them any more.
#[napi]
pub struct Engine {
    port: Arc<Port>,
}

#[napi]
impl Engine {
    /// Opens a port. `settle` gets completions as lines: an id, then its text, then the next id. For
    /// an id of 0 and above, the text is that of a plain success; for a negative one, it
    /// is the JSON of the completion of `~id`. `settle` returns whether nothing is in flight any
    /// more. `resource` is the async resource that open-handle detectors look at.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, settle: Function<String, bool>, resource: Object) -> Result<Self> {
        let port = Port::open(&env, &settle, &resource)?;
        // Hooks run in reverse order: this one before Node ends the thread-safe function.
        env.add_env_cleanup_hook(Arc::downgrade(&port), close)?;
        Ok(Self { port })
    }

    /// Drops the call's future, which closes its connection. Its completion still comes.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: u32) {
        self.port.cancel(id);
    }

    /// Stops keeping the process alive: JavaScript has settled the last id by itself.
    #[napi(catch_unwind)]
    pub fn release_loop(&self, env: Env) {
        self.port.release_loop(&env);
    }

    pub(crate) fn port(&self) -> Arc<Port> {
        self.port.clone()
    }
}

fn close(port: Weak<Port>) {
    if let Some(port) = port.upgrade() {
        port.close();
    }
}
