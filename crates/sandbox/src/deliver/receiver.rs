//! Which receivers a webhook may be sent to, and the request to one. By default only receivers on
//! this machine.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    task::{JoinSet, spawn_blocking},
};
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

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

/// The response of the receiver.
pub(crate) struct Received {
    pub(crate) response: Response<Incoming>,
    /// Kept until the body is read.
    _connection: JoinSet<()>,
}

/// The addresses that were checked. The name is not looked up again.
struct Target {
    addresses: Vec<SocketAddr>,
    is_loopback: bool,
}

impl Post<'_> {
    /// The response, or the outcome without one. A redirect is not followed.
    pub(crate) async fn send(&self) -> Result<Received, Outcome> {
        let url = Url::parse(self.url).map_err(|error| failed(error.to_string()))?;
        let target = self.target(&url).await?;
        let stream = TcpStream::connect(&target.addresses[..])
            .await
            .map_err(|error| failed(format!("could not connect: {error}")))?;
        let request = self.request(&url)?;
        if url.scheme() == "http" {
            return exchange(stream, request).await;
        }
        let connector = match target.is_loopback {
            true => unverified(),
            false => spawn_blocking(verified)
                .await
                .map_err(|_| failed("the system's certificates could not be read"))?,
        };
        let name = server_name(&url)?;
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| failed(format!("no TLS connection: {error}")))?;
        exchange(stream, request).await
    }

    /// With the `accept-encoding` and `user-agent` of a Go program (inferred).
    fn request(&self, url: &Url) -> Result<Request<Full<Bytes>>, Outcome> {
        Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(
                header::HOST,
                &url[Position::BeforeHost..Position::AfterPort],
            )
            .header(header::USER_AGENT, "Go-http-client/1.1")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_ENCODING, "gzip")
            .header("plaid-verification", self.verification)
            .body(Full::new(Bytes::copy_from_slice(self.body.as_bytes())))
            .map_err(|error| failed(error.to_string()))
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

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Received, Outcome> {
    let unanswered = |error: hyper::Error| failed(format!("no answer: {error}"));
    let (mut sender, io) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(unanswered)?;
    let mut connection = JoinSet::new();
    connection.spawn(async move {
        // `send_request` reports its error.
        let _ = io.await;
    });
    let response = sender.send_request(request).await.map_err(unanswered)?;
    Ok(Received {
        response,
        _connection: connection,
    })
}

fn server_name(url: &Url) -> Result<ServerName<'static>, Outcome> {
    let name = url.host_str().unwrap_or_default();
    let name = name.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(name.to_owned()).map_err(|error| failed(error.to_string()))
}

/// For other machines: trusts the system's roots, or Mozilla's if the system has none.
fn verified() -> TlsConnector {
    static CONNECTOR: OnceLock<TlsConnector> = OnceLock::new();
    CONNECTOR
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring supports TLS 1.2 and 1.3")
                .with_root_certificates(roots)
                .with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        })
        .clone()
}

/// For this machine: accepts any certificate, for instance a development server's own.
fn unverified() -> TlsConnector {
    static CONNECTOR: OnceLock<TlsConnector> = OnceLock::new();
    CONNECTOR
        .get_or_init(|| {
            let provider = Arc::new(ring::default_provider());
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .expect("ring supports TLS 1.2 and 1.3")
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
                .with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        })
        .clone()
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
