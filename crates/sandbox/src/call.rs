//! From a request to its reply, through Plaid's checks in Plaid's order (inferred): route, body,
//! credentials, fields; the token is the route's own.

use std::time::Duration;

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::{
    event::Event,
    faults::{Failure, Hit},
    journal::{self, LoggedRequest},
    json,
    plaid_error::PlaidError,
    routes::{ROUTES, Route},
    state::{Shared, State},
};

/// What goes back to the client.
pub(crate) enum Reply {
    /// JSON.
    Json {
        status: StatusCode,
        body: String,
        /// The `Retry-After` header, in seconds.
        retry_after: Option<u64>,
        /// The connection ends in the middle of the body.
        is_cut_short: bool,
    },
    /// A proxy's page.
    Html(u16),
    /// A connection that is reset.
    Reset,
    /// Nothing, ever.
    Silence,
}

/// A request that has passed the checks all routes share, for its route to carry out.
pub(crate) struct Call<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) request_id: &'a str,
    /// Where the client reached this Sandbox.
    pub(crate) origin: String,
    pub(crate) state: &'a mut State,
    /// The place of the Item that it is about, once that is known.
    item: Option<usize>,
}

/// The JSON object that a request's body is. Of a key that stands in it twice the last one
/// counts (inferred: so Go's JSON reads it).
pub(crate) struct Fields(Map<String, Value>);

/// The reply to a request. `body` is `None` when it could not be read.
pub(crate) async fn answer(shared: &Shared, head: &Parts, body: Option<&[u8]>) -> Reply {
    let path = head.uri.path();
    let route = ROUTES.iter().find(|route| route.path == path);
    let hit = match route {
        Some(route) => shared.state().faults.draw(route.path),
        None => Hit::default(),
    };
    let mut done = match &hit.failure {
        None | Some(Failure::CutShort) => act(shared, head, route, body),
        Some(failure) => instead(shared, failure),
    };
    note(shared, head, route, &mut done, hit.failure.as_ref());
    // What was asked is done by now: it is the reply that is late.
    if hit.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(hit.delay_ms)).await;
    }
    match (done.reply, hit.failure) {
        (Reply::Json { status, body, .. }, Some(Failure::CutShort)) => Reply::Json {
            status,
            body,
            retry_after: None,
            is_cut_short: true,
        },
        (reply, _) => reply,
    }
}

/// Tells the log and whoever listens.
fn note(
    shared: &Shared,
    head: &Parts,
    route: Option<&Route>,
    done: &mut Done,
    failure: Option<&Failure>,
) {
    let path = head.uri.path();
    let mut state = shared.state();
    let request = LoggedRequest {
        at: state.clock.now(),
        method: journal::shown_method(head.method.as_str()),
        path: route.map_or_else(|| journal::shown_path(path), |it| it.path.to_owned()),
        fields: done.fields.take(),
        item_id: done.item_id.take(),
        status: done.status.map(|status| status.as_u16()),
        error_code: done.error_code,
        request_id: done.request_id.take(),
        fault: failure.map(Failure::name),
    };
    state.tell(|| Event::Request(request.clone()));
    state.journal.note(request);
}

/// A reply, and what the log says about it.
struct Done {
    reply: Reply,
    status: Option<StatusCode>,
    fields: Option<Value>,
    item_id: Option<String>,
    error_code: Option<&'static str>,
    request_id: Option<String>,
}

/// Does what was asked.
fn act(shared: &Shared, head: &Parts, route: Option<&'static Route>, body: Option<&[u8]>) -> Done {
    let mut shown = None;
    let admitted = admit(shared, head, route, body, &mut shown);

    let mut state = shared.state();
    let request_id = state.requests.request_id();
    let mut item_id = None;
    let result = admitted.and_then(|(route, fields)| {
        let mut call = Call {
            fields: &fields,
            request_id: &request_id,
            origin: origin(shared, &head.headers),
            state: &mut state,
            item: None,
        };
        let result = (route.act)(&mut call);
        item_id = call.item.map(|place| call.state.items[place].id.clone());
        result
    });
    drop(state);
    Done {
        fields: shown,
        item_id,
        ..reply(result, None, request_id)
    }
}

/// Fails on purpose.
fn instead(shared: &Shared, failure: &Failure) -> Done {
    let bare = |reply, status| Done {
        reply,
        status,
        fields: None,
        item_id: None,
        error_code: None,
        request_id: None,
    };
    match failure {
        Failure::Error { error, retry_after } => {
            let request_id = shared.state().requests.request_id();
            reply(Err(error.clone()), *retry_after, request_id)
        }
        Failure::Html { status } => bare(Reply::Html(*status), StatusCode::from_u16(*status).ok()),
        Failure::Reset | Failure::CutShort => bare(Reply::Reset, None),
        Failure::Hang => bare(Reply::Silence, None),
    }
}

