//! From a request to its reply, through Plaid's checks in Plaid's order (inferred): route, method,
//! body, credentials, fields, Item. The function of the route does the rest, or its stub.

use std::time::{Duration, Instant};

use hyper::{HeaderMap, Method, http::request::Parts};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    api::{call::Call, fields::Fields, reply::HttpReply, routes},
    model::{
        faults::{Effect, Hit},
        journal::{self, LoggedRequest},
        shared::Shared,
    },
    plaid::{
        error::PlaidError,
        ids::is_client_id,
        json::{self, RenderedList},
        routes::RouteSpec,
    },
};

/// The reply to a request. `body` is `None` if it could not be read.
pub(crate) async fn reply(shared: &Shared, head: &Parts, body: Option<&[u8]>) -> HttpReply {
    let path = head.uri.path();
    let route = RouteSpec::find(path);
    let hit = match route {
        Some(route) => shared.state().faults().draw(route.path),
        None => Hit::default(),
    };
    let mut log = LoggedRequest::new(head.method.as_str(), path, route);
    log.fault = hit.failure.as_ref().map(Effect::name);
    log.took = Duration::from_millis(hit.delay_ms);
    let reply = match &hit.failure {
        None => perform(shared, head, route, body, log),
        Some(Effect::CutShort) => perform(shared, head, route, body, log).cut_short(),
        Some(failure) => fail(shared, failure, path, log),
    };
    // The request has its effect at once: only the reply is late.
    if hit.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(hit.delay_ms)).await;
    }
    reply
}

/// Does what the request asks.
fn perform(
    shared: &Shared,
    head: &Parts,
    route: Option<&'static RouteSpec>,
    body: Option<&[u8]>,
    mut log: LoggedRequest,
) -> HttpReply {
    let start = Instant::now();
    let checked = check(shared, head, route, body, &mut log.fields);

    let mut state = shared.state();
    let request_id = state.new_request_id();
    let result = checked.and_then(|(route, fields)| {
        let mut call = Call {
            fields: &fields,
            url: &shared.url,
            head,
            request_id: &request_id,
            state: &mut state,
            lists: Vec::new(),
            item: None,
        };
        let result = answer(route, &mut call);
        log.not_emulated = matches!(result, Ok(None));
        log.item_id = call.item.map(|index| call.state.item(index).id.clone());
        result?.ok_or_else(PlaidError::not_found)
    });
    record(&mut log, &result, &request_id);
    log.took += start.elapsed();
    let is_unemulated = log.not_emulated;
    state.log_request(log);
    drop(state);
    if let (true, Some(route)) = (is_unemulated, route) {
        shared.warn_of(route.path);
    }
    json_reply(result, request_id, None)
}

