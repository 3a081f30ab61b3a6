//! The fields of a request, and the checks that follow from the route's spec.

use std::ops::RangeInclusive;

use hyper::HeaderMap;
use serde_json::{Map, Value};

use crate::model::products::day::Day;
use crate::plaid::{
    catalog,
    error::PlaidError,
    routes::{FieldSpec, RouteSpec},
};

/// The free texts that a route keeps for the life of an Item or a token.
const KEPT_TEXTS: [&str; 5] = [
    "client_name",
    "institution_data.routing_number",
    "options.client_report_id",
    "user_id",
    "user_token",
];

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

    /// A whole number that may be absent or null. The message for another type is observed for `count`,
    /// that for a number out of range is inferred.
    pub(super) fn integer(
        &self,
        path: &str,
        min: i64,
        max: i64,
    ) -> Result<Option<i64>, PlaidError> {
        let value = match self.find(path) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value.as_i64(),
        };
        let number = value.ok_or_else(|| PlaidError::invalid_field(path, "an integer"))?;
        match (min..=max).contains(&number) {
            true => Ok(Some(number)),
            false => {
                let must_be = match max {
                    i64::MAX => format!("an integer of at least {min}"),
                    _ => format!("an integer between {min} and {max}"),
                };
                Err(PlaidError::invalid_field(path, &must_be))
            }
        }
    }

    /// A boolean; false if it is absent or null. The message is inferred.
    pub(super) fn flag(&self, path: &str) -> Result<bool, PlaidError> {
        match self.find(path) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(PlaidError::invalid_field(path, "a boolean")),
        }
    }

    /// A day that may be absent or null (the message is observed).
    pub(super) fn day(&self, path: &str) -> Result<Option<Day>, PlaidError> {
        let value = match self.find(path) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        let day = value.as_str().and_then(Day::parse);
        let must_be = "a string of the format 'YYYY-MM-DD'";
        day.map(Some)
            .ok_or_else(|| PlaidError::invalid_field(path, must_be))
    }

    /// The window of the required `start_date` and `end_date`, both included. Plaid's message for a
    /// reversed window is not known: this one is inferred.
    pub(super) fn window(&self) -> Result<RangeInclusive<Day>, PlaidError> {
        let required = |path| {
            let must_be = "a string of the format 'YYYY-MM-DD'";
            let missing = || PlaidError::invalid_field(path, must_be);
            self.day(path)?.ok_or_else(missing)
        };
        let (start, end) = (required("start_date")?, required("end_date")?);
        match start <= end {
            true => Ok(start..=end),
            false => Err(PlaidError::invalid_field("start_date", "before end_date")),
        }
    }

    /// Checks the names of the fields. Missing fields are reported before unknown fields, and both
    /// before a wrong type (inferred). Fields that are required inside an object are not checked: no
    /// message for them was ever recorded.
    ///
    /// # Errors
    ///
    /// MISSING_FIELDS, UNKNOWN_FIELDS, or INVALID_FIELD for a value that must be an object or a list, or
    /// for a text that is too long to keep.
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
        for path in KEPT_TEXTS {
            if let Some(text) = self.find(path).and_then(Value::as_str) {
                catalog::kept_text(path, text)?;
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
