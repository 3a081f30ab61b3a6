//! Verifies webhooks on the engine's I/O thread; every verification completes under the id that it
//! gets.

use std::sync::Arc;

use napi::bindgen_prelude::Either;
use napi::{Env, Result};
use napi_derive::napi;
use serde::Serialize;
use utdk_plaid_webhooks::{Config, Verifier, VerifyError};

use crate::client::{ClientOptions, Failure, Refusal, milliseconds};
use crate::engine::Engine;
use crate::port::{Completion, Port};

/// A verifier with accepted settings.
#[napi]
pub struct NativeVerifier {
    port: Arc<Port>,
    verifier: Arc<Verifier>,
}

/// Creates a verifier, or says which setting is wrong.
#[napi(catch_unwind)]
pub fn open_verifier(
    engine: &Engine,
    client: ClientOptions,
    max_age_ms: f64,
) -> Either<NativeVerifier, Refusal> {
    let config = Config {
        client: client.into(),
        max_age: milliseconds(max_age_ms),
    };
    match Verifier::new(config) {
        Ok(verifier) => Either::A(NativeVerifier {
            port: engine.port(),
            verifier: Arc::new(verifier),
        }),
        Err(usage) => Either::B(usage.into()),
    }
}

#[napi]
impl NativeVerifier {
    /// Verifies a body with its `Plaid-Verification` header. Completes plainly with an empty text.
    #[napi(catch_unwind)]
    pub fn verify(&self, env: Env, id: u32, body: String, signature: Option<String>) -> Result<()> {
        let verifier = self.verifier.clone();
        self.port.run(&env, id, move || async move {
            let verified = verifier.verify(body.into_bytes(), signature.as_deref());
            match verified.await {
                Ok(()) => Completion::Plain(String::new()),
                Err(error) => Completion::json(&Refused::from(error)),
            }
        })
    }
}

/// A webhook that was refused.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "failure")]
struct Refused {
    attempts: u32,
    failure: Failure,
}

impl From<VerifyError> for Refused {
    fn from(error: VerifyError) -> Self {
        let mut failure = Failure {
            class: "PlaidWebhookError",
            code: error.code().to_owned(),
            message: error.to_string(),
            retryable: error.retryable(),
            ..Failure::default()
        };
        let mut started = 0;
        match error {
            VerifyError::KeyUnavailable { source, attempts } => {
                started = attempts;
                failure.last = Some(Box::new((*source).into()));
            }
            VerifyError::Usage(usage) => {
                failure.class = "PlaidUsageError";
                failure.field = Some(usage.field);
            }
            _ => {}
        }
        Self {
            attempts: started,
            failure,
        }
    }
}
