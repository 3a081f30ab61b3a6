//! The controls over HTTP, under `/_sandbox/`.

use std::{net::SocketAddr, sync::Arc};

use hyper::{HeaderMap, Method, StatusCode, http::request::Parts};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    api::origin::origin,
    control::{controls::Controls, error::SandboxError, options::Options, tls::Tls},
    http::{
        access::Access,
        event_stream::EventStream,
        response::{Content, ControlResponse},
    },
    model::shared::Shared,
    plaid::json,
};

/// Answers a request to `/_sandbox/<rest>`. `body` is `None` if it could not be read.
pub(super) async fn respond(
    shared: &Arc<Shared>,
    tls: &Arc<Tls>,
    access: Access,
    peer: SocketAddr,
    head: &Parts,
    rest: &str,
    body: Option<&[u8]>,
) -> ControlResponse {
    let page = match access.admit(peer, &head.headers) {
        Ok(page) => page.cloned(),
        Err(reason) => {
            return ControlResponse::error(StatusCode::FORBIDDEN, "FORBIDDEN", reason, None);
        }
    };
    let response = match (&head.method, rest) {
        (&Method::OPTIONS, _) if page.is_some() => {
            ControlResponse::new(StatusCode::NO_CONTENT, Content::Preflight)
        }
        // Accepts any webhook without reading it.
        (&Method::POST, "inbox") if body.is_some() => ControlResponse::json(json!({})),
        // The console shows them for the user's backend. A secret that was given may be Plaid's.
        (&Method::GET, "credentials") if shared.has_own_secret && !access.remote => {
            ControlResponse::json(json!({
                "client_id": shared.client_id,
                "secret": shared.secret.expose_secret(),
            }))
        }
        _ => answer(shared, tls, head, rest, body).await,
    };
    ControlResponse { page, ..response }
}

async fn answer(
    shared: &Arc<Shared>,
    tls: &Arc<Tls>,
    head: &Parts,
    rest: &str,
    body: Option<&[u8]>,
) -> ControlResponse {
    let options = match options(&head.headers, body) {
        Ok(options) => options,
        Err(problem) => {
            return ControlResponse::error(StatusCode::BAD_REQUEST, "INVALID_BODY", problem, None);
        }
    };
    let answered = match (&head.method, rest) {
        (&Method::GET, "events") => Options::new(options)
            .and_then(Options::end)
            .map(|()| Content::Events(EventStream::new(shared, last_event_id(&head.headers)))),
        (method, rest) => {
            let origin = origin(&shared.url, head);
            let controls = Controls::new(Arc::clone(shared), Arc::clone(tls), origin);
            let answer = controls.answer(method.as_str(), rest, options).await;
            answer.map(|value| Content::Json(json::render(value)))
        }
    };
    match answered {
        Ok(content) => ControlResponse::new(StatusCode::OK, content),
        Err(error) => {
            let message = error.to_string();
            ControlResponse::error(status(&error), error.code(), &message, error.field())
        }
    }
}

fn status(error: &SandboxError) -> StatusCode {
    match error {
        SandboxError::NoSuchRoute { .. }
        | SandboxError::ItemNotFound { .. }
        | SandboxError::WebhookNotFound { .. } => StatusCode::NOT_FOUND,
        SandboxError::WebhookTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
        SandboxError::Closed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// The JSON of the body; null if the body is empty.
fn options(headers: &HeaderMap, body: Option<&[u8]>) -> Result<Value, &'static str> {
    match body.ok_or("the body is longer than 1 MiB, or ended early")? {
        [] => Ok(Value::Null),
        body if utdk_plaid_local::is_json(headers) => {
            serde_json::from_slice(body).map_err(|_| "the body is not JSON")
        }
        _ => Err("the content type of the body must be application/json"),
    }
}
