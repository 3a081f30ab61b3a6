//! The client: its settings checked once, its connections shared by all of its calls.

use std::sync::Arc;

use crate::attempts::Shared;
use crate::call::{self, Outcome};
use crate::config::Config;
use crate::error::UsageError;
use crate::request::ResetLogin;
use crate::target;
use crate::wire::Peer;

/// The connections to one host, and the credentials to use there. Cheap to clone; dropping the last
/// clone closes the connections.
///
/// [`Client::reset_login`] must run on a tokio runtime; making a client need not.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// Makes a client; no connection is opened yet.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] that names the setting to change.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        let (peer, url) = match &config.gateway {
            Some(gateway) => (Peer::Gateway, target::gateway_url(&gateway.url)?),
            None => {
                let base_url = config.base_url.as_deref();
                let base_url = base_url.unwrap_or(target::DEFAULT_BASE_URL);
                (Peer::Plaid, target::operation_url(base_url)?)
            }
        };
        let shared = Shared::new(config, peer, url)?;
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The host that calls go to, with the port if one was given.
    pub fn host(&self) -> &str {
        self.shared.host()
    }

    /// Scheme, host and port that calls go to.
    pub fn origin(&self) -> String {
        self.shared.url.origin().ascii_serialization()
    }

    /// Host and port of the proxy that calls go through, if any.
    pub fn proxy(&self) -> Option<&str> {
        self.shared.transport.proxy()
    }

    /// Forces the Item into `ITEM_LOGIN_REQUIRED`. Dropping the future cancels the call and closes
    /// its connection.
    pub async fn reset_login(&self, call: ResetLogin) -> Outcome {
        call::run(&self.shared, &call).await
    }
}
