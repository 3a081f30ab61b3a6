//! Plaid's error codes. For each: type, HTTP status, message and display message. All are
//! documented on Plaid's error pages, except where a comment says otherwise.

/// Type, code, HTTP status, message, display message. `{route}` in a message stands for the path of
/// the route that answers.
pub(crate) type Row = (
    &'static str,
    &'static str,
    u16,
    &'static str,
    Option<&'static str>,
);

const API: &str = "API_ERROR";
const INPUT: &str = "INVALID_INPUT";
const INSTITUTION: &str = "INSTITUTION_ERROR";
const ITEM: &str = "ITEM_ERROR";
const RATE: &str = "RATE_LIMIT_EXCEEDED";
const REQUEST: &str = "INVALID_REQUEST";

const RATE_LIMIT: &str =
    "rate limit exceeded for attempts to access this item. please try again later";
const NOT_RESPONDING: &str =
    "this institution is not currently responding to this request. please try again soon";
const NOT_RESPONDING_SHOWN: Option<&str> = Some(
    "This financial institution is not currently responding to requests. We apologize for the \
     inconvenience.",
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (API, "INTERNAL_SERVER_ERROR", 500, "an unexpected error occurred", None),
    (API, "PLANNED_MAINTENANCE", 503, "the Plaid API is temporarily unavailable due to planned maintenance. visit https://status.plaid.com/ for more information", None),

    (RATE, "RATE_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "ACCOUNTS_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "AUTH_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "ACCOUNTS_BALANCE_GET_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "BALANCE_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "IDENTITY_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "INSTITUTIONS_GET_BY_ID_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "INSTITUTIONS_GET_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "INVESTMENT_TRANSACTIONS_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "ITEM_GET_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "TRANSACTIONS_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "TRANSACTIONS_SYNC_LIMIT", 429, RATE_LIMIT, None),
    (RATE, "INSTITUTION_RATE_LIMIT", 429, "The institution is currently receiving too many requests. Please try again later.", None),

    (REQUEST, "INVALID_BODY", 400, "body could not be parsed as JSON", None),
    (REQUEST, "INVALID_CONFIGURATION", 400, "please ensure that the request body is formatted correctly", None),
    // The next two messages name a field; the fields here are examples (observed).
    (REQUEST, "INVALID_FIELD", 400, "access_token must be a non-empty string", None),
    (REQUEST, "MISSING_FIELDS", 400, "the following required fields are missing: access_token", None),
    (REQUEST, "NOT_FOUND", 404, "not found", None),
    (REQUEST, "SANDBOX_ONLY", 400, "access to {route} is only available in the sandbox environment at https://sandbox.plaid.com/", None),
    // The field is an example.
    (REQUEST, "UNKNOWN_FIELDS", 400, "the following fields are not recognized by this endpoint: example", None),

    (INPUT, "ADDITIONAL_CONSENT_REQUIRED", 400, "client does not have user consent to access the PRODUCT_AUTH product", None),
    (INPUT, "INVALID_ACCESS_TOKEN", 400, "could not find matching access token", None),
    (INPUT, "INVALID_ACCOUNT_ID", 400, "failed to find requested account ID for requested item", None),
    (INPUT, "INVALID_API_KEYS", 400, "invalid client_id or secret provided", None),
    (INPUT, "INVALID_INSTITUTION", 400, "invalid institution_id provided", None),
    (INPUT, "INVALID_LINK_TOKEN", 400, "invalid link_token provided", None),
    (INPUT, "INVALID_PRODUCT", 400, "client is not authorized to access the following products: [\"identity_verification\"]", None),
    (INPUT, "INVALID_PUBLIC_TOKEN", 400, "could not find matching public token", None),
    (INPUT, "INVALID_WEBHOOK_VERIFICATION_KEY_ID", 400, "invalid key_id provided. note that key_ids are specific to Plaid environments, and verification requests must be made to the same environment that the webhook was sent from", None),
    (INPUT, "UNAUTHORIZED_ENVIRONMENT", 400, "you are not authorized to create items in this api environment. Go to the Dashboard (https://dashboard.plaid.com) to see which environments you are authorized for.", None),
    (INPUT, "UNAUTHORIZED_ROUTE_ACCESS", 400, "you are not authorized to access this route in this api environment.", None),
    (INPUT, "USER_PERMISSION_REVOKED", 400, "the holder of this account has revoked their permission for your application to access it", None),

    (ITEM, "ACCESS_NOT_GRANTED", 400, "access to this product was not granted for the account", Some("The user did not grant the necessary permissions for this product on their account.")),
    (ITEM, "INSUFFICIENT_CREDENTIALS", 400, "insufficient authorization was provided to complete the request", Some("INSUFFICIENT_CREDENTIALS")),
    (ITEM, "INVALID_CREDENTIALS", 400, "the provided credentials were not correct", Some("The provided credentials were not correct. Please try again.")),
    (ITEM, "INVALID_MFA", 400, "the provided MFA response(s) were not correct", Some("The provided MFA responses were not correct. Please try again.")),
    (ITEM, "ITEM_CONCURRENTLY_DELETED", 400, "This item was deleted while the operation was in progress", None),
    // Also observed.
    (ITEM, "ITEM_LOCKED", 400, "the account is locked. prompt the user to visit the institution's site and unlock their account", Some("The given account has been locked by the financial institution. Please visit your financial institution's website to unlock your account.")),
    (ITEM, "ITEM_LOGIN_REQUIRED", 400, "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state", None),
    (ITEM, "ITEM_NOT_FOUND", 400, "The Item you requested cannot be found. This Item does not exist, has been previously removed via /item/remove, or has had access removed by the user.", None),
    (ITEM, "ITEM_NOT_SUPPORTED", 400, "this account is currently not supported", Some("The given account is not currently supported for this financial institution. We apologize for the inconvenience.")),
    (ITEM, "MFA_NOT_SUPPORTED", 400, "this account requires a MFA type that we do not currently support for the institution", Some("The multi-factor security features enabled on this account are not currently supported for this financial institution. We apologize for the inconvenience.")),
    (ITEM, "NO_ACCOUNTS", 400, "no valid accounts were found for this item", Some("No valid accounts were found at the financial institution. Please visit your financial institution's website to confirm accounts are available.")),
    (ITEM, "NO_AUTH_ACCOUNTS", 400, "There are no valid checking or savings account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more.", None),
    (ITEM, "NO_INVESTMENT_ACCOUNTS", 400, "There are no valid investment account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more information.", None),
    (ITEM, "NO_LIABILITY_ACCOUNTS", 400, "There are no valid liability account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more information.", None),
    (ITEM, "PASSWORD_RESET_REQUIRED", 400, "user must reset their password", Some("The user needs to reset their password for their account")),
    (ITEM, "PRODUCTS_NOT_SUPPORTED", 400, "the following products are not supported by this institution: [\"identity\"]", None),
    (ITEM, "PRODUCT_NOT_ENABLED", 400, "A requested product was not enabled for the current access token. Please ensure it is included when when initializing Link and create the Item again.", None),
    (ITEM, "PRODUCT_NOT_READY", 400, "the requested product is not yet ready. please provide a webhook or try the request again later", None),
    (ITEM, "USER_INPUT_TIMEOUT", 400, "user must retry this operation", Some("The application timed out waiting for user input")),
    (ITEM, "USER_SETUP_REQUIRED", 400, "the account has not been fully set up. prompt the user to visit the issuing institution's site and finish the setup process", Some("The given account is not fully setup. Please visit your financial institution's website to setup your account.")),

    (INSTITUTION, "INSTITUTION_DOWN", 400, NOT_RESPONDING, NOT_RESPONDING_SHOWN),
    (INSTITUTION, "INSTITUTION_NOT_AVAILABLE", 400, NOT_RESPONDING, NOT_RESPONDING_SHOWN),
    (INSTITUTION, "INSTITUTION_NOT_RESPONDING", 400, NOT_RESPONDING, NOT_RESPONDING_SHOWN),
    (INSTITUTION, "INSTITUTION_NO_LONGER_SUPPORTED", 400, "this institution is no longer supported", Some("This financial institution is no longer supported. We apologize for the inconvenience.")),
    (INSTITUTION, "UNSUPPORTED_RESPONSE", 400, "the data returned from the financial institution is not valid", Some("The data returned from the financial institution is not valid.")),

    ("SANDBOX_ERROR", "SANDBOX_PRODUCT_NOT_ENABLED", 400, "The transactions product is not enabled on this item", None),
    ("SANDBOX_ERROR", "SANDBOX_WEBHOOK_INVALID", 400, "Webhook for this item is either not set up, or invalid. Please update the item's webhook and try again.", None),

    ("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION", 400, "Underlying transaction data changed since last page was fetched. Please restart pagination from last update.", None),

    ("USER_ERROR", "USER_NOT_FOUND", 400, "The User you requested cannot be found. This User does not exist or has had access removed by the user.", None),
];

pub(crate) fn find(code: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.1 == code)
}

pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.1)
}
