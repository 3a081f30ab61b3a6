//! The Sandbox's own addresses over HTTP: the control routes under `/_sandbox/`, and the hosted
//! pages under `/hl/`; and who may use them.

use std::{net::SocketAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN},
    http::request::Parts,
};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::{
    answer::{Answer, Content},
    call,
    controls::Controls,
    error::SandboxError,
    event_stream::EventStream,
    hosted_page::{self, Page, Stage},
    item::Item,
    json,
    link::{HostedState, LinkToken, Purpose},
    options::Options,
    state::{Shared, State},
};

/// A request to a control route, whose path goes on with `rest`.
pub(crate) async fn control(
    shared: &Arc<Shared>,
    peer: SocketAddr,
    head: &Parts,
    rest: &str,
    body: Option<&[u8]>,
) -> Answer {
    let page = match admit(shared, peer, &head.headers) {
        Ok(page) => page,
        Err(refusal) => return Answer::refused(StatusCode::FORBIDDEN, "FORBIDDEN", refusal, None),
    };
    let answer = match (&head.method, rest) {
        (&Method::OPTIONS, _) if page.is_some() => {
            Answer::new(StatusCode::NO_CONTENT, Content::Preflight)
        }
        // Webhooks are not read, so they may be anything.
        (&Method::POST, "inbox") if body.is_some() => Answer::json(json!({})),
        _ => ask(shared, head, rest, body).await,
    };
    Answer { page, ..answer }
}

async fn ask(shared: &Arc<Shared>, head: &Parts, rest: &str, body: Option<&[u8]>) -> Answer {
    let options = match options(head, body) {
        Ok(options) => options,
        Err(problem) => {
            return Answer::refused(StatusCode::BAD_REQUEST, "INVALID_BODY", problem, None);
        }
    };
    let controls = Controls {
        origin: call::origin(shared, &head.headers),
        shared: Arc::clone(shared),
    };
    let answered = match (&head.method, rest) {
        (&Method::GET, "events") => Options::new(options)
            .and_then(Options::end)
            .map(|()| Content::Events(EventStream::new(shared, last_event_id(&head.headers)))),
        (method, rest) => controls
            .answer(method.as_str(), rest, options)
            .await
            .map(|value| Content::Json(json::render(value))),
    };
    match answered {
        Ok(content) => Answer::new(StatusCode::OK, content),
        Err(error) => {
            let status = match &error {
                SandboxError::NoSuchRoute { .. }
                | SandboxError::ItemNotFound { .. }
                | SandboxError::WebhookNotFound { .. } => StatusCode::NOT_FOUND,
                SandboxError::WebhookTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
                SandboxError::Closed => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            };
            Answer::refused(status, error.code(), &error.to_string(), error.field())
        }
    }
}

/// The controls are for tests on this machine: not for other machines, unless they are allowed, and
/// never for a page of another site that the user's browser happens to show. Returns the origin of
/// a page of this machine's, where such pages are allowed.
fn admit(
    shared: &Shared,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, &'static str> {
    // The name counts, too: a page can have its own name lead to this machine.
    let is_local = peer.ip().to_canonical().is_loopback() && names_loopback(headers);
    if !is_local && !shared.config.allow_remote_control {
        return Err(
            "the control routes answer callers on this machine alone, under a loopback name; start \
             the Sandbox with --allow-remote-control, or allowRemoteControl, to change that",
        );
    }
    let local_page = local_page(headers).filter(|_| is_local && shared.config.allow_local_pages);
    match local_page.is_none() && is_from_another_site(headers) {
        true => Err("the control routes do not answer pages of other sites"),
        false => Ok(local_page.cloned()),
    }
}

/// The origin of the page that a request comes from, if this machine serves it.
fn local_page(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return None;
    };
    let text = origin.to_str().ok()?;
    let url = Url::parse(text).ok()?;
    let is_local = matches!(url.scheme(), "http" | "https")
        && is_loopback(url.host()?)
        // As a browser writes it, and nothing but an origin.
        && url.origin().ascii_serialization() == text;
    is_local.then_some(origin)
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let url = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    url.as_ref().and_then(Url::host).is_some_and(is_loopback)
}

