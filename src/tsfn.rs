//! The thread-safe function by which the I/O thread wakes JavaScript: the only `unsafe` code here.
//!
//! napi's `ThreadsafeFunction` takes no async resource. Tools that look for open handles, such as
//! `jest --detectOpenHandles`, ask that resource's `hasRef` whether it keeps the process alive.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Function, JsValue, Object};
use napi::threadsafe_function::ThreadsafeFunctionHandle;
use napi::{Env, Result, check_status, sys};

/// Wakes JavaScript. Dropping it releases the function.
pub(crate) struct Waker {
    handle: Arc<ThreadsafeFunctionHandle>,
    /// Whether the function keeps Node's event loop alive. Used on the JavaScript thread only.
    holds_loop: Arc<AtomicBool>,
}

/// Returns the next text for JavaScript. Called on the JavaScript thread, once for each wake-up.
pub(crate) type Take = Box<dyn Fn() -> Option<String>>;

/// What the callbacks need. Node frees it by [`finalize`].
struct Context {
    take: Take,
    /// Weak: the handle's drop releases the function, and only then does Node finalize it.
    handle: Weak<ThreadsafeFunctionHandle>,
    holds_loop: Arc<AtomicBool>,
}

impl Waker {
    /// `settle` is called with each text, and returns whether nothing is in flight any more.
    /// `resource` is the function's async resource.
    pub(crate) fn new(
        env: &Env,
        settle: &Function<String, bool>,
        resource: &Object,
        take: Take,
    ) -> Result<Self> {
        let handle = ThreadsafeFunctionHandle::null();
        let holds_loop = Arc::new(AtomicBool::new(false));
        let name = env.create_string("utdk.plaid")?;
        let context = Box::into_raw(Box::new(Context {
            take,
            handle: Arc::downgrade(&handle),
            holds_loop: holds_loop.clone(),
        }));
        let mut raw = null_mut();
        // SAFETY: the values belong to `env`, whose thread this is. `context` stays valid until
        // `finalize`, the last callback.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                settle.raw(),
                resource.raw(),
                name.raw(),
                0,
                1,
                context.cast(),
                Some(finalize),
                context.cast(),
                Some(call_settle),
                &mut raw,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: Node has not taken it.
            drop(unsafe { Box::from_raw(context) });
        }
        check_status!(status)?;
        handle.set_raw(raw);
        // SAFETY: `raw` is valid, and this is the thread of `env`.
        check_status!(unsafe { sys::napi_unref_threadsafe_function(env.raw(), raw) })?;
        Ok(Self { handle, holds_loop })
    }

    /// Makes JavaScript call `take` once more. For any thread.
    pub(crate) fn wake(&self) {
        self.handle.with_read_aborted(|aborted| {
            if aborted {
                return;
            }
            // SAFETY: Node has not finalized the function, and cannot while the lock is held. An
            // error means that the environment is closing.
            let _ = unsafe {
                sys::napi_call_threadsafe_function(
                    self.handle.get_raw(),
                    null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        });
    }

    /// Keeps Node's event loop alive until `settle` returns true. For the thread of `env`.
    pub(crate) fn hold_loop(&self, env: &Env) {
        if self.holds_loop.swap(true, Ordering::Relaxed) {
            return;
        }
        // SAFETY: as in `new`.
        let _ = unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.handle.get_raw()) };
    }

    /// Lets Node's event loop end. For the thread of `env`.
    pub(crate) fn release_loop(&self, env: &Env) {
        release_loop(env.raw(), &self.handle, &self.holds_loop);
    }
}

fn release_loop(env: sys::napi_env, handle: &ThreadsafeFunctionHandle, holds_loop: &AtomicBool) {
    if holds_loop.swap(false, Ordering::Relaxed) {
        // SAFETY: the callers are on the thread of `env`, and hold the function's handle.
        let _ = unsafe { sys::napi_unref_threadsafe_function(env, handle.get_raw()) };
    }
}

/// Runs on the JavaScript thread for each wake-up.
unsafe extern "C" fn call_settle(
    env: sys::napi_env,
    settle: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Null while the environment closes.
    if env.is_null() || settle.is_null() {
        return;
    }
    // SAFETY: `context` is the one of `new`, and this runs before `finalize`.
    let context = unsafe { &*context.cast::<Context>() };
    let Some(text) = (context.take)() else {
        return;
    };
    // SAFETY: the pointers are valid, and this is the thread of `env`. Node has opened a handle
    // scope.
    unsafe {
        let (start, length) = (text.as_ptr().cast(), text.len() as isize);
        let (mut argument, mut this, mut result) = (null_mut(), null_mut(), null_mut());
        let mut status = match text.is_ascii() {
            true => sys::napi_create_string_latin1(env, start, length, &mut argument),
            false => sys::napi_create_string_utf8(env, start, length, &mut argument),
        };
        if status == sys::Status::napi_ok {
            sys::napi_get_undefined(env, &mut this);
            status = sys::napi_call_function(env, this, settle, 1, &argument, &mut result);
        }
        if status == sys::Status::napi_pending_exception {
            let mut exception = null_mut();
            sys::napi_get_and_clear_last_exception(env, &mut exception);
            sys::napi_fatal_exception(env, exception);
            return;
        }
        let mut is_idle = false;
        sys::napi_get_value_bool(env, result, &mut is_idle);
        if let (true, Some(handle)) = (is_idle, context.handle.upgrade()) {
            release_loop(env, &handle, &context.holds_loop);
        }
    }
}

/// The last callback, on the JavaScript thread.
unsafe extern "C" fn finalize(_env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `new` made it from a box, and nothing uses it after this.
    let context = unsafe { Box::from_raw(context.cast::<Context>()) };
    if let Some(handle) = context.handle.upgrade() {
        handle.with_write_aborted(|mut aborted| *aborted = true);
    }
}
