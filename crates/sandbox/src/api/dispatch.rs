//! From a request to its reply, through Plaid's checks in Plaid's order (inferred): route, method,
//! body, credentials, fields. The function of the route checks the token.

use std::time::Duration;

use hyper::{HeaderMap, Method, http::request::Parts};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    api::{call::Call, fields::Fields, reply::HttpReply, routes},
    model::{
        faults::{Failure, Hit},
        journal::{self, LoggedRequest},
        shared::Shared,
    },
    plaid::{error::PlaidError, json, routes::RouteSpec},
};

/// The reply to a request. `body` is `None` if it could not be read.
pub(crate) async fn reply(shared: &Shared, head: &Parts, body: Option<&[u8]>) -> HttpReply {
    let route = RouteSpec::find(head.uri.path());
    let hit = match route {
        Some(route) => shared.state().draw_faults(route.path),
        None => Hit::default(),
    };
    let mut done = match &hit.failure {
        None | Some(Failure::CutShort) => perform(shared, head, route, body),
        Some(failure) => fail(shared, failure),
    };
    log(shared, head, route, &mut done, hit.failure.as_ref());
    // The request has its effect at once: only the reply is late.
    if hit.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(hit.delay_ms)).await;
    }
    match (done.reply, hit.failure) {
        (HttpReply::Json { status, body, .. }, Some(Failure::CutShort)) => HttpReply::Json {
            status,
            body,
            retry_after: None,
            is_cut_short: true,
        },
        (reply, _) => reply,
    }
}

/// A reply, and what the log says about it.
struct Done {
    reply: HttpReply,
    status: Option<u16>,
    fields: Option<Value>,
    item_id: Option<String>,
    error_code: Option<&'static str>,
    request_id: Option<String>,
}

/// Does what the request asks.
fn perform(
    shared: &Shared,
    head: &Parts,
    route: Option<&'static RouteSpec>,
    body: Option<&[u8]>,
) -> Done {
    let mut shown = None;
    let checked = check(shared, head, route, body, &mut shown);

    let mut state = shared.state();
    let request_id = state.new_request_id();
    let mut item_id = None;
    let result = checked.and_then(|(route, fields)| {
        let perform = routes::find(route.path).ok_or_else(PlaidError::not_found)?;
        let mut call = Call {
            fields: &fields,
            url: &shared.url,
            headers: &head.headers,
            request_id: &request_id,
            state: &mut state,
            item: None,
        };
        let result = perform(&mut call);
        item_id = call.item.map(|index| call.state.item(index).id.clone());
        result
    });
    drop(state);
    Done {
        fields: shown,
        item_id,
        ..json_reply(result, None, request_id)
    }
}

/// Fails as a fault says.
fn fail(shared: &Shared, failure: &Failure) -> Done {
    let without_json = |reply, status| Done {
        reply,
        status,
        fields: None,
        item_id: None,
        error_code: None,
        request_id: None,
    };
    match failure {
        Failure::Error { error, retry_after } => {
            let request_id = shared.state().new_request_id();
            json_reply(Err(error.clone()), *retry_after, request_id)
        }
        Failure::Html { status } => without_json(HttpReply::Html(*status), Some(*status)),
        Failure::Reset | Failure::CutShort => without_json(HttpReply::Reset, None),
        Failure::Hang => without_json(HttpReply::Hang, None),
    }
}

fn json_reply(
    result: Result<Value, PlaidError>,
    retry_after: Option<u64>,
    request_id: String,
) -> Done {
    let (status, mut body, error_code) = match result {
        Ok(body) => (200, body, None),
        Err(error) => (error.status, error.to_json(), Some(error.error_code)),
    };
    body["request_id"] = request_id.as_str().into();
    Done {
        reply: HttpReply::Json {
            status,
            body: json::render(body),
            retry_after,
            is_cut_short: false,
        },
        status: Some(status),
        fields: None,
        item_id: None,
        error_code,
        request_id: Some(request_id),
    }
}

/// Writes the request to the log and to the listeners.
fn log(
    shared: &Shared,
    head: &Parts,
    route: Option<&RouteSpec>,
    done: &mut Done,
    failure: Option<&Failure>,
) {
    let path = head.uri.path();
    let mut state = shared.state();
    let at = state.now();
    state.log_request(LoggedRequest {
        at,
        method: journal::shown_method(head.method.as_str()),
        path: route.map_or_else(|| journal::shown_path(path), |it| it.path.to_owned()),
        fields: done.fields.take(),
        item_id: done.item_id.take(),
        status: done.status,
        error_code: done.error_code,
        request_id: done.request_id.take(),
        fault: failure.map(Failure::name),
    });
}

/// The checks that all routes share. `shown` gets the fields for the log, also if a later check
/// fails.
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
    *shown = Some(journal::shown_fields(route, fields.as_map()));
    authenticate(shared, &head.headers, &fields)?;
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
    // Every client_id that Plaid issues is 24 hex characters (observed).
    if client_id.len() != 24 || !client_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(PlaidError::improper("client_id"));
    }
    // The same message for an empty secret is inferred. A secret of another form is a wrong secret
    // (observed).
    if secret.is_empty() {
        return Err(PlaidError::improper("secret"));
    }
    if client_id != shared.client_id || secret != shared.secret.expose_secret() {
        return Err(PlaidError::invalid_api_keys());
    }
    Ok(())
}