fn reply(result: Result<Value, PlaidError>, retry_after: Option<u64>, request_id: String) -> Done {
    let (status, mut body, error_code) = match result {
        Ok(body) => (StatusCode::OK, body, None),
        Err(error) => (error.status, error.to_json(), Some(error.error_code)),
    };
    body["request_id"] = request_id.as_str().into();
    Done {
        reply: Reply::Json {
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

fn admit(
    shared: &Shared,
    head: &Parts,
    route: Option<&'static Route>,
    body: Option<&[u8]>,
    shown: &mut Option<Value>,
) -> Result<(&'static Route, Fields), PlaidError> {
    let route = route.ok_or_else(PlaidError::not_found)?;
    if head.method != Method::POST {
        return Err(PlaidError::invalid_route(route.path));
    }
    let fields = Fields::parse(head.headers.get(CONTENT_TYPE), body)?;
    *shown = Some(journal::shown_fields(route, &fields.0));
    authenticate(shared, &head.headers, &fields)?;
    fields.check(route)?;
    Ok((route, fields))
}

/// `http://` and the host by which the client reached this Sandbox: in a container it is known by
/// another name than its own.
pub(crate) fn origin(shared: &Shared, headers: &HeaderMap) -> String {
    let host = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .filter(|host| host.parse::<hyper::http::uri::Authority>().is_ok() && !host.contains('@'));
    match host {
        Some(host) => format!("http://{host}"),
        None => shared.url.clone(),
    }
}

/// Credentials stand in the body or in headers (documented). Where both are given the body wins
/// (inferred): a client sends its headers on every request, the body is the caller's for this
/// one.
fn authenticate(shared: &Shared, headers: &HeaderMap, fields: &Fields) -> Result<(), PlaidError> {
    let given = |field: &str, header: &str| match fields.0.get(field) {
        Some(value) => Some(value.as_str().unwrap_or_default()),
        None => headers
            .get(header)
            .map(|value| value.to_str().unwrap_or_default()),
    };
    let (client_id, secret) = match (
        given("client_id", "plaid-client-id"),
        given("secret", "plaid-secret"),
    ) {
        (Some(client_id), Some(secret)) => (client_id, secret),
        (None, Some(_)) => return Err(PlaidError::missing_fields(&["client_id"])),
        (Some(_), None) => return Err(PlaidError::missing_fields(&["secret"])),
        (None, None) => return Err(PlaidError::missing_fields(&["client_id", "secret"])),
    };
    // 24 hex characters is the form of every client_id Plaid gave out (observed).
    if client_id.len() != 24 || !client_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(PlaidError::improper("client_id"));
    }
    // For the secret the same sentence is inferred, and only emptiness counts: a secret of
    // another form is answered as a wrong one (observed).
    if secret.is_empty() {
        return Err(PlaidError::improper("secret"));
    }
    if client_id != shared.client_id || secret != shared.secret.expose_secret() {
        return Err(PlaidError::invalid_api_keys());
    }
    Ok(())
}

impl Call<'_> {
    /// The place of the Item that the field `access_token` names.
    pub(crate) fn item(&mut self) -> Result<usize, PlaidError> {
        let token = self.fields.text("access_token")?;
        self.item_of(token)
    }

    /// The place of an access token's Item.
    pub(crate) fn item_of(&mut self, access_token: &str) -> Result<usize, PlaidError> {
        let place = self.state.item_of(access_token)?;
        self.item = Some(place);
        Ok(place)
    }

    /// Says which Item the call is about.
    pub(crate) fn concerns(&mut self, place: usize) {
        self.item = Some(place);
    }
}

impl Fields {
    fn parse(content_type: Option<&HeaderValue>, body: Option<&[u8]>) -> Result<Self, PlaidError> {
        // A missing content type is a wrong one (inferred).
        let is_json = content_type
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        let body = body.filter(|_| is_json).unwrap_or_default();
        serde_json::from_slice(body)
            .map(Fields)
            .map_err(|_| PlaidError::invalid_body())
    }

    /// A required string.
    ///
    /// Null, another type and the empty string are all answered alike (observed for
    /// `access_token`, inferred for the rest).
    pub(crate) fn text(&self, path: &str) -> Result<&str, PlaidError> {
        match self.find(path).and_then(Value::as_str) {
            None | Some("") => Err(PlaidError::invalid_field(path, "a non-empty string")),
            Some(text) => Ok(text),
        }
    }

    /// A string that may be left out, or null, but not empty.
    pub(crate) fn optional_text(&self, path: &str) -> Result<Option<&str>, PlaidError> {
        match self.find(path) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(path).map(Some),
        }
    }

    /// A list of strings that may be left out, or null.
    pub(crate) fn texts(&self, path: &str) -> Result<Option<Vec<&str>>, PlaidError> {
        let list = match self.find(path) {
            None | Some(Value::Null) => return Ok(None),
            Some(list) => list.as_array(),
        };
        list.and_then(|list| list.iter().map(Value::as_str).collect())
            .map(Some)
            .ok_or_else(|| PlaidError::invalid_field(path, "a list of strings"))
    }

    /// The value at a dotted path, if it is there.
    pub(crate) fn find(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// Missing fields are named before unknown ones, and both before a wrong type (inferred).
    fn check(&self, route: &Route) -> Result<(), PlaidError> {
        let missing: Vec<_> = route
            .required
            .iter()
            .copied()
            .filter(|name| !self.0.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            return Err(PlaidError::missing_fields(&missing));
        }
        let mut unknown = Vec::new();
        collect_unknown(&self.0, "", route, &mut unknown);
        if !unknown.is_empty() {
            return Err(PlaidError::unknown_fields(&unknown));
        }
        // What holds fields may be left out, but not null (documented for `options`). The sentence
        // is inferred.
        for (name, value) in &self.0 {
            if route.is_parent(name) && !value.is_object() {
                return Err(PlaidError::invalid_field(name, "an object"));
            }
        }
        Ok(())
    }
}

/// Gathers the dotted paths of the fields that `route` does not take.
fn collect_unknown(
    object: &Map<String, Value>,
    parent: &str,
    route: &Route,
    out: &mut Vec<String>,
) {
    for (name, value) in object {
        let path = match parent {
            "" => name.clone(),
            _ => format!("{parent}.{name}"),
        };
        match value {
            _ if route.takes(&path) => {}
            Value::Object(inner) if route.is_parent(&path) => {
                collect_unknown(inner, &path, route, out);
            }
            // Not unknown, whatever else is wrong with it.
            _ if route.is_parent(&path) => {}
            _ => out.push(path),
        }
    }
}
