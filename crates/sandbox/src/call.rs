//! From a request to its reply, through Plaid's checks in Plaid's order (inferred): route, body,
//! credentials, fields; the token is the route's own.

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::{
    json,
    plaid_error::PlaidError,
    routes::{ROUTES, Route},
    state::{Shared, State},
};

/// What goes back to the client.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// A request that has passed the checks all routes share, for its route to carry out.
pub(crate) struct Call<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) request_id: &'a str,
    pub(crate) shared: &'a Shared,
    pub(crate) state: &'a mut State,
}

/// The JSON object that a request's body is. Of a key that stands in it twice the last one
/// counts (inferred: so Go's JSON reads it).
pub(crate) struct Fields(Map<String, Value>);

/// The reply to a request. `body` is `None` when it could not be read.
pub(crate) fn answer(shared: &Shared, head: &Parts, body: Option<&[u8]>) -> Reply {
    let admitted = admit(shared, head, body);

    let mut state = shared.state();
    let request_id = state.random.request_id();
    let result = admitted.and_then(|(route, fields)| {
        (route.act)(&mut Call {
            fields: &fields,
            request_id: &request_id,
            shared,
            state: &mut state,
        })
    });
    drop(state);

    let (status, mut reply) = match result {
        Ok(reply) => (StatusCode::OK, reply),
        Err(error) => (error.status, error.to_json()),
    };
    reply["request_id"] = request_id.into();
    Reply {
        status,
        body: json::render(reply),
    }
}

fn admit(
    shared: &Shared,
    head: &Parts,
    body: Option<&[u8]>,
) -> Result<(&'static Route, Fields), PlaidError> {
    let path = head.uri.path();
    let route = ROUTES
        .iter()
        .find(|route| route.path == path)
        .ok_or_else(PlaidError::not_found)?;
    if head.method != Method::POST {
        return Err(PlaidError::invalid_route(route.path));
    }
    let fields = Fields::parse(head.headers.get(CONTENT_TYPE), body)?;
    authenticate(shared, &head.headers, &fields)?;
    fields.check(route)?;
    Ok((route, fields))
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
    pub(crate) fn text(&self, name: &str) -> Result<&str, PlaidError> {
        match self.0.get(name).and_then(Value::as_str) {
            None | Some("") => Err(PlaidError::invalid_field(name, "a non-empty string")),
            Some(text) => Ok(text),
        }
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
        // Options may be left out, but not null (documented). The sentence is inferred.
        match self.0.get("options") {
            None | Some(Value::Object(_)) => Ok(()),
            Some(_) => Err(PlaidError::invalid_field("options", "an object")),
        }
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
        let is_parent = route.optional.iter().any(|field| {
            let rest = field.strip_prefix(path.as_str());
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        match value {
            _ if route.takes(&path) => {}
            Value::Object(inner) if is_parent => collect_unknown(inner, &path, route, out),
            // Not unknown, whatever else is wrong with it.
            _ if is_parent => {}
            _ => out.push(path),
        }
    }
}
