//! Plaid's errors, a constructor for each one this Sandbox answers with. Only what the comments
//! call inferred is not Plaid's own wording.

use std::borrow::Cow;

use hyper::StatusCode;
use serde_json::{Value, json};

/// An error as Plaid answers it.
#[derive(Clone, Debug)]
pub(crate) struct PlaidError {
    pub(crate) status: StatusCode,
    pub(crate) error_type: &'static str,
    pub(crate) error_code: &'static str,
    pub(crate) error_message: Cow<'static, str>,
    /// For the user; null where the user can do nothing.
    pub(crate) display_message: Option<&'static str>,
}

impl PlaidError {
    /// As it stands in a reply, but for the `request_id` (shape and link observed).
    pub(crate) fn to_json(&self) -> Value {
        let page = self.error_type.to_lowercase().replace('_', "-");
        let page = page.strip_suffix("-error").unwrap_or(&page);
        let anchor = self.error_code.to_lowercase();
        json!({
            "display_message": self.display_message,
            "documentation_url": format!("https://plaid.com/docs/errors/{page}/#{anchor}"),
            "error_code": self.error_code,
            "error_message": self.error_message,
            "error_type": self.error_type,
            "suggested_action": null,
        })
    }

    /// As it stands in a webhook: with its status and without a `request_id` (observed; that it
    /// has a `display_message` and an `error_code_reason` is documented).
    pub(crate) fn to_webhook_json(&self) -> Value {
        json!({
            "display_message": self.display_message,
            "error_code": self.error_code,
            "error_code_reason": null,
            "error_message": self.error_message,
            "error_type": self.error_type,
            "status": self.status.as_u16(),
        })
    }

    pub(crate) fn with_status(self, status: Option<u16>) -> Self {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        PlaidError {
            status: status.unwrap_or(self.status),
            ..self
        }
    }

    /// Documented, 404 as well.
    pub(crate) fn not_found() -> Self {
        known("NOT_FOUND")
    }

    /// Another method than POST (observed in 2018, with status 400).
    pub(crate) fn invalid_route(path: &str) -> Self {
        known("NOT_FOUND")
            .with_status(Some(400))
            .saying(format!("invalid route: {path}"))
    }

    /// Documented. That a body too long or too deep is answered so is inferred.
    pub(crate) fn invalid_body() -> Self {
        known("INVALID_BODY")
    }

    /// Documented and observed, the comma too.
    pub(crate) fn missing_fields(names: &[&str]) -> Self {
        let names = names.join(", ");
        known("MISSING_FIELDS").saying(format!(
            "the following required fields are missing: {names}"
        ))
    }

    /// Documented and observed with one field; the comma between several is inferred.
    pub(crate) fn unknown_fields(paths: &[String]) -> Self {
        let paths = paths.join(", ");
        known("UNKNOWN_FIELDS").saying(format!(
            "the following fields are not recognized by this endpoint: {paths}"
        ))
    }

    /// The sentence is observed for `access_token`, `initial_products`, `options.account_ids`,
    /// `country_codes` and webhooks.
    pub(crate) fn invalid_field(name: &str, must_be: &str) -> Self {
        known("INVALID_FIELD").saying(format!("{name} must be {must_be}"))
    }

    /// A credential of the wrong form (observed for `client_id`).
    pub(crate) fn improper(name: &str) -> Self {
        Self::invalid_field(name, "a properly formatted, non-empty string")
    }

    /// Observed.
    pub(crate) fn no_products() -> Self {
        known("INVALID_FIELD").saying("must provide at least one product")
    }

    /// Plaid documents which products update mode takes, but not what it answers for others: the
    /// sentence is inferred.
    pub(crate) fn products_in_update_mode() -> Self {
        known("INVALID_FIELD").saying("products must be omitted when access_token is provided")
    }

    /// Observed for `initial_products`.
    pub(crate) fn invalid_products(field: &str, names: &[&str]) -> Self {
        let names = Value::from(names.to_vec());
        known("INVALID_PRODUCT").saying(format!("{field} contains invalid products: {names}"))
    }

    /// Observed.
    pub(crate) fn balance_is_no_product() -> Self {
        known("INVALID_PRODUCT").saying(
            "balance is not a valid product for this field. It is automatically initialized when \
             any other valid product is included.",
        )
    }

    /// Documented and observed.
    pub(crate) fn invalid_api_keys() -> Self {
        known("INVALID_API_KEYS")
    }

    /// The code of a kind of token; the sentence is the kind's.
    pub(crate) fn invalid_token(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        known(code).saying(message)
    }

    /// Observed, though only in another project's tests.
    pub(crate) fn expired_public_token() -> Self {
        known("INVALID_PUBLIC_TOKEN").saying(
            "provided public token is expired. Public tokens expire 30 minutes after creation \
             at which point they can no longer be exchanged",
        )
    }

    /// Documented, for Link; that `/link/token/get` answers so is inferred.
    pub(crate) fn invalid_link_token() -> Self {
        known("INVALID_LINK_TOKEN")
    }

    /// Observed.
    pub(crate) fn invalid_institution() -> Self {
        known("INVALID_INSTITUTION")
    }

    /// Documented.
    pub(crate) fn invalid_account_id() -> Self {
        known("INVALID_ACCOUNT_ID")
    }

    /// Documented.
    pub(crate) fn no_auth_accounts() -> Self {
        known("NO_AUTH_ACCOUNTS")
    }

    /// Documented.
    pub(crate) fn invalid_webhook_verification_key_id() -> Self {
        known("INVALID_WEBHOOK_VERIFICATION_KEY_ID")
    }

    /// Observed, though only in other projects' tests.
    pub(crate) fn item_not_found() -> Self {
        known("ITEM_NOT_FOUND")
    }

    /// Observed.
    pub(crate) fn item_login_required() -> Self {
        known("ITEM_LOGIN_REQUIRED")
    }

    /// Documented.
    pub(crate) fn user_permission_revoked() -> Self {
        // As it stands in the webhook (documented by an example), though the error's own page files
        // it under INVALID_INPUT.
        PlaidError {
            error_type: "ITEM_ERROR",
            ..known("USER_PERMISSION_REVOKED")
        }
    }

    /// Documented; that `/sandbox/user/reset_login` answers so is inferred.
    pub(crate) fn user_not_found() -> Self {
        known("USER_NOT_FOUND")
    }

    /// Documented; that `/sandbox/user/reset_login` answers so is inferred.
    pub(crate) fn invalid_user_token() -> Self {
        PlaidError {
            error_code: "INVALID_USER_TOKEN",
            ..known("INVALID_ACCESS_TOKEN")
        }
        .saying("could not find matching user token")
    }

    /// Documented.
    pub(crate) fn sandbox_webhook_invalid() -> Self {
        known("SANDBOX_WEBHOOK_INVALID")
    }

    /// Documented, as a template.
    pub(crate) fn sandbox_product_not_enabled(product: &str) -> Self {
        known("SANDBOX_PRODUCT_NOT_ENABLED")
            .saying(format!("The {product} product is not enabled on this item"))
    }

    fn saying(self, message: impl Into<Cow<'static, str>>) -> Self {
        PlaidError {
            error_message: message.into(),
            ..self
        }
    }
}

fn known(code: &'static str) -> PlaidError {
    PlaidError::of_code(code, "").expect("the table of errors has every code used here")
}
