//! Which path leads where, and what is refused on the way. Paths are compared as they come, byte
//! for byte, so that there is one way to write each.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, TRANSFER_ENCODING},
    http::request::Parts,
};
use serde_json::json;
use tokio::time::timeout;
use tracing::Dispatch;
use url::form_urlencoded;

use crate::{
    access::Access,
    catalogue::{self, OPERATION},
    credentials::{Credentials, Pair},
    input::{Door, Input},
    metrics::Metrics,
    page::Page,
    reply::{Refusal, Reply},
    upstream::Upstream,
};

/// No input of the operation is longer.
const BODY_LIMIT: u64 = 64 << 10;

/// How long a body may take to arrive.
const BODY_TIME_LIMIT: Duration = Duration::from_secs(10);

/// What the requests of one gateway share.
pub(crate) struct Shared {
    pub(crate) access: Access,
    pub(crate) credentials: Credentials,
    pub(crate) upstream: Upstream,
    pub(crate) metrics: Metrics,
    /// Who hears of each request, if anybody does.
    pub(crate) log: Option<Dispatch>,
    pub(crate) sandbox_url: Option<String>,
    /// How many requests have come.
    pub(crate) requests: AtomicUsize,
    pub(crate) stopping: AtomicBool,
}

/// What goes back, and what the log says about it.
pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) route: &'static str,
    /// The origin of the page that called, if one did that may.
    pub(crate) origin: Option<HeaderValue>,
}

pub(crate) enum Content {
    Reply(Reply),
    Text(String),
    Page(Page),
    /// To a browser that asks beforehand.
    Preflight,
    /// Done, nothing to say.
    Nothing,
}

/// Where a request leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Call(Door),
    Page,
    Tools,
    Search,
    Health,
    Ready,
    Metrics,
    Config,
    Credentials,
}

impl Route {
    fn of(path: &str) -> Option<Self> {
        match path {
            "/sandbox/item/reset_login" => Some(Route::Call(Door::Plaid)),
            "/" => Some(Route::Page),
            "/tools" => Some(Route::Tools),
            "/tools/search" => Some(Route::Search),
            "/healthz" => Some(Route::Health),
            "/readyz" => Some(Route::Ready),
            "/metrics" => Some(Route::Metrics),
            "/config" => Some(Route::Config),
            "/credentials" => Some(Route::Credentials),
            _ => match path.strip_prefix("/tools/plaid/") {
                Some(name) if name.eq_ignore_ascii_case(OPERATION) => Some(Route::Call(Door::Tool)),
                _ => None,
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Route::Call(Door::Tool) => "tool",
            Route::Call(Door::Plaid) => "plaid",
            Route::Page => "page",
            Route::Tools => "tools",
            Route::Search => "search",
            Route::Health => "healthz",
            Route::Ready => "readyz",
            Route::Metrics => "metrics",
            Route::Config => "config",
            Route::Credentials => "credentials",
        }
    }

    fn methods(self) -> &'static str {
        match self {
            Route::Call(_) => "POST",
            Route::Credentials => "PUT, DELETE",
            _ => "GET, HEAD",
        }
    }

    fn takes(self, method: &Method) -> bool {
        self.methods().split(", ").any(|known| known == method)
    }

    /// Whether it may be asked without the token: a load balancer and a console must know whether
    /// the gateway is there before they have one, and the console is where a person enters it.
    fn is_open(self) -> bool {
        matches!(self, Route::Health | Route::Page | Route::Ready)
    }
}

/// The answer to a request.
pub(crate) async fn answer(
    shared: &Shared,
    peer: SocketAddr,
    request_id: &str,
    head: &Parts,
    body: Incoming,
) -> Answer {
    let route = match head.uri.scheme() {
        None => Route::of(head.uri.path()),
        // As to a proxy, which this is not.
        Some(_) => None,
    };
    let door = match route {
        Some(Route::Call(door)) => Some(door),
        _ => None,
    };
    let mut origin = None;
    let content = match enter(shared, peer, head, route, &mut origin) {
        Err(refusal) => Err(refusal),
        Ok(None) => Ok(Content::Preflight),
        Ok(Some(route)) => act(shared, route, request_id, head, body).await,
    };
    Answer {
        content: content
            .unwrap_or_else(|refusal| Content::Reply(Reply::refusal(door, request_id, refusal))),
        route: route.map_or("none", Route::name),
        origin,
    }
}

