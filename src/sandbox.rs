//! The local Sandbox as a JavaScript object. It runs on the engine's I/O thread; every method completes
//! under the id that it gets.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use napi::Env;
use napi_derive::napi;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use utdk_plaid_sandbox::{Arrival, Config, Sandbox, SandboxError};

use crate::client::milliseconds;
use crate::engine::Engine;
use crate::port::{Completion, Port};

/// A Sandbox, also before it starts and after it is closed.
#[napi]
pub struct NativeSandbox {
    port: Arc<Port>,
    running: Running,
}

/// Empty before the start and after closing.
type Running = Arc<Mutex<Option<Sandbox>>>;

/// The settings of a Sandbox. An absent one takes the Sandbox's default.
#[napi(object)]
pub struct SandboxSettings {
    /// The IP address to listen on.
    pub host: Option<String>,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The port to listen on with TLS; 0 for a free one.
    pub tls_port: Option<u16>,
    /// The `client_id` to accept.
    pub client_id: Option<String>,
    /// The `secret` to accept.
    pub secret: Option<String>,
    /// Whether to accept every well-formed pair of credentials.
    pub any_credentials: bool,
    /// A whole number.
    pub seed: Option<f64>,
    /// The time of its clock at the start, in milliseconds since 1970.
    pub now_ms: Option<f64>,
    /// Whether transactions arrive over time, as Plaid's do.
    pub transactions_as_plaid: bool,
    /// `name` or `name:port`.
    pub allow_webhook_hosts: Vec<String>,
    /// Whether other machines may use the control routes.
    pub allow_remote_control: bool,
}

#[napi]
impl NativeSandbox {
    /// A Sandbox that has not started.
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &Engine) -> Self {
        Self {
            port: engine.port(),
            running: Running::default(),
        }
    }

    /// Starts it. Completes with its URL and credentials.
    #[napi(catch_unwind)]
    pub fn start(&self, env: Env, id: u32, settings: SandboxSettings) -> napi::Result<()> {
        let running = self.running.clone();
        self.port.run(&env, id, move || async move {
            let started = match config(settings) {
                Ok(config) => start(config).await,
                Err(error) => Err(error),
            };
            completion(started.map(|(sandbox, started)| {
                *held(&running) = Some(sandbox);
                started
            }))
        })
    }

    /// Calls a control route, as over HTTP under `/_sandbox/`, with the JSON `options`. Completes
    /// with the value of the response.
    #[napi(catch_unwind)]
    pub fn ask(
        &self,
        env: Env,
        id: u32,
        method: String,
        path: String,
        options: String,
    ) -> napi::Result<()> {
        let running = self.running.clone();
        self.port.run(&env, id, move || async move {
            // A control may wait long: it must not keep the Sandbox from closing.
            let controls = held(&running).as_ref().map(|sandbox| (**sandbox).clone());
            let options = serde_json::from_str(&options).unwrap_or(Value::Null);
            completion(match controls {
                Some(controls) => controls.answer(&method, &path, options).await,
                None => Err(SandboxError::Closed),
            })
        })
    }

    /// Stops the Sandbox. Completes when its port is free. May be called again.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, id: u32) -> napi::Result<()> {
        let running = self.running.clone();
        self.port.run(&env, id, move || async move {
            let sandbox = held(&running).take();
            if let Some(sandbox) = sandbox {
                sandbox.close().await;
            }
            completion(Ok(()))
        })
    }
}

fn held(running: &Running) -> MutexGuard<'_, Option<Sandbox>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config(settings: SandboxSettings) -> Result<Config, SandboxError> {
    let default = Config::default();
    Ok(Config {
        host: match settings.host {
            Some(host) => host.parse().map_err(|_| SandboxError::Option {
                field: "host".into(),
                message: "host must be an IP address, such as 127.0.0.1 or 0.0.0.0".into(),
            })?,
            None => default.host,
        },
        port: settings.port,
        tls: settings.tls_port,
        client_id: settings.client_id,
        secret: settings.secret.map(Into::into),
        any_credentials: settings.any_credentials,
        // JavaScript has checked that it is a whole number.
        seed: settings.seed.map(|seed| seed as u64),
        now: settings.now_ms.map(|ms| UNIX_EPOCH + milliseconds(ms)),
        transactions: match settings.transactions_as_plaid {
            true => Arrival::AsPlaid,
            false => Arrival::Ready,
        },
        allow_webhook_hosts: settings.allow_webhook_hosts,
        allow_remote_control: settings.allow_remote_control,
        on_unemulated: Some(warn_of),
        ..default
    })
}

/// Says once in a process, on standard error, that a route is not emulated: in a test, its NOT_FOUND
/// looks like a fault of the application.
fn warn_of(path: &'static str) {
    static KNOWN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let is_new = KNOWN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(path);
    if is_new {
        let _ = writeln!(
            io::stderr(),
            "@utdk/plaid/sandbox: {path} is not emulated, so it answers NOT_FOUND. Answer it yourself: await sandbox.stub('{path}', body)"
        );
    }
}

async fn start(config: Config) -> Result<(Sandbox, Started), SandboxError> {
    let has_tls = config.tls.is_some();
    let sandbox = Sandbox::start(config).await?;
    let tls = match has_tls {
        true => Some(sandbox.tls().await?),
        false => None,
    };
    let started = Started {
        url: sandbox.url().to_owned(),
        tls_url: tls.as_ref().map(|tls| tls.url.clone()),
        ca: tls.map(|tls| tls.ca),
        client_id: sandbox.client_id().to_owned(),
        secret: sandbox.secret().expose_secret().to_owned(),
    };
    Ok((sandbox, started))
}

fn completion<T: Serialize>(result: Result<T, SandboxError>) -> Completion {
    Completion::of(result.map_err(|error| {
        let field = error.field().map(str::to_owned);
        (error.code(), field, error.to_string())
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<String>,
    client_id: String,
    secret: String,
}
