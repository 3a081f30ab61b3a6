//! Submits reset_login calls to the engine, and writes their outcomes as data.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::Either;
use napi::{Env, Result};
use napi_derive::napi;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::oneshot;
use utdk_plaid_client::log::{Level, Log};
use utdk_plaid_client::{
    ApiError, Client, Config, Error, Gateway, Outcome, Reply, ResetLogin, UsageError,
};

use crate::engine::Engine;
use crate::port::{Completion, Port};

/// The settings of a client. JavaScript has checked their types.
#[napi(object)]
pub struct ClientOptions {
    /// Plaid's `client_id`.
    pub client_id: Option<String>,
    /// Plaid's `secret`.
    pub secret: Option<String>,
    /// The base URL of Plaid.
    pub base_url: Option<String>,
    /// The gateway's URL, instead of `base_url`.
    pub gateway_url: Option<String>,
    /// The gateway's bearer token.
    pub gateway_token: Option<String>,
    /// The deadline of a call.
    pub timeout_ms: f64,
    /// How many times to retry a failed attempt.
    pub max_retries: u32,
    /// The limit of one attempt.
    pub attempt_timeout_ms: Option<f64>,
    /// The limit of opening a connection.
    pub connect_timeout_ms: Option<f64>,
    /// How many connections may be open at once.
    pub max_connections: Option<u32>,
    /// Pairs of name and value.
    pub headers: Vec<Vec<String>>,
    /// PEM text.
    pub ca: Option<String>,
    /// Paths of PEM files to add to the system's roots.
    pub extra_ca_files: Vec<String>,
    /// Path of a PEM file that replaces the system's roots.
    pub system_ca_file: Option<String>,
    /// The proxy's URL.
    pub https_proxy: Option<String>,
    /// The hosts to reach without the proxy.
    pub no_proxy: Option<String>,
    /// Whether attempts are logged to standard error: `info` or `debug`.
    pub log: Option<String>,
}

/// Per-call overrides.
#[napi(object)]
pub struct CallOptions {
    /// Plaid's `client_id`, sent in the body.
    pub client_id: Option<String>,
    /// Plaid's `secret`, sent in the body.
    pub secret: Option<String>,
    /// The deadline of this call.
    pub timeout_ms: Option<f64>,
    /// How many times to retry a failed attempt.
    pub max_retries: Option<u32>,
    /// Pairs of name and value.
    pub headers: Vec<Vec<String>>,
    /// Whether the completion has the headers of the reply.
    pub keep_headers: bool,
}

/// A refused setting.
#[napi(object)]
pub struct Refusal {
    /// A stable code.
    pub code: String,
    /// The option to change.
    pub field: String,
    /// One sentence.
    pub message: String,
}

/// A client with accepted settings.
#[napi]
pub struct NativeClient {
    port: Arc<Port>,
    host: String,
    /// `None` once it is closed.
    open: RefCell<Option<Arc<OpenClient>>>,
    closed: RefCell<Option<oneshot::Receiver<()>>>,
}

/// The client and its connections, shared by its calls. Fields drop in this order.
struct OpenClient {
    client: Client,
    /// Its drop completes [`NativeClient::close`].
    _closed: oneshot::Sender<()>,
}

/// Creates a client, or says which setting is wrong.
#[napi(catch_unwind)]
pub fn open_client(engine: &Engine, options: ClientOptions) -> Either<NativeClient, Refusal> {
    match Client::new(options.into()) {
        Ok(client) => {
            let host = client.host().to_owned();
            let (_closed, closed) = oneshot::channel();
            Either::A(NativeClient {
                port: engine.port(),
                host,
                open: RefCell::new(Some(Arc::new(OpenClient { client, _closed }))),
                closed: RefCell::new(Some(closed)),
            })
        }
        Err(usage) => Either::B(usage.into()),
    }
}

impl From<UsageError> for Refusal {
    fn from(usage: UsageError) -> Self {
        Self {
            code: usage.code.into(),
            field: usage.field.into(),
            message: usage.problem,
        }
    }
}

impl From<ClientOptions> for Config {
    fn from(options: ClientOptions) -> Self {
        let default = Config::default();
        Config {
            client_id: options.client_id.map(SecretString::from),
            secret: options.secret.map(SecretString::from),
            base_url: options.base_url,
            gateway: options.gateway_url.map(|url| Gateway {
                url,
                token: options.gateway_token.map(SecretString::from),
            }),
            timeout: milliseconds(options.timeout_ms),
            max_retries: options.max_retries,
            attempt_timeout: options
                .attempt_timeout_ms
                .map_or(default.attempt_timeout, milliseconds),
            connect_timeout: options
                .connect_timeout_ms
                .map_or(default.connect_timeout, milliseconds),
            max_connections: options
                .max_connections
                .map_or(default.max_connections, |most| most as usize),
            headers: pairs(options.headers),
            ca: options.ca,
            extra_ca_files: options.extra_ca_files.into_iter().map(Into::into).collect(),
            system_ca_file: options.system_ca_file.map(Into::into),
            https_proxy: options.https_proxy.map(SecretString::from),
            no_proxy: options.no_proxy,
            log: options.log.as_deref().and_then(log),
            ..default
        }
    }
}

#[napi]
impl NativeClient {
    /// The host of the requests.
    #[napi(getter, catch_unwind)]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Starts a call with the client's own settings; completes under `id`.
    #[napi(catch_unwind)]
    pub fn reset_login(&self, env: Env, id: u32, access_token: String) -> Result<()> {
        self.submit(&env, id, ResetLogin::new(access_token.into()))
    }

