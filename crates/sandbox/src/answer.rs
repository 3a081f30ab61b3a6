//! What goes back from the Sandbox's own addresses, and the response that it makes.

use http_body_util::Either;
use hyper::{
    Response, StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

use crate::{event_stream::EventStream, hosted_page, json, server::ReplyBody};

/// What goes back to whoever came through a door.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// The origin of the page that asked, where that is another than the Sandbox's own.
    pub(crate) page: Option<HeaderValue>,
}

pub(crate) enum Content {
    Json(String),
    Page(String),
    /// Where to go on.
    Location(String),
    Events(EventStream),
    /// What a page may ask, to the browser that shows it.
    Preflight,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content: Content) -> Self {
        Answer {
            status,
            content,
            page: None,
        }
    }

    pub(crate) fn json(value: Value) -> Self {
        Answer::new(StatusCode::OK, Content::Json(json::render(value)))
    }

    pub(crate) fn refused(
        status: StatusCode,
        code: &str,
        message: &str,
        field: Option<&str>,
    ) -> Self {
        let body = json!({ "error_code": code, "error_message": message, "field": field });
        Answer {
            status,
            ..Answer::json(body)
        }
    }

    /// Nothing of it is to be kept by anybody.
    pub(crate) fn into_response(self) -> Response<Either<ReplyBody, EventStream>> {
        let text = HeaderValue::from_static;
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, text("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
        // Without its referrer a form would come from the origin `null`, and be refused.
        headers.insert(header::REFERRER_POLICY, text("same-origin"));
        if let Some(origin) = self.page {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::VARY, text("Origin"));
        }
        let whole = |body: String| Either::Left(ReplyBody::new(body.into(), false));
        let body = match self.content {
            Content::Json(body) => {
                headers.insert(
                    header::CONTENT_TYPE,
                    text("application/json; charset=utf-8"),
                );
                whole(body)
            }
            Content::Page(body) => {
                let policy = text(hosted_page::content_security_policy());
                headers.insert(header::CONTENT_TYPE, text("text/html; charset=utf-8"));
                headers.insert(header::CONTENT_SECURITY_POLICY, policy);
                whole(body)
            }
            Content::Location(location) => {
                if let Ok(location) = HeaderValue::from_str(&location) {
                    headers.insert(header::LOCATION, location);
                }
                whole(String::new())
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
                whole(String::new())
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}
