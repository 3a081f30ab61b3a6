//! The gateway as a JavaScript object. It runs on the engine's I/O thread; every method completes under
//! the id that it gets.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi_derive::napi;
use secrecy::SecretString;
use serde::Serialize;
use utdk_plaid_gateway::{Config, Gateway, GatewayError, Pair, RateLimit, token_from_file};

use crate::client::{ClientOptions, milliseconds};
use crate::engine::Engine;
use crate::port::{Completion, Port};

/// A gateway, also before it starts and after it is closed.
#[napi]
pub struct NativeGateway {
    port: Arc<Port>,
    running: Running,
}

/// Empty before the start and after closing.
type Running = Arc<Mutex<Option<Gateway>>>;

/// The settings of a gateway. JavaScript has checked their types.
#[napi(object)]
pub struct GatewaySettings {
    /// The IP address to listen on.
    pub host: Option<String>,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The client that makes the calls, with the gateway's credentials.
    pub client: ClientOptions,
    /// A file to read the credentials from.
    pub credentials_file: Option<String>,
    /// The token that callers must send.
    pub token: Option<String>,
    /// A file to read the token from.
    pub token_file: Option<String>,
    /// Origins whose pages may call.
    pub allow_origins: Vec<String>,
    /// How many calls may be in flight to Plaid.
    pub max_in_flight: Option<u32>,
    /// How many more calls may wait.
    pub max_waiting: Option<u32>,
    /// How many calls one address may make per second; 0 for no limit.
    pub rate_per_second: Option<u32>,
    /// How many calls one address may make in a burst.
    pub rate_burst: Option<u32>,
    /// How long closing waits for calls in flight.
    pub grace_ms: Option<f64>,
}

#[napi]
impl NativeGateway {
    /// A gateway that has not started.
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &Engine) -> Self {
        Self {
            port: engine.port(),
            running: Running::default(),
        }
    }

    /// Starts the gateway. Completes with its URL.
    #[napi(catch_unwind)]
    pub fn start(&self, env: Env, id: u32, settings: GatewaySettings) -> napi::Result<()> {
        let running = self.running.clone();
        self.port.run(&env, id, move || async move {
            let started = match config(settings) {
                Ok(config) => Gateway::start(config).await,
                Err(error) => Err(error),
            };
            completion(started.map(|gateway| {
                let url = gateway.url().to_owned();
                *held(&running) = Some(gateway);
                url
            }))
        })
    }

    /// Stops the gateway. Completes when calls in flight have ended and its port is free. May be
    /// called again.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, id: u32) -> napi::Result<()> {
        let running = self.running.clone();
        self.port.run(&env, id, move || async move {
            let gateway = held(&running).take();
            if let Some(gateway) = gateway {
                gateway.close().await;
            }
            completion(Ok(()))
        })
    }
}

fn held(running: &Running) -> MutexGuard<'_, Option<Gateway>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config(settings: GatewaySettings) -> Result<Config, GatewayError> {
    let default = Config::default();
    let mut client = utdk_plaid_client::Config::from(settings.client);
    let given = match (client.client_id.take(), client.secret.take()) {
        (Some(client_id), Some(secret)) => Some(Pair { client_id, secret }),
        _ => None,
    };
    let credentials = match settings.credentials_file {
        Some(path) => Some(Pair::from_file(Path::new(&path))?),
        None => given,
    };
    let token = match settings.token_file {
        Some(path) => Some(token_from_file(Path::new(&path))?),
        None => settings.token.map(SecretString::from),
    };
    Ok(Config {
        host: match settings.host {
            Some(host) => host.parse().map_err(|_| GatewayError::Setting {
                field: "host",
                message: "host must be an IP address, such as 127.0.0.1 or 0.0.0.0".into(),
            })?,
            None => default.host,
        },
        port: settings.port,
        client,
        credentials,
        token,
        allow_origins: settings.allow_origins,
        max_in_flight: settings
            .max_in_flight
            .map_or(default.max_in_flight, |most| most as usize),
        max_waiting: settings
            .max_waiting
            .map_or(default.max_waiting, |most| most as usize),
        rate_limit: rate_limit(settings.rate_per_second, settings.rate_burst),
        grace: settings.grace_ms.map_or(default.grace, milliseconds),
        ..default
    })
}

fn rate_limit(per_second: Option<u32>, burst: Option<u32>) -> Option<RateLimit> {
    let limit = match per_second {
        Some(per_second) => RateLimit::per_second(NonZeroU32::new(per_second)?),
        None => RateLimit::default(),
    };
    Some(RateLimit {
        burst: burst.and_then(NonZeroU32::new).unwrap_or(limit.burst),
        ..limit
    })
}

fn completion<T: Serialize>(result: Result<T, GatewayError>) -> Completion {
    Completion::of(result.map_err(|error| {
        let field = error.field().map(str::to_owned);
        (error.code(), field, error.to_string())
    }))
}