    /// Starts many calls with the client's own settings in one crossing. `lines` alternates an id
    /// and its access token.
    #[napi(catch_unwind)]
    pub fn reset_logins(&self, env: Env, lines: String) -> Result<()> {
        let open = self.open()?;
        let lines = SecretString::from(lines);
        self.port.start(&env, move |port| {
            let mut lines = lines.expose_secret().split('\n');
            while let (Some(id), Some(token)) = (lines.next(), lines.next()) {
                let Ok(id) = id.parse() else { continue };
                let (open, call) = (open.clone(), ResetLogin::new(token.into()));
                port.spawn(id, move || reset_login(open, call));
            }
        })
    }

    /// Starts a call with overrides; completes under `id`.
    #[napi(catch_unwind)]
    pub fn reset_login_with(
        &self,
        env: Env,
        id: u32,
        access_token: String,
        options: CallOptions,
    ) -> Result<()> {
        let call = ResetLogin {
            client_id: options.client_id.map(SecretString::from),
            secret: options.secret.map(SecretString::from),
            timeout: options.timeout_ms.map(milliseconds),
            max_retries: options.max_retries,
            headers: pairs(options.headers),
            keep_headers: options.keep_headers,
            ..ResetLogin::new(access_token.into())
        };
        self.submit(&env, id, call)
    }

    /// Closes the client. Completes when its calls in flight have ended.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, id: u32) -> Result<()> {
        let (open, closed) = (self.open.take(), self.closed.take());
        self.port.run(&env, id, move || async move {
            drop(open);
            if let Some(closed) = closed {
                let _ = closed.await;
            }
            Completion::of(Ok(()))
        })
    }

    fn submit(&self, env: &Env, id: u32, call: ResetLogin) -> Result<()> {
        let open = self.open()?;
        self.port.run(env, id, move || reset_login(open, call))
    }

    fn open(&self) -> Result<Arc<OpenClient>> {
        let open = self.open.borrow().clone();
        open.ok_or_else(|| napi::Error::from_reason("the client is closed"))
    }
}

async fn reset_login(open: Arc<OpenClient>, call: ResetLogin) -> Completion {
    completion(open.client.reset_login(call).await)
}

/// Attempts are logged to standard error, whose reader may be gone.
fn log(level: &str) -> Option<Log> {
    let level = match level {
        "info" => Level::Info,
        "debug" => Level::Debug,
        _ => return None,
    };
    let write = |line: &str| {
        let _ = writeln!(io::stderr(), "@utdk/plaid: {line}");
    };
    Some(Log { level, write })
}

/// Zero for a number that is not a length of time.
pub(crate) fn milliseconds(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

pub(crate) fn pairs(headers: Vec<Vec<String>>) -> Vec<(String, String)> {
    headers
        .into_iter()
        .filter_map(|pair| <[String; 2]>::try_from(pair).ok())
        .map(|[name, value]| (name, value))
        .collect()
}

/// The completion of a call that is not a plain success.
#[derive(Serialize)]
struct Record {
    attempts: u32,
    status: Option<u16>,
    #[serde(flatten)]
    ending: Ending,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Ending {
    Reply {
        reply: Reply,
        /// Names and values, if they were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        headers: Option<Vec<(String, String)>>,
    },
    Failure {
        failure: Failure,
    },
}

/// An error as data. JavaScript creates the `Error`, with the caller's stack.
#[derive(Default, Serialize)]
pub(crate) struct Failure {
    pub(crate) class: &'static str,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) retryable: bool,
    /// Plaid's fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api: Option<Box<ApiError>>,
    /// The HTTP status of an unexpected reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The refused input or option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// The libraries' messages about a failed connection, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) chain: Vec<String>,
    /// The error of the attempt before a timeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Box<Failure>>,
}

fn completion(outcome: Outcome) -> Completion {
    let ending = match outcome.result {
        Ok(Reply {
            reset_login: true,
            request_id,
            rest,
        }) if rest.is_empty()
            && outcome.attempts == 1
            && outcome.headers.is_none()
            && !request_id.contains(['\n', '\r']) =>
        {
            return Completion::Plain(request_id);
        }
        Ok(reply) => Ending::Reply {
            reply,
            headers: outcome.headers,
        },
        Err(error) => Ending::Failure {
            failure: error.into(),
        },
    };
    Completion::json(&Record {
        attempts: outcome.attempts,
        status: outcome.status,
        ending,
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Failure {
            class: "PlaidError",
            code: error.code().to_owned(),
            message: error.to_string(),
            retryable: error.retryable(),
            ..Failure::default()
        };
        match error {
            Error::Api(api) => {
                failure.class = "PlaidApiError";
                failure.api = Some(api);
            }
            Error::Connection(connection) => {
                failure.class = "PlaidConnectionError";
                failure.chain = connection.chain;
            }
            Error::Timeout { last, .. } => {
                failure.class = "PlaidTimeoutError";
                failure.last = last.map(|last| Box::new((*last).into()));
            }
            Error::Response { status, .. } => {
                failure.class = "PlaidResponseError";
                failure.status = Some(status);
            }
            Error::Usage(usage) => {
                failure.class = "PlaidUsageError";
                failure.field = Some(usage.field);
            }
            _ => {}
        }
        failure
    }
}
