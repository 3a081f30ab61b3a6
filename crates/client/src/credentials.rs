//! Which credentials a call carries: in its headers, or in its body.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::UsageError;
use crate::request::ResetLogin;
use crate::scrub::Secrets;
use crate::wire::Peer;

/// The credentials of a client.
pub(crate) struct Credentials {
    pub(crate) client_id: Option<SecretString>,
    pub(crate) secret: Option<SecretString>,
    pub(crate) gateway_token: Option<SecretString>,
}

/// The longest token or credential, in bytes. Plaid's have fewer than a hundred.
const LONGEST: usize = 4 << 10;

impl Credentials {
    /// Refuses a credential that no server can have given out.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if one is too long.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        check_length("clientId", self.client_id.as_ref())?;
        check_length("secret", self.secret.as_ref())?;
        check_length("gateway.token", self.gateway_token.as_ref())
    }

    /// `headers` with the client's own credentials, or nothing where a call must bring some.
    pub(crate) fn authorized(&self, headers: &HeaderMap, peer: Peer) -> Option<HeaderMap> {
        let mut headers = headers.clone();
        let call = ResetLogin::new(SecretString::default());
        self.add_to(&mut headers, peer, &call).ok()?;
        Some(headers)
    }

    /// Adds the credentials that go in headers: the client's own to Plaid, and only the bearer
    /// token to a gateway, which holds Plaid's itself.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if one is missing, or HTTP cannot carry it.
    pub(crate) fn add_to(
        &self,
        headers: &mut HeaderMap,
        peer: Peer,
        call: &ResetLogin,
    ) -> Result<(), UsageError> {
        let mut add = |name: HeaderName, field, prefix, secret: &SecretString| {
            headers.insert(name, secret_header(field, prefix, secret)?);
            Ok(())
        };
        if peer == Peer::Gateway {
            return match &self.gateway_token {
                Some(token) => add(AUTHORIZATION, "gateway.token", "Bearer ", token),
                None => Ok(()),
            };
        }
        match (&call.client_id, &self.client_id) {
            (Some(_), _) => {}
            (None, Some(id)) => add(PLAID_CLIENT_ID, "clientId", "", id)?,
            (None, None) => return Err(missing("clientId", "PLAID_CLIENT_ID")),
        }
        match (&call.secret, &self.secret) {
            (Some(_), _) => Ok(()),
            (None, Some(secret)) => add(PLAID_SECRET, "secret", "", secret),
            (None, None) => Err(missing("secret", "PLAID_SECRET")),
        }
    }

    /// What an error of `call`, which was sent with `headers`, must not show.
    pub(crate) fn secrets<'a>(
        &'a self,
        call: &'a ResetLogin,
        headers: &'a HeaderMap,
    ) -> Secrets<'a> {
        Secrets {
            given: [
                Some(&call.access_token),
                call.client_id.as_ref(),
                call.secret.as_ref(),
                self.client_id.as_ref(),
                self.secret.as_ref(),
                self.gateway_token.as_ref(),
            ],
            headers,
        }
    }
}

fn check_length(field: &'static str, secret: Option<&SecretString>) -> Result<(), UsageError> {
    match secret {
        Some(secret) if secret.expose_secret().len() > LONGEST => Err(UsageError::new(
            "INVALID_FIELD",
            field,
            format!("{field} is longer than 4 KiB"),
        )),
        _ => Ok(()),
    }
}

const PLAID_CLIENT_ID: HeaderName = HeaderName::from_static("plaid-client-id");
const PLAID_SECRET: HeaderName = HeaderName::from_static("plaid-secret");

fn secret_header(
    field: &'static str,
    prefix: &str,
    secret: &SecretString,
) -> Result<HeaderValue, UsageError> {
    let text = format!("{prefix}{}", secret.expose_secret());
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        UsageError::new(
            "INVALID_FIELD",
            field,
            format!("{field} has a character that an HTTP header cannot carry, such as a newline"),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn missing(field: &'static str, variable: &str) -> UsageError {
    UsageError::new(
        "MISSING_CREDENTIALS",
        field,
        format!("no {field}: pass it as an option, or set {variable}"),
    )
}

/// Refuses input that must not be sent: a token of another environment, or one that is too long.
///
/// # Errors
///
/// A [`UsageError`] for any token but a Sandbox token.
pub(crate) fn check_input(call: &ResetLogin) -> Result<(), UsageError> {
    check_length("client_id", call.client_id.as_ref())?;
    check_length("secret", call.secret.as_ref())?;
    check_length("access_token", Some(&call.access_token))?;
    check_token(&call.access_token)
}

fn check_token(token: &SecretString) -> Result<(), UsageError> {
    let refuse = |code, problem: &str| Err(UsageError::new(code, "access_token", problem));
    let token = token.expose_secret();
    if token.is_empty() {
        return refuse(
            "INVALID_FIELD",
            "access_token is empty: pass the Item's access token",
        );
    }
    if token.starts_with("access-sandbox-") {
        return Ok(());
    }
    let real = ["access-production-", "access-development-"];
    refuse(
        "NOT_A_SANDBOX_TOKEN",
        match real.iter().any(|prefix| token.starts_with(prefix)) {
            true => {
                "access_token belongs to a real Item: this operation exists only in the Sandbox, so nothing was sent"
            }
            false => "access_token is not a Sandbox token: it must start with access-sandbox-",
        },
    )
}
