//! The kinds of token that an API call carries for an Item, and what can be wrong with one.

use std::borrow::Cow;

use crate::plaid_error::PlaidError;

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

    /// The form `<kind>-<environment>-<identifier>`, and this environment. Plaid's environments are
    /// documented; that another word is malformed rather than foreign is inferred.
    pub(crate) fn check(self, token: &str) -> Result<(), PlaidError> {
        let mut parts = token.splitn(3, '-');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(environment), Some(identifier))
                if name == self.name() && !identifier.is_empty() =>
            {
                match environment {
                    "sandbox" => Ok(()),
                    "development" | "production" => Err(self.foreign(environment)),
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
    fn foreign(self, environment: &str) -> PlaidError {
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
