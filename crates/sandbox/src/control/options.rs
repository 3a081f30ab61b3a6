//! Reads options from JSON. An error names the option and never quotes its value.

use serde_json::{Map, Value};

use crate::control::error::SandboxError;

/// Options that are read one by one. An option that is not read is unknown.
pub(crate) struct Options {
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Options {
    /// An object, or null for no options.
    pub(crate) fn new(options: Value) -> Result<Self, SandboxError> {
        let left = match options {
            Value::Object(left) => left,
            Value::Null => Map::new(),
            _ => {
                return Err(SandboxError::Option {
                    field: "options".to_owned(),
                    message: "the options must be an object".to_owned(),
                });
            }
        };
        Ok(Options {
            left,
            known: Vec::new(),
        })
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, SandboxError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => {
                Err(SandboxError::option(name, "must not be empty"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(SandboxError::option(name, "must be a string")),
        }
    }

    pub(crate) fn texts(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<String>>, SandboxError> {
        match self.take(name).map(serde_json::from_value) {
            None => Ok(None),
            Some(Ok(texts)) => Ok(Some(texts)),
            Some(Err(_)) => Err(SandboxError::option(name, "must be an array of strings")),
        }
    }

    pub(crate) fn object(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Map<String, Value>>, SandboxError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(SandboxError::option(name, "must be an object")),
        }
    }

    pub(crate) fn objects(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<Map<String, Value>>>, SandboxError> {
        match self.take(name).map(serde_json::from_value) {
            None => Ok(None),
            Some(Ok(objects)) => Ok(Some(objects)),
            Some(Err(_)) => Err(SandboxError::option(name, "must be an array of objects")),
        }
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        min: f64,
        max: f64,
    ) -> Result<Option<f64>, SandboxError> {
        match self.take(name).map(|value| value.as_f64()) {
            None => Ok(None),
            Some(Some(number)) if (min..=max).contains(&number) => Ok(Some(number)),
            Some(_) => {
                let problem = format!("must be a number from {min} to {max}");
                Err(SandboxError::option(name, &problem))
            }
        }
    }

    pub(crate) fn whole(
        &mut self,
        name: &'static str,
        min: u64,
        max: u64,
    ) -> Result<Option<u64>, SandboxError> {
        match self.take(name).map(|value| value.as_u64()) {
            None => Ok(None),
            Some(Some(number)) if (min..=max).contains(&number) => Ok(Some(number)),
            Some(_) if max == u64::MAX => {
                let problem = format!("must be a whole number, at least {min}");
                Err(SandboxError::option(name, &problem))
            }
            Some(_) => {
                let problem = format!("must be a whole number from {min} to {max}");
                Err(SandboxError::option(name, &problem))
            }
        }
    }

    /// # Errors
    ///
    /// [`SandboxError::UnknownOption`] if an option was not read.
    pub(crate) fn end(self) -> Result<(), SandboxError> {
        let Some(name) = self.left.keys().next() else {
            return Ok(());
        };
        // Text that does not look like a name may be a secret.
        let is_name = name.len() <= 24
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let field = if is_name { name } else { "(not shown)" }.to_owned();
        let known = match self.known.is_empty() {
            true => "it takes none".to_owned(),
            false => format!("it takes {}", self.known.join(", ")),
        };
        Err(SandboxError::UnknownOption {
            message: format!("there is no option {field}: {known}"),
            field,
        })
    }

    /// Null counts as absent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).filter(|value| !value.is_null())
    }
}
