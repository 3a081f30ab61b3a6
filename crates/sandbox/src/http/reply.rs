//! The HTTP response for an [`HttpReply`].

use hyper::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};

use crate::{api::reply::HttpReply, http::body::ReplyBody};

/// Headers of every reply (observed).
const COMMON_HEADERS: [(HeaderName, &str); 3] = [
    (header::SERVER, "nginx"),
    (header::CONTENT_TYPE, "application/json; charset=utf-8"),
    (header::VARY, "Accept-Encoding"),
];

/// Headers of every success (observed). Without Plaid's strict-transport-security: browsers ignore
/// it over plain http.
const SUCCESS_HEADERS: [(HeaderName, &str); 3] = [
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
];

/// A header of every success, except on these routes (observed; some recorded errors have it, later
/// ones do not).
const VERSION: (HeaderName, &str) = (HeaderName::from_static("plaid-version"), "2020-09-14");
const UNVERSIONED: [&str; 2] = ["/link/token/get", "/webhook_verification_key/get"];

/// The response for the reply of the route at `path`; `None` for a connection reset. A reply that
/// hangs never resolves.
pub(super) async fn response(reply: HttpReply, path: &str) -> Option<Response<ReplyBody>> {
    match reply {
        HttpReply::Json {
            status,
            body,
            retry_after,
            is_cut_short,
        } => {
            let mut response = Response::new(ReplyBody::new(body.into(), is_cut_short));
            *response.status_mut() = status_code(status);
            let headers = response.headers_mut();
            set(headers, &COMMON_HEADERS);
            if status == 200 {
                set(headers, &SUCCESS_HEADERS);
                if !UNVERSIONED.contains(&path) {
                    set(headers, &[VERSION]);
                }
            }
            if let Some(seconds) = retry_after {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
            Some(response)
        }
        HttpReply::Html(status) => Some(proxy_page(status_code(status))),
        HttpReply::Reset => None,
        HttpReply::Hang => std::future::pending().await,
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn set(headers: &mut HeaderMap, values: &[(HeaderName, &'static str)]) {
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The error page of nginx.
fn proxy_page(status: StatusCode) -> Response<ReplyBody> {
    let title = format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
         </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(ReplyBody::new(page.into(), false));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("nginx"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}
