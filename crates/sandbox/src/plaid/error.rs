//! Plaid's errors, with one constructor for each error the Sandbox answers. The wording is Plaid's
//! own, except where a comment calls it inferred.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::plaid::error_table;

/// An error as Plaid answers it.
#[derive(Clone, Debug)]
pub(crate) struct PlaidError {
    /// The HTTP status.
    pub(crate) status: u16,
    pub(crate) error_type: &'static str,
    pub(crate) error_code: &'static str,
    pub(crate) error_message: Cow<'static, str>,
    /// For the end user; null where the end user cannot fix it.
    pub(crate) display_message: Option<&'static str>,
}

impl PlaidError {
    /// The error with this code, as the route at `path` answers it.
    pub(crate) fn of_code(code: &str, path: &str) -> Option<Self> {
        let (error_type, error_code, status, message, display_message) = *error_table::find(code)?;
        Some(PlaidError {
            status,
            error_type,
            error_code,
            error_message: match message.contains("{route}") {
                true => message.replace("{route}", path).into(),
                false => message.into(),
            },
            display_message,
        })
    }

    /// The error as a reply shows it, without `request_id` (shape and URL observed).
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

    /// The error as a webhook shows it: with `status`, without `request_id` (observed;
    /// `display_message` and `error_code_reason` are documented).
    pub(crate) fn to_webhook_json(&self) -> Value {
        json!({
            "display_message": self.display_message,
            "error_code": self.error_code,
            "error_code_reason": null,
            "error_message": self.error_message,
            "error_type": self.error_type,
            "status": self.status,
        })
    }

    pub(crate) fn with_status(self, status: Option<u16>) -> Self {
        PlaidError {
            status: status.unwrap_or(self.status),
            ..self
        }
    }

    /// Documented, with status 404.
    pub(crate) fn not_found() -> Self {
        known("NOT_FOUND")
    }

    /// A method other than POST (observed in 2018, with status 400).
    pub(crate) fn invalid_route(path: &str) -> Self {
        known("NOT_FOUND")
            .with_status(Some(400))
            .with_message(format!("invalid route: {path}"))
    }

    /// Documented. Used also for a body that is too long or too deep (inferred).
    pub(crate) fn invalid_body() -> Self {
        known("INVALID_BODY")
    }

    /// Documented and observed, including the comma.
    pub(crate) fn missing_fields(names: &[&str]) -> Self {
        let names = names.join(", ");
        known("MISSING_FIELDS").with_message(format!(
            "the following required fields are missing: {names}"
        ))
    }

    /// Documented and observed with one field; the comma between several is inferred.
    pub(crate) fn unknown_fields(paths: &[String]) -> Self {
        let paths = paths.join(", ");
        known("UNKNOWN_FIELDS").with_message(format!(
            "the following fields are not recognized by this endpoint: {paths}"
        ))
    }

    /// The message is observed for `access_token`, `initial_products`, `options.account_ids`,
    /// `country_codes` and webhooks.
    pub(crate) fn invalid_field(name: &str, must_be: &str) -> Self {
        known("INVALID_FIELD").with_message(format!("{name} must be {must_be}"))
    }

    /// A malformed credential (observed for `client_id`).
    pub(crate) fn improper(name: &str) -> Self {
        Self::invalid_field(name, "a properly formatted, non-empty string")
    }

    /// Observed.
    pub(crate) fn no_products() -> Self {
        known("INVALID_FIELD").with_message("must provide at least one product")
    }

    /// Observed for `initial_products`.
    pub(crate) fn invalid_products(field: &str, names: &[&str]) -> Self {
        let names = Value::from(names.to_vec());
        known("INVALID_PRODUCT").with_message(format!("{field} contains invalid products: {names}"))
    }

    /// Observed.
    pub(crate) fn balance_in_products() -> Self {
        known("INVALID_PRODUCT").with_message(
            "balance is not a valid product for this field. It is automatically initialized when \
             any other valid product is included.",
        )
    }

    /// Observed for a search.
    pub(crate) fn no_product_list(field: &str) -> Self {
        known("INVALID_PRODUCT").with_message(format!(
            "{field} must either be null or a list of strings containing at least one valid product"
        ))
    }