fn is_loopback(host: Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// What a browser says about the page that a request comes from.
fn is_from_another_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or_default());
    let other_site = matches!(text("sec-fetch-site"), Some("cross-site" | "same-site"));
    let own_origin = |origin: &str| {
        let own = text(HOST.as_str()).unwrap_or_default();
        origin.strip_prefix("http://") == Some(own) || origin.strip_prefix("https://") == Some(own)
    };
    other_site || text(ORIGIN.as_str()).is_some_and(|origin| !own_origin(origin))
}

/// The JSON of the body; none for a body that is empty.
fn options(head: &Parts, body: Option<&[u8]>) -> Result<Value, &'static str> {
    let body = body.ok_or("the body is longer than 1 MiB, or ended early")?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let content_type = head.headers.get(CONTENT_TYPE);
    let is_json = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim().starts_with("application/json"));
    match is_json {
        true => serde_json::from_slice(body).map_err(|_| "the body is not JSON"),
        false => Err("the content type of the body must be application/json"),
    }
}

/// A request to a hosted page, whose path goes on with `rest`: `<id>` shows it, and a POST to
/// `<id>/complete` or `<id>/exit` does what its two buttons say.
pub(crate) fn hosted(shared: &Shared, head: &Parts, rest: &str) -> Answer {
    let (id, action) = match rest.split_once('/') {
        Some((id, action)) => (id, Some(action)),
        None => (rest, None),
    };
    let mut state = shared.state();
    let state = &mut *state;
    let Some((token, link)) = state.hosted_token(id) else {
        return page(StatusCode::NOT_FOUND, hosted_page::unknown());
    };
    let is_open = matches!(link.state(state.clock.now()), HostedState::Open);
    let token = token.to_owned();
    match (&head.method, action) {
        (&Method::GET | &Method::HEAD, None) => {
            // A look at what the page says in the end is no session.
            if is_open {
                state.open_link(&token);
            }
            show(state, id, false)
        }
        (&Method::GET | &Method::HEAD, Some("exited")) => show(state, id, true),
        // Nothing is done, and the page shows as much.
        (&Method::POST, Some("complete" | "exit")) if is_from_another_site(&head.headers) => {
            Answer {
                status: StatusCode::FORBIDDEN,
                ..show(state, id, false)
            }
        }
        (&Method::POST, Some("complete")) => {
            if state.complete_link(&token).is_err() {
                return show(state, id, false);
            }
            let next = state
                .hosted_token(id)
                .and_then(|(_, link)| continue_to(link))
                .map(as_header);
            see_other(next.unwrap_or_else(|| format!("/hl/{id}")))
        }
        (&Method::POST, Some("exit")) => match state.exit_link(&token) {
            Ok(()) => see_other(format!("/hl/{id}/exited")),
            Err(_) => show(state, id, false),
        },
        _ => page(StatusCode::NOT_FOUND, hosted_page::unknown()),
    }
}

/// `exited`: right after the user has left.
fn show(state: &State, id: &str, exited: bool) -> Answer {
    let Some((_, link)) = state.hosted_token(id) else {
        return page(StatusCode::NOT_FOUND, hosted_page::unknown());
    };
    let item = match link.purpose {
        Purpose::Update(place) => Some(&state.items[place]),
        Purpose::Add { .. } => None,
    };
    let update = item.is_some();
    let stage = match link.state(state.clock.now()) {
        HostedState::Open if exited => Stage::Exited {
            continue_to: continue_to(link),
        },
        HostedState::Open => Stage::Open {
            update,
            broken: item.is_some_and(Item::is_broken),
        },
        HostedState::Completed => Stage::Completed {
            update,
            continue_to: continue_to(link),
        },
        HostedState::Expired => Stage::Expired,
    };
    let status = match stage {
        Stage::Expired => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    let shown = Page {
        path: &format!("/hl/{id}"),
        client_name: &link.client_name,
        institution: item.map_or("First Platypus Bank", |item| item.institution.name),
        stage,
    };
    page(status, shown.render())
}

fn continue_to(link: &LinkToken) -> Option<&str> {
    link.hosted.as_ref()?.completion_redirect_uri.as_deref()
}

/// A URL as a header can hold it: as it was given, if it can be.
fn as_header(url: &str) -> String {
    match url.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => url.to_owned(),
        false => Url::parse(url).map_or_else(|_| String::new(), String::from),
    }
}

fn page(status: StatusCode, html: String) -> Answer {
    Answer::new(status, Content::Page(html))
}

fn see_other(location: String) -> Answer {
    Answer::new(StatusCode::SEE_OTHER, Content::Location(location))
}
