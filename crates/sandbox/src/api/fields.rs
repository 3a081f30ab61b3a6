//! The fields of a request, and the checks that follow from the route's spec.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use crate::plaid::{error::PlaidError, routes::RouteSpec};

/// The JSON object of a request's body. The last of two equal keys counts (inferred: Go's JSON
/// decoder does this).
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// # Errors
    ///
    /// INVALID_BODY if the body is not a JSON object, or not declared as JSON (inferred for a missing
    /// content type). `body` is `None` if it could not be read.
    pub(super) fn parse(headers: &HeaderMap, body: Option<&[u8]>) -> Result<Self, PlaidError> {
        let body = body.filter(|_| utdk_plaid_local::is_json(headers));
        serde_json::from_slice(body.unwrap_or_default())
            .map(Fields)
            .map_err(|_| PlaidError::invalid_body())
    }

    pub(super) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The value at a dotted path, if there is one.
    pub(super) fn find(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// A required string.
    ///
    /// # Errors
    ///
    /// INVALID_FIELD for null, another type and the empty string alike (observed for `access_token`,
    /// inferred for other fields).
    pub(super) fn text(&self, path: &str) -> Result<&str, PlaidError> {
        match self.find(path).and_then(Value::as_str) {
            None | Some("") => Err(PlaidError::invalid_field(path, "a non-empty string")),
            Some(text) => Ok(text),
        }
    }

    /// A string that may be absent or null, but not empty.
    pub(super) fn optional_text(&self, path: &str) -> Result<Option<&str>, PlaidError> {
        match self.find(path) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(path).map(Some),
        }
    }

    /// A list of strings that may be absent or null.
    pub(super) fn texts(&self, path: &str) -> Result<Option<Vec<&str>>, PlaidError> {
        let list = match self.find(path) {
            None | Some(Value::Null) => return Ok(None),
            Some(list) => list.as_array(),
        };
        list.and_then(|list| list.iter().map(Value::as_str).collect())
            .map(Some)
            .ok_or_else(|| PlaidError::invalid_field(path, "a list of strings"))
    }

    /// Checks the names of the fields. Missing fields are reported before unknown fields, and both
    /// before a wrong type (inferred).
    ///
    /// # Errors
    ///
    /// MISSING_FIELDS, UNKNOWN_FIELDS, or INVALID_FIELD for a value that must be an object.
    pub(super) fn check(&self, route: &RouteSpec) -> Result<(), PlaidError> {
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
        // An object may be absent, but not null (documented for `options`). The message is inferred.
        for (name, value) in &self.0 {
            if route.is_parent(name) && !value.is_object() {
                return Err(PlaidError::invalid_field(name, "an object"));
            }
        }
        Ok(())
    }
}

/// Collects the dotted paths of the fields that `route` does not take.
fn collect_unknown(
    object: &Map<String, Value>,
    parent: &str,
    route: &RouteSpec,
    unknown: &mut Vec<String>,
) {
    for (name, value) in object {
        let path = match parent {
            "" => name.clone(),
            _ => format!("{parent}.{name}"),
        };
        match value {
            _ if route.takes(&path) => {}
            Value::Object(inner) if route.is_parent(&path) => {
                collect_unknown(inner, &path, route, unknown);
            }
            // It must be an object: `check` reports that.
            _ if route.is_parent(&path) => {}
            _ => unknown.push(path),
        }
    }
}
