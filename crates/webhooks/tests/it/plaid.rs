//! A Sandbox with a verifier, and a key service that the test controls.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use utdk_plaid_sandbox::{Config as SandboxConfig, Sandbox};
use utdk_plaid_webhooks::{Config, Verifier, VerifyError};

pub(crate) const BODY: &str = r#"{"webhook_code":"ERROR","webhook_type":"ITEM"}"#;

const KEY_ROUTE: &str = "/webhook_verification_key/get";

pub(crate) struct Plaid {
    pub(crate) sandbox: Sandbox,
    pub(crate) verifier: Verifier,
}

impl Plaid {
    pub(crate) async fn start() -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let verifier = verifier(&sandbox, sandbox.url());
        Plaid { sandbox, verifier }
    }

    /// Signs a body with the Sandbox's key.
    pub(crate) fn sign(&self, body: &str) -> String {
        self.sandbox.sign_webhook(body, None)
    }

    pub(crate) async fn verify(&self, body: &str, signature: &str) -> Result<(), VerifyError> {
        within(self.verifier.verify(body.into(), Some(signature))).await
    }

    /// Checks that a signature of [`BODY`] is refused with a code.
    pub(crate) async fn check_refused(&self, signature: &str, code: &str) -> VerifyError {
        let refused = self.verify(BODY, signature).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        refused
    }

    /// Checks that the Sandbox's own signature of [`BODY`] is accepted.
    pub(crate) async fn check_accepted(&self) {
        self.verify(BODY, &self.sign(BODY)).await.unwrap();
    }

    /// How many keys were asked for.
    pub(crate) fn key_requests(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|it| it.path == KEY_ROUTE).count()
    }
}

/// A verifier with the credentials of `sandbox`.
pub(crate) fn verifier(sandbox: &Sandbox, base_url: &str) -> Verifier {
    Verifier::new(config(sandbox, base_url)).expect("the settings are good")
}

pub(crate) fn config(sandbox: &Sandbox, base_url: &str) -> Config {
    Config {
        client: utdk_plaid_client::Config {
            client_id: Some(sandbox.client_id().into()),
            secret: Some(sandbox.secret().clone()),
            base_url: Some(base_url.to_owned()),
            max_retries: 0,
            ..utdk_plaid_client::Config::default()
        },
        ..Config::default()
    }
}

/// Answers requests for keys with what the test says.
pub(crate) struct KeyService {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    running: JoinHandle<()>,
}

impl KeyService {
    /// `answer` gets the number of the request, from 1, and its body.
    pub(crate) async fn start<F>(
        answer: impl Fn(usize, String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = (u16, String)> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (answer, count) = (Arc::new(answer), requests.clone());
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, count) = (answer.clone(), count.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answer, count) = (answer.clone(), count.clone());
                    async move {
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                        let body = String::from_utf8(body.to_vec()).unwrap();
                        let (status, json) = answer(number, body).await;
                        let reply = Response::builder()
                            .status(status)
                            .header("content-type", "application/json")
                            .body(Full::new(Bytes::from(json)));
                        Ok::<_, Infallible>(reply.unwrap())
                    }
                });
                let server = auto::Builder::new(TokioExecutor::new());
                tokio::spawn(async move {
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        KeyService {
            url,
            requests,
            running,
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for KeyService {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Fails the test if `happening` takes too long. The limit is longer than any pause of a busy
/// machine.
pub(crate) async fn within<T>(happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), happening)
        .await
        .expect("it did not happen within 30 s")
}