    /// Observed for a search.
    pub(crate) fn invalid_product(field: &str, name: &str) -> Self {
        let name = Value::from(name);
        known("INVALID_PRODUCT").with_message(format!("invalid product in {field}: {name}"))
    }

    /// Observed for `recurring_transactions`.
    pub(crate) fn not_an_initial_product() -> Self {
        known("INVALID_FIELD").with_message("some products cannot be included in initial_products")
    }

    /// Documented and observed.
    pub(crate) fn invalid_api_keys() -> Self {
        known("INVALID_API_KEYS")
    }

    /// `code` with the message of one kind of token.
    pub(crate) fn invalid_token(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        known(code).with_message(message)
    }

    /// Observed in the tests of another project.
    pub(crate) fn expired_public_token() -> Self {
        known("INVALID_PUBLIC_TOKEN").with_message(
            "provided public token is expired. Public tokens expire 30 minutes after creation \
             at which point they can no longer be exchanged",
        )
    }

    /// Documented for Link; inferred for `/link/token/get`.
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

    /// Documented, also for liabilities.
    pub(crate) fn no_accounts(code: &'static str) -> Self {
        known(code)
    }

    /// Inferred.
    pub(crate) fn unknown_report() -> Self {
        PlaidError {
            error_code: "INVALID_ASSET_REPORT_TOKEN",
            ..known("INVALID_ACCESS_TOKEN")
        }
        .with_message("could not find matching asset report token")
    }

    /// Documented.
    pub(crate) fn product_not_enabled() -> Self {
        known("PRODUCT_NOT_ENABLED")
    }

    /// Observed.
    pub(crate) fn product_not_ready() -> Self {
        known("PRODUCT_NOT_READY")
    }

    /// Observed for a cursor of another Item, inferred for one that was never handed out.
    pub(crate) fn foreign_cursor() -> Self {
        known("INVALID_FIELD").with_message("cursor not associated with access_token")
    }

    /// Documented.
    pub(crate) fn invalid_webhook_verification_key_id() -> Self {
        known("INVALID_WEBHOOK_VERIFICATION_KEY_ID")
    }

    /// Observed in the tests of other projects.
    pub(crate) fn item_not_found() -> Self {
        known("ITEM_NOT_FOUND")
    }

    /// Observed.
    pub(crate) fn item_login_required() -> Self {
        known("ITEM_LOGIN_REQUIRED")
    }

    /// Documented.
    pub(crate) fn user_permission_revoked() -> Self {
        // The documented example of the webhook has this type; the page of the error says
        // INVALID_INPUT.
        PlaidError {
            error_type: "ITEM_ERROR",
            ..known("USER_PERMISSION_REVOKED")
        }
    }

    /// Documented.
    pub(crate) fn invalid_credentials() -> Self {
        known("INVALID_CREDENTIALS")
    }

    /// Documented.
    pub(crate) fn invalid_mfa() -> Self {
        known("INVALID_MFA")
    }

    /// Documented; inferred for `/sandbox/user/reset_login`.
    pub(crate) fn user_not_found() -> Self {
        known("USER_NOT_FOUND")
    }

    /// Documented; inferred for `/sandbox/user/reset_login`.
    pub(crate) fn invalid_user_token() -> Self {
        PlaidError {
            error_code: "INVALID_USER_TOKEN",
            ..known("INVALID_ACCESS_TOKEN")
        }
        .with_message("could not find matching user token")
    }

    /// Documented.
    pub(crate) fn sandbox_webhook_invalid() -> Self {
        known("SANDBOX_WEBHOOK_INVALID")
    }

    /// Documented as a template.
    pub(crate) fn sandbox_product_not_enabled(product: &str) -> Self {
        known("SANDBOX_PRODUCT_NOT_ENABLED")
            .with_message(format!("The {product} product is not enabled on this item"))
    }

    pub(crate) fn with_message(self, message: impl Into<Cow<'static, str>>) -> Self {
        PlaidError {
            error_message: message.into(),
            ..self
        }
    }
}

fn known(code: &'static str) -> PlaidError {
    PlaidError::of_code(code, "").expect("error_table has every code used here")
}