/// Lets a request in: its route, or none for a preflight.
fn enter(
    shared: &Shared,
    peer: SocketAddr,
    head: &Parts,
    route: Option<Route>,
    origin: &mut Option<HeaderValue>,
) -> Result<Option<Route>, Refusal> {
    let access = &shared.access;
    access.check_host(&head.headers)?;
    *origin = access.check_origin(&head.headers)?;
    let route = route.ok_or_else(Refusal::not_found)?;
    if head.method == Method::OPTIONS && origin.is_some() {
        return Ok(None);
    }
    if !route.takes(&head.method) {
        return Err(Refusal::wrong_method(route.methods()));
    }
    if !route.is_open() {
        access.check_token(&head.headers)?;
    }
    if matches!(route, Route::Call(_)) {
        access.check_rate(peer)?;
    }
    Ok(Some(route))
}

async fn act(
    shared: &Shared,
    route: Route,
    request_id: &str,
    head: &Parts,
    body: Incoming,
) -> Result<Content, Refusal> {
    let json = |value| Ok(Content::Reply(Reply::json(value)));
    match route {
        Route::Call(door) => call(shared, door, request_id, head, body).await,
        Route::Page => {
            let has_sandbox = shared.sandbox_url.is_some();
            Ok(Content::Page(Page::wanted(&head.headers, has_sandbox)))
        }
        Route::Tools => json(catalogue::tools()),
        Route::Search => {
            let query = head.uri.query().unwrap_or_default();
            let words = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "q");
            json(catalogue::search(
                &words.map_or_else(String::new, |(_, words)| words.into_owned()),
            ))
        }
        Route::Health => json(json!({
            "status": "ok",
            "token_required": shared.access.needs_token(),
        })),
        Route::Ready => match shared.stopping.load(Ordering::Relaxed) {
            false => json(json!({ "status": "ready" })),
            true => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "STOPPING",
                "this gateway is about to stop",
            )),
        },
        Route::Metrics => Ok(Content::Text(
            shared.metrics.write(shared.upstream.admitted()),
        )),
        Route::Config => json(json!({
            "credentials": shared.credentials.source(),
            "operation": OPERATION,
            "provider": "plaid",
            "sandbox": shared.sandbox_url.as_ref().map(|url| json!({ "url": url })),
            "token_required": shared.access.needs_token(),
            "upstream": shared.upstream.host(),
            "version": env!("CARGO_PKG_VERSION"),
        })),
        Route::Credentials if head.method == Method::DELETE => {
            shared.credentials.forget();
            Ok(Content::Nothing)
        }
        Route::Credentials => {
            let body = read(&head.headers, body).await?;
            shared.credentials.set(Pair::read(&body)?);
            Ok(Content::Nothing)
        }
    }
}

async fn call(
    shared: &Shared,
    door: Door,
    request_id: &str,
    head: &Parts,
    body: Incoming,
) -> Result<Content, Refusal> {
    let began = Instant::now();
    let body = read(&head.headers, body).await?;
    let input = Input::read(door, &head.headers, &body)?;
    drop(body);
    let (outcome, with_plaid) = shared
        .upstream
        .reset_login(input, shared.credentials.pair())
        .await?;
    if outcome.attempts > 0 {
        shared.metrics.upstream_took(with_plaid);
    }
    let took = began.elapsed();
    Ok(Content::Reply(Reply::outcome(
        door, request_id, took, outcome,
    )))
}

/// The body of a request that is to have one.
async fn read(headers: &HeaderMap, body: Incoming) -> Result<Vec<u8>, Refusal> {
    let content_type = headers.get(CONTENT_TYPE);
    let is_json = content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be JSON, with content-type: application/json",
        ));
    }
    // A request that announces its length in two ways is read in two ways by those between; one
    // length, said once, cannot be misread.
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    let length = length.and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let Some(length) = length.filter(|_| !headers.contains_key(TRANSFER_ENCODING)) else {
        return Err(Refusal::new(
            StatusCode::LENGTH_REQUIRED,
            "LENGTH_REQUIRED",
            "the body must come with its content-length, and in one piece",
        ));
    };
    if length > BODY_LIMIT {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BODY_TOO_LARGE",
            "the body must not be longer than 64 KiB",
        ));
    }
    match timeout(BODY_TIME_LIMIT, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(_)) => Err(Refusal::bad_request("the body ended before its length")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "BODY_TIMEOUT",
            "the body took longer than 10 seconds to arrive",
        )),
    }
}
