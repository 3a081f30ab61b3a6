//! The fields of a request, and the checks that follow from the route's spec.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use crate::plaid::{
    error::PlaidError,
    routes::{FieldSpec, RouteSpec},
};

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
    /// before a wrong type (inferred). Fields that are required inside an object are not checked: no
    /// message for them was ever recorded.
    ///
    /// # Errors
    ///
    /// MISSING_FIELDS, UNKNOWN_FIELDS, or INVALID_FIELD for a value that must be an object or a list.
    pub(super) fn check(&self, route: &RouteSpec) -> Result<(), PlaidError> {
        let required = route.fields.iter().filter(FieldSpec::is_required);
        let missing: Vec<_> = required
            .map(|field| field.name)
            .filter(|name| !self.0.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            return Err(PlaidError::missing_fields(&missing));
        }
        let mut unknown = Vec::new();
        for (name, value) in &self.0 {
            match route.fields.find(name) {
                Some(field) => collect_unknown(&field, value, name, &mut unknown),
                None if matches!(name.as_str(), "client_id" | "secret") => {}
                None => unknown.push(name.clone()),
            }
        }
        if !unknown.is_empty() {
            return Err(PlaidError::unknown_fields(&unknown));
        }
        for (name, value) in &self.0 {
            let must_be = route.fields.find(name).and_then(|it| must_be(&it, value));
            if let Some(must_be) = must_be {
                return Err(PlaidError::invalid_field(name, must_be));
            }
        }
        Ok(())
    }
}

/// Collects the dotted paths of the fields inside `value` that the route does not take.
fn collect_unknown(field: &FieldSpec, value: &Value, path: &str, unknown: &mut Vec<String>) {
    let objects = match value {
        Value::Object(_) if field.is_object() => std::slice::from_ref(value),
        Value::Array(list) if field.is_list() => list,
        // Not unknown, even if its type is wrong.
        _ => return,
    };
    for (name, value) in objects.iter().filter_map(Value::as_object).flatten() {
        let path = format!("{path}.{name}");
        match field.fields.find(name) {
            Some(inner) => collect_unknown(&inner, value, &path, unknown),
            None if field.is_open() => {}
            None => unknown.push(path),
        }
    }
}

/// What the value of an object or a list must be, if it is something else. Null is allowed where it
/// is documented, and for objects that may contain any fields (inferred). The message for a list is
/// inferred.
fn must_be(field: &FieldSpec, value: &Value) -> Option<&'static str> {
    match value {
        Value::Null if field.is_nullable() || field.is_open() => None,
        _ if field.is_object() && !value.is_object() => Some("an object"),
        _ if field.is_list() && !value.is_array() => Some("a list of objects"),
        _ => None,
    }
}