/// The status and the body of a reply, without `request_id`.
struct Answer {
    status: u16,
    body: Value,
    lists: Vec<(&'static str, RenderedList)>,
    error_code: Option<&'static str>,
}

/// The answer of the route's stub or of its function; none for a route that has neither. The Item is
/// checked also for these, so that a broken login shows on every route of an Item.
fn answer(route: &RouteSpec, call: &mut Call) -> Result<Option<Answer>, PlaidError> {
    let function = routes::find(route.path);
    let is_stubbed = call.state.stubs().has(route.path);
    if (is_stubbed || function.is_none()) && call.fields.find("access_token").is_some() {
        match route.needs_login() {
            true => call.working_item()?,
            false => call.item()?,
        };
    }
    let stubbed = call.state.stubs().next(route.path).map(|stub| Answer {
        status: stub.status,
        body: stub.body.into(),
        lists: Vec::new(),
        error_code: stub.error_code,
    });
    match (stubbed, function) {
        (Some(answer), _) => Ok(Some(answer)),
        (None, Some(perform)) => Ok(Some(Answer {
            status: 200,
            body: perform(call)?,
            lists: std::mem::take(&mut call.lists),
            error_code: None,
        })),
        (None, None) => Ok(None),
    }
}

/// Fails as a fault says.
fn fail(shared: &Shared, failure: &Effect, path: &str, mut log: LoggedRequest) -> HttpReply {
    let mut state = shared.state();
    let reply = match failure {
        Effect::Error {
            status,
            error_code,
            retry_after,
        } => {
            let code = error_code.as_deref().unwrap_or(match status {
                Some(404) => "NOT_FOUND",
                Some(429) => "RATE_LIMIT",
                Some(503) => "PLANNED_MAINTENANCE",
                _ => "INTERNAL_SERVER_ERROR",
            });
            let error = PlaidError::of_code(code, path).unwrap_or_else(PlaidError::not_found);
            let result = Err(error.with_status(*status));
            let request_id = state.new_request_id();
            record(&mut log, &result, &request_id);
            json_reply(result, request_id, *retry_after)
        }
        Effect::Html { status } => {
            let status = status.unwrap_or(502);
            log.status = Some(status);
            HttpReply::Html(status)
        }
        Effect::Hang => HttpReply::Hang,
        Effect::Reset | Effect::CutShort | Effect::Delay { .. } => HttpReply::Reset,
    };
    state.log_request(log);
    reply
}

fn record(log: &mut LoggedRequest, result: &Result<Answer, PlaidError>, request_id: &str) {
    let (status, error_code) = match result {
        Ok(answer) => (answer.status, answer.error_code),
        Err(error) => (error.status, Some(error.error_code)),
    };
    log.status = Some(status);
    log.error_code = error_code;
    log.request_id = Some(request_id.to_owned());
}

fn json_reply(
    result: Result<Answer, PlaidError>,
    request_id: String,
    retry_after: Option<u64>,
) -> HttpReply {
    let (status, mut body, lists) = match result {
        Ok(answer) => (answer.status, answer.body, answer.lists),
        Err(error) => (error.status, error.to_json(), Vec::new()),
    };
    body["request_id"] = request_id.into();
    HttpReply::Json {
        status,
        body: json::render_with(body, &lists),
        retry_after,
        is_cut_short: false,
    }
}

/// The checks that all routes share. `shown` gets the fields for the log once the credentials are
/// right, also if a later check fails.
fn check(
    shared: &Shared,
    head: &Parts,
    route: Option<&'static RouteSpec>,
    body: Option<&[u8]>,
    shown: &mut Option<Value>,
) -> Result<(&'static RouteSpec, Fields), PlaidError> {
    let route = route.ok_or_else(PlaidError::not_found)?;
    if head.method != Method::POST {
        return Err(PlaidError::invalid_route(route.path));
    }
    let fields = Fields::parse(&head.headers, body)?;
    // /categories/get needs no credentials (observed).
    if route.path != "/categories/get" {
        authenticate(shared, &head.headers, &fields)?;
    }
    *shown = Some(journal::shown_fields(route, fields.as_map()));
    fields.check(route)?;
    Ok((route, fields))
}

/// Credentials are in the body or in headers (documented). If both have them the body wins
/// (inferred): a client sends its headers with every request, the body is for this request.
fn authenticate(shared: &Shared, headers: &HeaderMap, fields: &Fields) -> Result<(), PlaidError> {
    let given = |field: &str, header: &str| match fields.find(field) {
        Some(value) => Some(value.as_str().unwrap_or_default()),
        None => headers
            .get(header)
            .map(|value| value.to_str().unwrap_or_default()),
    };
    let client_id = given("client_id", "plaid-client-id");
    let secret = given("secret", "plaid-secret");
    let (client_id, secret) = match (client_id, secret) {
        (Some(client_id), Some(secret)) => (client_id, secret),
        (None, Some(_)) => return Err(PlaidError::missing_fields(&["client_id"])),
        (Some(_), None) => return Err(PlaidError::missing_fields(&["secret"])),
        (None, None) => return Err(PlaidError::missing_fields(&["client_id", "secret"])),
    };
    if !is_client_id(client_id) {
        return Err(PlaidError::improper("client_id"));
    }
    // The same message for an empty secret is inferred. A secret of another form is a wrong secret
    // (observed).
    if secret.is_empty() {
        return Err(PlaidError::improper("secret"));
    }
    if shared.takes_any_credentials {
        return Ok(());
    }
    if client_id != shared.client_id || secret != shared.secret.expose_secret() {
        return Err(PlaidError::invalid_api_keys());
    }
    Ok(())
}
