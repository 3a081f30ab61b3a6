//! Plaid's errors, a constructor for each one this Sandbox answers with. Only what the comments
//! call inferred is not Plaid's own wording.

use std::borrow::Cow;

use hyper::StatusCode;
use serde_json::{Value, json};

/// An error as Plaid answers it.
#[derive(Debug)]
pub(crate) struct PlaidError {
    pub(crate) status: StatusCode,
    pub(crate) error_type: &'static str,
    pub(crate) error_code: &'static str,
    pub(crate) error_message: Cow<'static, str>,
}

impl PlaidError {
    /// As it stands in a reply, but for the `request_id` (shape and link observed).
    pub(crate) fn to_json(&self) -> Value {
        let page = self.error_type.to_lowercase().replace('_', "-");
        let page = page.strip_suffix("-error").unwrap_or(&page);
        let anchor = self.error_code.to_lowercase();
        json!({
            "display_message": null,
            "documentation_url": format!("https://plaid.com/docs/errors/{page}/#{anchor}"),
            "error_code": self.error_code,
            "error_message": self.error_message,
            "error_type": self.error_type,
            "suggested_action": null,
        })
    }

    /// Documented, 404 as well.
    pub(crate) fn not_found() -> Self {
        PlaidError {
            status: StatusCode::NOT_FOUND,
            ..invalid_request("NOT_FOUND", "not found")
        }
    }

    /// Another method than POST (observed in 2018, with status 400).
    pub(crate) fn invalid_route(path: &str) -> Self {
        invalid_request("NOT_FOUND", format!("invalid route: {path}"))
    }

    /// Documented. That a body too long or too deep is answered so is inferred.
    pub(crate) fn invalid_body() -> Self {
        invalid_request("INVALID_BODY", "body could not be parsed as JSON")
    }

    /// Documented and observed, the comma too.
    pub(crate) fn missing_fields(names: &[&str]) -> Self {
        let names = names.join(", ");
        let message = format!("the following required fields are missing: {names}");
        invalid_request("MISSING_FIELDS", message)
    }

    /// Documented and observed with one field; the comma between several is inferred.
    pub(crate) fn unknown_fields(paths: &[String]) -> Self {
        let paths = paths.join(", ");
        let message = format!("the following fields are not recognized by this endpoint: {paths}");
        invalid_request("UNKNOWN_FIELDS", message)
    }

    /// The sentence is observed for `access_token`, `initial_products` and webhooks.
    pub(crate) fn invalid_field(name: &str, must_be: &str) -> Self {
        invalid_request("INVALID_FIELD", format!("{name} must be {must_be}"))
    }

    /// A credential of the wrong form (observed for `client_id`).
    pub(crate) fn improper(name: &str) -> Self {
        Self::invalid_field(name, "a properly formatted, non-empty string")
    }

    /// Documented and observed.
    pub(crate) fn invalid_api_keys() -> Self {
        invalid_input("INVALID_API_KEYS", "invalid client_id or secret provided")
    }

    /// Observed, though only in another project's tests.
    pub(crate) fn expired_public_token() -> Self {
        TokenKind::Public.error(
            "provided public token is expired. Public tokens expire 30 minutes after creation \
             at which point they can no longer be exchanged",
        )
    }

    /// Observed.
    pub(crate) fn invalid_institution() -> Self {
        invalid_input("INVALID_INSTITUTION", "invalid institution_id provided")
    }

    /// Documented.
    pub(crate) fn invalid_account_id() -> Self {
        let message = "failed to find requested account ID for requested item";
        invalid_input("INVALID_ACCOUNT_ID", message)
    }

    /// Documented.
    pub(crate) fn invalid_webhook_verification_key_id() -> Self {
        invalid_input(
            "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
            "invalid key_id provided. note that key_ids are specific to Plaid environments, \
             and verification requests must be made to the same environment that the webhook \
             was sent from",
        )
    }

    /// Observed.
    pub(crate) fn item_login_required() -> Self {
        PlaidError {
            error_type: "ITEM_ERROR",
            ..invalid_input(
                "ITEM_LOGIN_REQUIRED",
                "the login details of this item have changed (credentials, MFA, or required \
                 user action) and a user login is required to update this information. use \
                 Link's update mode to restore the item to a good state",
            )
        }
    }
}

/// The two kinds of token that an API call carries, and what can be wrong with either.
#[derive(Clone, Copy)]
pub(crate) enum TokenKind {
    Access,
    Public,
}

impl TokenKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            TokenKind::Access => "access",
            TokenKind::Public => "public",
        }
    }

    /// Observed.
    pub(crate) fn malformed(self) -> PlaidError {
        let name = self.name();
        self.error(format!(
            "provided {name} token is in an invalid format. expected format: \
             {name}-<environment>-<identifier>"
        ))
    }

    /// Observed.
    pub(crate) fn foreign(self, environment: &str) -> PlaidError {
        let name = self.name();
        self.error(format!(
            "provided {name} token is for the wrong Plaid environment. expected \"sandbox\", \
             got \"{environment}\""
        ))
    }

    /// Documented.
    pub(crate) fn unknown(self) -> PlaidError {
        self.error(format!("could not find matching {} token", self.name()))
    }

    fn error(self, message: impl Into<Cow<'static, str>>) -> PlaidError {
        match self {
            TokenKind::Access => invalid_input("INVALID_ACCESS_TOKEN", message),
            TokenKind::Public => invalid_input("INVALID_PUBLIC_TOKEN", message),
        }
    }
}

fn invalid_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> PlaidError {
    PlaidError {
        status: StatusCode::BAD_REQUEST,
        error_type: "INVALID_REQUEST",
        error_code: code,
        error_message: message.into(),
    }
}

fn invalid_input(code: &'static str, message: impl Into<Cow<'static, str>>) -> PlaidError {
    PlaidError {
        error_type: "INVALID_INPUT",
        ..invalid_request(code, message)
    }
}
