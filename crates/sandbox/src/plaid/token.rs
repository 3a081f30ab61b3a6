//! The tokens that a request carries for an Item, and the errors for a bad token.

use std::borrow::Cow;

use crate::plaid::error::PlaidError;

#[derive(Clone, Copy)]
pub(crate) enum TokenKind {
    Access,
    Public,
}

impl TokenKind {
    fn name(self) -> &'static str {
        match self {
            TokenKind::Access => "access",
            TokenKind::Public => "public",
        }
    }

    /// Checks the form `<kind>-<environment>-<identifier>` and the environment. Plaid's environments
    /// are documented; that any other word makes the token malformed is inferred.
    ///
    /// # Errors
    ///
    /// The error of this kind of token, for a malformed token or another environment's.
    pub(crate) fn check(self, token: &str) -> Result<(), PlaidError> {
        let mut parts = token.splitn(3, '-');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(environment), Some(identifier))
                if name == self.name() && !identifier.is_empty() =>
            {
                match environment {
                    "sandbox" => Ok(()),
                    "development" | "production" => Err(self.other_environment(environment)),
                    _ => Err(self.malformed()),
                }
            }
            _ => Err(self.malformed()),
        }
    }

    /// Observed.
    fn malformed(self) -> PlaidError {
        let name = self.name();
        self.error(format!(
            "provided {name} token is in an invalid format. expected format: \
             {name}-<environment>-<identifier>"
        ))
    }

    /// Observed.
    fn other_environment(self, environment: &str) -> PlaidError {
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
        PlaidError::invalid_token(
            match self {
                TokenKind::Access => "INVALID_ACCESS_TOKEN",
                TokenKind::Public => "INVALID_PUBLIC_TOKEN",
            },
            message,
        )
    }
}
