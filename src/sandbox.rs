//! The local Sandbox as JavaScript holds it. It runs on the engine's I/O thread; every method
//! completes under the id it is given.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi_derive::napi;
use secrecy::ExposeSecret;
use serde::Serialize;
use utdk_plaid_sandbox::{Config, NewItem, Sandbox, SandboxError, WebhookFilter};

use crate::client::milliseconds;
use crate::engine::{Completion, Engine, Jobs};

/// A Sandbox, before, while and after it runs.
#[napi]
pub struct NativeSandbox {
    jobs: Jobs,
    running: Running,
}

/// Empty before it is started and after it is closed.
type Running = Arc<Mutex<Option<Arc<Sandbox>>>>;

/// An Item to be created; what is absent takes the Sandbox's default.
#[napi(object)]
pub struct NewItemOptions {
    /// Where its webhooks go.
    pub webhook: Option<String>,
    /// The products it is initialised with.
    pub products: Option<Vec<String>>,
    /// Plaid's id of an institution.
    pub institution_id: Option<String>,
}

#[napi]
impl NativeSandbox {
    /// A Sandbox that is not started yet.
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &Engine) -> Self {
        Self {
            jobs: engine.jobs(),
            running: Running::default(),
        }
    }

    /// Starts it on `port`, 0 for a free one. Completes with its URL and credentials.
    #[napi(catch_unwind)]
    pub fn start(&self, id: u32, port: u16) {
        let running = self.running.clone();
        self.jobs.run(id, move || async move {
            let sandbox = match Sandbox::start(Config { port }).await {
                Ok(sandbox) => Arc::new(sandbox),
                Err(error) => {
                    return Completion::json(&Answer::<()>::Error {
                        code: match error.kind() {
                            std::io::ErrorKind::AddrInUse => "EADDRINUSE",
                            std::io::ErrorKind::PermissionDenied => "EACCES",
                            _ => "SANDBOX_NOT_STARTED",
                        },
                        field: None,
                        message: format!("the Sandbox could not listen on port {port}: {error}"),
                    });
                }
            };
            let started = Answer::Value {
                value: Started {
                    url: sandbox.url(),
                    client_id: sandbox.client_id(),
                    secret: sandbox.secret().expose_secret(),
                },
            };
            let completion = Completion::json(&started);
            *held(&running) = Some(sandbox);
            completion
        });
    }

    /// Creates an Item. Completes with its `access_token` and `item_id`.
    #[napi(catch_unwind)]
    pub fn create_item(&self, id: u32, item: NewItemOptions) {
        self.ask(id, move |sandbox| async move {
            let created = sandbox.create_item(NewItem {
                webhook: item.webhook,
                products: item.products,
                institution_id: item.institution_id,
            })?;
            Ok(Created {
                access_token: created.access_token.expose_secret().to_owned(),
                item_id: created.item_id,
            })
        });
    }

    /// Completes with the next webhook that matches, once its delivery has ended.
    #[napi(catch_unwind)]
    pub fn next_webhook(
        &self,
        id: u32,
        item_id: Option<String>,
        webhook_code: Option<String>,
        timeout_ms: f64,
    ) {
        self.ask(id, move |sandbox| {
            let filter = WebhookFilter {
                item_id,
                webhook_code,
            };
            let timeout = milliseconds(timeout_ms);
            let webhook = sandbox.next_webhook(filter, timeout);
            // The wait must not hold the Sandbox: closing it ends the wait.
            drop(sandbox);
            webhook
        });
    }

    /// Repairs the Item as its user would in Link's update mode.
    #[napi(catch_unwind)]
    pub fn repair_item(&self, id: u32, item_id: String) {
        self.ask(
            id,
            move |sandbox| async move { sandbox.repair_item(&item_id) },
        );
    }

    /// Stops it; completes when its port is free. Closing it twice does no harm.
    #[napi(catch_unwind)]
    pub fn close(&self, id: u32) {
        let running = self.running.clone();
        self.jobs.run(id, move || async move {
            let sandbox = held(&running).take();
            if let Some(sandbox) = sandbox.and_then(Arc::into_inner) {
                sandbox.close().await;
            }
            Completion::json(&Answer::Value { value: () })
        });
    }

    /// Puts a question to the running Sandbox, on the I/O thread.
    fn ask<T: Serialize, F>(
        &self,
        id: u32,
        question: impl FnOnce(Arc<Sandbox>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<T, SandboxError>> + Send + 'static,
    {
        let running = self.running.clone();
        self.jobs.run(id, move || async move {
            let sandbox = held(&running).clone();
            let answer = match sandbox {
                Some(sandbox) => question(sandbox).await,
                None => Err(SandboxError::Closed),
            };
            Completion::json(&match answer {
                Ok(value) => Answer::Value { value },
                Err(error) => Answer::Error {
                    code: error.code(),
                    field: match &error {
                        SandboxError::Invalid { field, .. } => Some(field),
                        _ => None,
                    },
                    message: error.to_string(),
                },
            })
        });
    }
}

fn held(running: &Running) -> MutexGuard<'_, Option<Arc<Sandbox>>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What crosses to JavaScript.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Answer<T> {
    Value {
        value: T,
    },
    Error {
        code: &'static str,
        field: Option<&'static str>,
        message: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started<'a> {
    url: &'a str,
    client_id: &'a str,
    secret: &'a str,
}

#[derive(Serialize)]
struct Created {
    access_token: String,
    item_id: String,
}
