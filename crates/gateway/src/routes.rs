//! The routes, and the checks before them. Paths are compared byte for byte, without decoding or
//! normalising, so each route has exactly one spelling.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Instant,
};

use hyper::{Method, StatusCode, body::Incoming, header::HeaderValue, http::request::Parts};
use serde_json::{Value, json};
use tracing::Dispatch;
use url::form_urlencoded;
use utdk_plaid_page::{Page, Server};

use crate::{
    access::Access,
    body,
    catalogue::{self, OPERATION},
    connections::Connection,
    credentials::Credentials,
    input::{self, CallRoute, Input},
    metrics::Metrics,
    refusal::Refusal,
    reply::JsonReply,
    upstream::Upstream,
};

/// The state that all requests of one gateway share.
pub(crate) struct GatewayState {
    pub(crate) access: Access,
    pub(crate) credentials: Credentials,
    pub(crate) upstream: Upstream,
    pub(crate) metrics: Metrics,
    /// The subscriber that gets one event for each request.
    pub(crate) log: Option<Dispatch>,
    pub(crate) sandbox_url: Option<String>,
    /// Counts the requests so far.
    pub(crate) requests: AtomicUsize,
    pub(crate) stopping: AtomicBool,
}

/// A response, with what the log records about it.
pub(crate) struct RouteResponse {
    pub(crate) content: Content,
    pub(crate) route: &'static str,
    /// The origin of the page that called, if a page called and may.
    pub(crate) origin: Option<HeaderValue>,
}

pub(crate) enum Content {
    Json(JsonReply),
    Text(String),
    Page(Page),
    /// The response to a CORS preflight request.
    Preflight,
    Empty,
}

/// What a path stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Call(CallRoute),
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
            "/sandbox/item/reset_login" => Some(Route::Call(CallRoute::Plaid)),
            "/" => Some(Route::Page),
            "/tools" => Some(Route::Tools),
            "/tools/search" => Some(Route::Search),
            "/healthz" => Some(Route::Health),
            "/readyz" => Some(Route::Ready),
            "/metrics" => Some(Route::Metrics),
            "/config" => Some(Route::Config),
            "/credentials" => Some(Route::Credentials),
            _ => match path.strip_prefix("/tools/plaid/") {
                Some(name) if name.eq_ignore_ascii_case(OPERATION) => {
                    Some(Route::Call(CallRoute::Tool))
                }
                _ => None,
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Route::Call(CallRoute::Tool) => "tool",
            Route::Call(CallRoute::Plaid) => "plaid",
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

    /// Whether the route needs no token. Load balancers probe without one, and the console is where a
    /// person enters it.
    fn is_open(self) -> bool {
        matches!(self, Route::Health | Route::Page | Route::Ready)
    }
}

/// Handles a request.
pub(crate) async fn handle(
    state: &GatewayState,
    connection: &Connection,
    peer: SocketAddr,
    request_id: &str,
    head: &Parts,
    body: &mut Incoming,
) -> RouteResponse {
    let route = Route::of(head.uri.path());
    let call_route = match route {
        Some(Route::Call(call_route)) => Some(call_route),
        _ => None,
    };
    let mut origin = None;
    let content = match check(state, peer, head, route, &mut origin) {
        Err(refusal) => Err(refusal),
        Ok(None) => Ok(Content::Preflight),
        Ok(Some(route)) => run(state, connection, route, request_id, head, body).await,
    };
    RouteResponse {
        content: content.unwrap_or_else(|refusal| {
            Content::Json(JsonReply::refusal(call_route, request_id, refusal))
        }),
        route: route.map_or("none", Route::name),
        origin,
    }
}

/// Checks a request. Returns its route, or `None` for a preflight request.
fn check(
    state: &GatewayState,
    peer: SocketAddr,
    head: &Parts,
    route: Option<Route>,
    origin: &mut Option<HeaderValue>,
) -> Result<Option<Route>, Refusal> {
    let access = &state.access;
    let is_open = route.is_some_and(Route::is_open);
    let host = access.check_host(head, is_open)?;
    *origin = access.check_origin(&head.headers, host.as_ref())?;
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

async fn run(
    state: &GatewayState,
    connection: &Connection,
    route: Route,
    request_id: &str,
    head: &Parts,
    body: &mut Incoming,
) -> Result<Content, Refusal> {
    let json = |value: Value| Ok(Content::Json(JsonReply::ok(&value)));
    match route {
        Route::Call(call_route) => {
            call(state, connection, call_route, request_id, head, body).await
        }
        Route::Page => {
            let server = match state.sandbox_url {
                Some(_) => Server::GatewayToSandbox,
                None => Server::Gateway,
            };
            Ok(Content::Page(Page::respond_to(&head.headers, server)))
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
            "token_required": state.access.needs_token(),
        })),
        Route::Ready => match state.stopping.load(Ordering::Relaxed) {
            false => json(json!({ "status": "ready" })),
            true => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "STOPPING",
                "this gateway is stopping",
            )),
        },
        Route::Metrics => Ok(Content::Text(
            state.metrics.write(state.upstream.admitted()),
        )),
        Route::Config => json(json!({
            "credentials": state.credentials.source(),
            "operation": OPERATION,
            "provider": "plaid",
            "sandbox": state.sandbox_url.as_ref().map(|url| json!({ "url": url })),
            "token_required": state.access.needs_token(),
            "upstream": state.upstream.host(),
            "version": env!("CARGO_PKG_VERSION"),
        })),
        Route::Credentials if head.method == Method::DELETE => {
            state.credentials.clear();
            Ok(Content::Empty)
        }
        Route::Credentials => {
            let body = body::read(&head.headers, body).await?;
            state.credentials.set(input::credentials(&body)?);
            Ok(Content::Empty)
        }
    }
}

async fn call(
    state: &GatewayState,
    connection: &Connection,
    call_route: CallRoute,
    request_id: &str,
    head: &Parts,
    body: &mut Incoming,
) -> Result<Content, Refusal> {
    let start = Instant::now();
    let body = body::read(&head.headers, body).await?;
    connection.busy();
    let input = Input::parse(call_route, &head.headers, &body)?;
    drop(body);
    let (outcome, upstream_duration) = state
        .upstream
        .reset_login(input, state.credentials.pair())
        .await?;
    if outcome.attempts > 0 {
        state.metrics.observe_upstream(upstream_duration);
    }
    Ok(Content::Json(JsonReply::outcome(
        call_route,
        request_id,
        start.elapsed(),
        outcome,
    )))
}
