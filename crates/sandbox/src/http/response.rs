//! The response to a request to one of the Sandbox's own routes.

use http_body_util::Either;
use hyper::{
    Response, StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use utdk_plaid_page::Page;

use crate::{
    http::{body::ReplyBody, event_stream::EventStream, hosted_page},
    plaid::json,
};

/// The response to a control or hosted-page request.
pub(super) struct ControlResponse {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// The origin of the page that sent the request, if it is not the Sandbox's own.
    pub(super) page: Option<HeaderValue>,
}

pub(super) enum Content {
    Json(String),
    Page(String),
    /// The drop-in for Link's script.
    Script(String),
    /// The page of Link's frame.
    LinkPage,
    /// The console.
    Console(Page),
    /// A redirect.
    Location(String),
    Events(EventStream),
    /// The answer to a CORS preflight.
    Preflight,
}

/// An application with a Cross-Origin-Embedder-Policy can embed what has these headers.
const EMBEDDABLE: [(HeaderName, &str); 2] = [
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        "require-corp",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    ),
];

impl ControlResponse {
    pub(super) fn new(status: StatusCode, content: Content) -> Self {
        ControlResponse {
            status,
            content,
            page: None,
        }
    }

    pub(super) fn json(value: Value) -> Self {
        ControlResponse::new(StatusCode::OK, Content::Json(json::render(value)))
    }

    pub(super) fn error(
        status: StatusCode,
        code: &str,
        message: &str,
        field: Option<&str>,
    ) -> Self {
        let body = json!({ "error_code": code, "error_message": message, "field": field });
        ControlResponse {
            status,
            ..ControlResponse::json(body)
        }
    }

    /// Never cached.
    pub(super) fn into_response(self) -> Response<Either<ReplyBody, EventStream>> {
        let text = HeaderValue::from_static;
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, text("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
        // With `no-referrer`, a form would send the origin `null` and be refused.
        headers.insert(header::REFERRER_POLICY, text("same-origin"));
        if let Some(origin) = self.page {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::VARY, text("Origin"));
        }
        let complete = |body: String| Either::Left(ReplyBody::new(body.into(), false));
        let body = match self.content {
            Content::Json(body) => {
                headers.insert(
                    header::CONTENT_TYPE,
                    text("application/json; charset=utf-8"),
                );
                complete(body)
            }
            Content::Page(body) => {
                let policy = text(hosted_page::content_security_policy());
                headers.insert(header::CONTENT_TYPE, text("text/html; charset=utf-8"));
                headers.insert(header::CONTENT_SECURITY_POLICY, policy);
                complete(body)
            }
            Content::Script(body) => {
                headers.insert(header::CONTENT_TYPE, text("text/javascript; charset=utf-8"));
                // For a script element with `crossorigin`.
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, text("*"));
                headers.extend(EMBEDDABLE.map(|(name, value)| (name, text(value))));
                complete(body)
            }
            Content::LinkPage => {
                headers.insert(header::CONTENT_TYPE, text("text/html; charset=utf-8"));
                headers.insert(
                    header::CONTENT_SECURITY_POLICY,
                    text(utdk_plaid_page::LINK_POLICY),
                );
                headers.extend(EMBEDDABLE.map(|(name, value)| (name, text(value))));
                complete(utdk_plaid_page::LINK.to_owned())
            }
            Content::Console(page) => {
                let body = page.write(&mut headers);
                Either::Left(ReplyBody::new(body, false))
            }
            Content::Location(location) => {
                if let Ok(location) = HeaderValue::from_str(&location) {
                    headers.insert(header::LOCATION, location);
                }
                complete(String::new())
            }
            Content::Events(events) => {
                headers.insert(header::CONTENT_TYPE, text("text/event-stream"));
                Either::Right(events)
            }
            Content::Preflight => {
                let methods = text("GET, POST, DELETE");
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    text("content-type, last-event-id"),
                );
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, text("600"));
                complete(String::new())
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}
