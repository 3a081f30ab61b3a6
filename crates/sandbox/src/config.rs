//! The settings of a Sandbox.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::SystemTime,
};

use secrecy::SecretString;

use crate::model::products::ledger::Arrival;

/// The settings of a [`Sandbox`](crate::Sandbox). Fill it by struct update:
/// `Config { port: 8080, ..Default::default() }`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; 127.0.0.1 by default.
    pub host: IpAddr,
    /// The port to listen on; by default 0, which takes a free port.
    pub port: u16,
    /// The port to also listen on with TLS, 0 for a free one; by default none. See
    /// [`Controls::tls`](crate::Controls::tls).
    pub tls: Option<u16>,
    /// The `client_id` to accept: 24 hex characters; by default a random one.
    pub client_id: Option<String>,
    /// The `secret` to accept: 1 to 256 visible ASCII characters; by default a random one.
    pub secret: Option<SecretString>,
    /// Whether to accept every well-formed pair of credentials; by default only one is.
    pub any_credentials: bool,
    /// Makes every id, token, credential, key and fault repeatable; by default they are random.
    pub seed: Option<u64>,
    /// What the Sandbox's clock shows at the start; by default real time. It runs from there.
    pub now: Option<SystemTime>,
    /// How the transactions of a new Item arrive; by default all at once.
    pub transactions: Arrival,
    /// The hosts outside of this machine that may get webhooks, as `name` or `name:port`; by default
    /// none.
    pub allow_webhook_hosts: Vec<String>,
    /// Whether the control routes accept requests from other machines; by default they do not.
    pub allow_remote_control: bool,
    /// Whether pages that this machine serves, such as `http://localhost:4000`, may use the control
    /// routes; by default only the Sandbox's own pages may.
    pub allow_local_pages: bool,
    /// Gets the path of a route that the Sandbox does not emulate, at the first request for it; by
    /// default nothing does.
    pub on_unemulated: Option<fn(&'static str)>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            tls: None,
            client_id: None,
            secret: None,
            any_credentials: false,
            seed: None,
            now: None,
            transactions: Arrival::default(),
            allow_webhook_hosts: Vec::new(),
            allow_remote_control: false,
            allow_local_pages: false,
            on_unemulated: None,
        }
    }
}
