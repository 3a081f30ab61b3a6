//! Writes responses with the headers that each kind needs.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};

use crate::routes::{Content, RouteResponse};

pub(crate) fn write(
    status: StatusCode,
    request_id: &str,
    response: RouteResponse,
) -> Response<Full<Bytes>> {
    let text = HeaderValue::from_static;
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CACHE_CONTROL, text("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    headers.insert(header::VARY, text("Origin"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    if let Some(origin) = response.origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            text("retry-after, x-request-id"),
        );
    }
    let body = match response.content {
        Content::Json(reply) => {
            headers.insert(header::CONTENT_TYPE, text("application/json"));
            if let Some(seconds) = reply.retry_after {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
            if let Some(methods) = reply.allow {
                headers.insert(header::ALLOW, text(methods));
            }
            if status == StatusCode::UNAUTHORIZED {
                headers.insert(header::WWW_AUTHENTICATE, text("Bearer"));
            }
            reply.body.into()
        }
        Content::Text(body) => {
            let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            headers.insert(header::CONTENT_TYPE, text(open_metrics));
            body.into()
        }
        Content::Page(page) => page.write(&mut headers),
        Content::Preflight => {
            let methods = text("GET, POST, PUT, DELETE");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                text("authorization, content-type, traceparent, plaid-client-id, plaid-secret"),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, text("600"));
            Bytes::new()
        }
        Content::Empty => Bytes::new(),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
