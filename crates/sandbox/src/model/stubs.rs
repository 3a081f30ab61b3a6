//! Replies that a test sets for routes of Plaid's, emulated or not.

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value};

use crate::plaid::{error::PlaidError, routes::RouteSpec};

/// All stubs together may have this many bytes of JSON.
const TOTAL_LIMIT: usize = 16 << 20;

/// What a stubbed route replies.
#[derive(Debug, Clone, PartialEq)]
pub struct Stub {
    /// The route, such as `/statements/list`.
    pub path: String,
    /// The bodies, served in turn; the last one stays.
    pub bodies: Vec<Map<String, Value>>,
    /// The HTTP status; 200 by default. With a status of 400 or more a body with an `error_code` that
    /// the Sandbox knows gets the other fields of that error.
    pub status: Option<u16>,
}

/// A stub that cannot be set, and why.
pub(crate) struct InvalidStub {
    pub(crate) field: &'static str,
    pub(crate) problem: Cow<'static, str>,
}

/// The stubs by path.
#[derive(Default)]
pub(crate) struct Stubs {
    by_path: HashMap<&'static str, Set>,
    bytes: usize,
}

/// A stub that was set.
struct Set {
    stub: Stub,
    /// The body of the next reply.
    next: usize,
    bytes: usize,
}

/// One reply of a stub.
pub(crate) struct StubReply {
    pub(crate) status: u16,
    pub(crate) body: Map<String, Value>,
    /// The body's `error_code`, if the Sandbox knows it.
    pub(crate) error_code: Option<&'static str>,
}

impl Stubs {
    /// Sets a stub. It replaces an earlier one for the same path.
    ///
    /// # Errors
    ///
    /// [`InvalidStub`] for a path that Plaid's API does not have, no bodies, or too many bytes.
    pub(crate) fn set(&mut self, stub: Stub) -> Result<(), InvalidStub> {
        let invalid = |field, problem: &'static str| InvalidStub {
            field,
            problem: problem.into(),
        };
        let Some(route) = RouteSpec::find(&stub.path) else {
            let problem = "must be the path of a route of Plaid's API, such as /statements/list";
            return Err(invalid("path", problem));
        };
        if stub.bodies.is_empty() {
            return Err(invalid("body", "is missing: give at least one"));
        }
        if stub
            .status
            .is_some_and(|status| !(200..=599).contains(&status))
        {
            return Err(invalid("status", "must be an HTTP status from 200 to 599"));
        }
        let bytes = stub.bodies.iter().map(json_size).sum();
        let others = self.bytes - self.by_path.get(route.path).map_or(0, |set| set.bytes);
        if others + bytes > TOTAL_LIMIT {
            let problem = "is too large: all stubs together may have 16 MiB of JSON";
            return Err(invalid("body", problem));
        }
        self.bytes = others + bytes;
        let set = Set {
            stub,
            next: 0,
            bytes,
        };
        self.by_path.insert(route.path, set);
        Ok(())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Stub> {
        self.by_path.values().map(|set| &set.stub)
    }

    pub(crate) fn clear(&mut self) {
        *self = Stubs::default();
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The reply to the next request to the route at `path`, if it is stubbed.
    pub(crate) fn next(&mut self, path: &str) -> Option<StubReply> {
        let set = self.by_path.get_mut(path)?;
        let mut body = set.stub.bodies[set.next].clone();
        set.next = (set.next + 1).min(set.stub.bodies.len() - 1);
        let status = set.stub.status.unwrap_or(200);
        let code = body.get("error_code").and_then(Value::as_str);
        let error = code
            .filter(|_| status >= 400)
            .and_then(|code| PlaidError::of_code(code, path));
        let error_code = error.as_ref().map(|error| error.error_code);
        if let Some(Value::Object(fields)) = error.as_ref().map(PlaidError::to_json) {
            for (name, value) in fields {
                body.entry(name).or_insert(value);
            }
        }
        Some(StubReply {
            status,
            body,
            error_code,
        })
    }
}

/// The bytes of an object as JSON.
fn json_size(body: &Map<String, Value>) -> usize {
    serde_json::to_string(body).map_or(0, |text| text.len())
}
