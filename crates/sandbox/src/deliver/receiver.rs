//! Which receivers a webhook may be sent to, and the request to one. By default only receivers on
//! this machine.

use std::{
    error::Error as StdError,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use http::{Method, header};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{
    Client, Request, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{net::lookup_host, task::spawn_blocking, task_local};
use tower_service::Service;
use url::{Host, Url};

use crate::model::webhook::Outcome;

/// A webhook to post.
pub(crate) struct Post<'a> {
    pub(crate) url: &'a str,
    /// The JWT.
    pub(crate) verification: &'a str,
    pub(crate) body: &'a str,
    /// The hosts outside of this machine that may get webhooks: `name` or `name:port`.
    pub(crate) allowed_hosts: &'a [String],
}

/// The addresses that were checked. The name is not looked up again.
struct Target {
    addresses: Vec<SocketAddr>,
    is_loopback: bool,
}

impl Post<'_> {
    /// The response, or the outcome without one. A redirect is not followed.
    pub(crate) async fn send(&self) -> Result<Response, Outcome> {
        let mut url = Url::parse(self.url).map_err(|error| failed(error.to_string()))?;
        let target = self.target(&url).await?;
        let client = match url.scheme() == "http" || target.is_loopback {
            true => unverified(),
            false => spawn_blocking(verified)
                .await
                .map_err(|_| failed("the system's certificates could not be read"))?,
        };
        // User info is no part of a request.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let exchange = client.execute(self.request(url)?);
        let response = ADDRESSES.scope(target.addresses, exchange).await;
        response.map_err(|error| failed(reason(&error.without_url())))
    }

    /// With the `accept-encoding` and `user-agent` of a Go program (inferred). reqwest adds an
    /// `accept` that such a program does not send.
    fn request(&self, url: Url) -> Result<Request, Outcome> {
        let mut request = Request::new(Method::POST, url);
        let verification = self.verification.parse();
        let headers = request.headers_mut();
        headers.insert(
            header::USER_AGENT,
            header::HeaderValue::from_static("Go-http-client/1.1"),
        );
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json"),
        );
        headers.insert(
            header::ACCEPT_ENCODING,
            header::HeaderValue::from_static("gzip"),
        );
        headers.insert(
            "plaid-verification",
            verification.map_err(|_| failed("the signature is no header"))?,
        );
        *request.body_mut() = Some(self.body.to_owned().into());
        Ok(request)
    }

    async fn target(&self, url: &Url) -> Result<Target, Outcome> {
        let port = url.port_or_known_default().unwrap_or(80);
        let found: Result<Vec<SocketAddr>, String> = match url.host() {
            Some(Host::Ipv4(ip)) => Ok(vec![(ip, port).into()]),
            Some(Host::Ipv6(ip)) => Ok(vec![(ip, port).into()]),
            Some(Host::Domain(name)) => lookup_host((name, port))
                .await
                .map(Iterator::collect)
                .map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        };
        let is_allowed = self.allows(url.host_str().unwrap_or_default(), port);
        let addresses = match found {
            Ok(addresses) => addresses,
            Err(error) if is_allowed => return Err(failed(format!("no such host: {error}"))),
            // A name without addresses is not on this machine.
            Err(_) => Vec::new(),
        };
        let is_loopback = !addresses.is_empty()
            && addresses
                .iter()
                .all(|address| utdk_plaid_local::is_loopback_ip(address.ip()));
        match is_loopback || is_allowed {
            true => Ok(Target {
                addresses,
                is_loopback,
            }),
            false => Err(Outcome::NotAllowed {
                reason: "webhooks go only to this machine; name the host in allowWebhookHosts \
                         (--allow-webhook-host) to allow it"
                    .to_owned(),
            }),
        }
    }

    fn allows(&self, host: &str, port: u16) -> bool {
        self.allowed_hosts.iter().any(|allowed| {
            let rest = allowed
                .get(..host.len())
                .filter(|name| name.eq_ignore_ascii_case(host))
                .map(|name| &allowed[name.len()..]);
            match rest {
                Some("") => true,
                Some(rest) => rest.strip_prefix(':') == Some(&port.to_string()),
                None => false,
            }
        })
    }
}

pub(crate) fn failed(reason: impl Into<String>) -> Outcome {
    Outcome::Failed {
        reason: reason.into(),
    }
}

type TcpError = <HttpConnector as Service<http::Uri>>::Error;

/// Why there is no response.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &(dyn StdError + 'static) = error;
    let mut is_tcp = false;
    while let Some(next) = source(cause) {
        cause = next;
        is_tcp |= cause.is::<TcpError>();
    }
    let stage = match (error.is_connect(), is_tcp) {
        (true, true) => "could not connect",
        (true, false) => "no TLS connection",
        (false, _) => "no answer",
    };
    format!("{stage}: {cause}")
}

fn source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match inner {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

task_local! {
    /// Where the request of this task may connect to.
    static ADDRESSES: Vec<SocketAddr>;
}

/// Gives the addresses that were checked instead of a lookup.
struct Checked;

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = ADDRESSES.try_with(Vec::clone).unwrap_or_default();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

/// A client that opens a connection for each request.
fn client(tls: ClientConfig) -> Client {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Checked)
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .http1_only()
        .pool_max_idle_per_host(0)
        .build()
        .expect("TLS and DNS are configured")
}

/// For other machines: trusts the system's roots, or Mozilla's if the system has none.
fn verified() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        client(tls)
    })
}

/// For this machine: accepts any certificate, for instance a development server's own.
fn unverified() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let provider = Arc::new(ring::default_provider());
        let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring supports TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        client(tls)
    })
}

/// Accepts every certificate.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
