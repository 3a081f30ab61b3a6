//! Which certificates are trusted, and the codes of refused ones.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::{CertifiedKey, Signer, SigningKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ServerConfig, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
};
use utdk_plaid_client::{Client, Config, Error, Outcome};

use crate::calls::{DONE, call, config, within};
use crate::raw::RawServer;
use crate::server::{Server, reply};

/// A certificate authority that no system trusts.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("an authority of these tests")
    }

    fn named(name: &str) -> Self {
        let mut root = CertificateParams::default();
        root.distinguished_name.push(DnType::CommonName, name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(root, key).expect("a root"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn certificate_for(&self, host: &str) -> CertificateParams {
        CertificateParams::new([host.to_owned()]).expect("a host")
    }

    /// Presents `certificate`, signed by this authority, and offers `protocols` by ALPN.
    pub(crate) fn acceptor(
        &self,
        certificate: CertificateParams,
        protocols: &[&str],
    ) -> TlsAcceptor {
        self.acceptor_speaking(certificate, protocols, &[&TLS13, &TLS12])
    }

    /// The same, over these versions of TLS.
    pub(crate) fn acceptor_speaking(
        &self,
        certificate: CertificateParams,
        protocols: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let certificate = certificate.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("ring supports TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key fits the certificate");
        tls.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        TlsAcceptor::from(Arc::new(tls))
    }
}

/// Calls a server on 127.0.0.1 that presents `certificate`, under `trusting`.
async fn call_server(
    authority: &Authority,
    certificate: CertificateParams,
    trusting: Config,
) -> Outcome {
    let acceptor = authority.acceptor(certificate, &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
    let client = Client::new(Config {
        base_url: Some(server.https_url()),
        ..trusting
    });
    within(client.expect("the settings are good").reset_login(call())).await
}

fn check_refused(outcome: &Outcome, code: &str) {
    let Err(error @ Error::Connection(_)) = &outcome.result else {
        panic!("a refused certificate is a connection error: {outcome:?}");
    };
    assert_eq!(error.code(), code);
    assert!(!error.retryable());
    assert_eq!(outcome.attempts, 1, "a certificate stays refused");
}

#[tokio::test]
async fn a_certificate_signed_by_the_callers_ca_is_trusted() {
    let authority = Authority::new();
    let trusting = Config {
        ca: Some(authority.pem()),
        ..config("")
    };

    let outcome = call_server(&authority, authority.certificate_for("127.0.0.1"), trusting).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_and_not_retried() {
    let authority = Authority::new();

    let outcome = call_server(
        &authority,
        authority.certificate_for("127.0.0.1"),
        config(""),
    )
    .await;

    check_refused(&outcome, "CERT_UNTRUSTED");
}

#[tokio::test]
async fn a_certificate_of_another_authority_than_the_callers_is_refused() {
    let authority = Authority::new();
    let trusting = Config {
        ca: Some(Authority::named("another authority").pem()),
        ..config("")
    };

    let outcome = call_server(&authority, authority.certificate_for("127.0.0.1"), trusting).await;

    check_refused(&outcome, "CERT_UNTRUSTED");
}

#[tokio::test]
async fn expired_and_wrong_host_certificates_have_their_own_codes() {
    let authority = Authority::new();
    let good = || authority.certificate_for("127.0.0.1");
    let mut expired = good();
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut not_yet_valid = good();
    not_yet_valid.not_before = date_time_ymd(4000, 1, 1);
    let wrong_host = authority.certificate_for("sandbox.example");

    for (certificate, code) in [
        (expired, "CERT_EXPIRED"),
        (not_yet_valid, "CERT_NOT_YET_VALID"),
        (wrong_host, "CERT_WRONG_HOST"),
    ] {
        let trusting = Config {
            ca: Some(authority.pem()),
            ..config("")
        };
        let outcome = call_server(&authority, certificate, trusting).await;
        check_refused(&outcome, code);
    }
}

/// Presents a certificate without its private key: the client refuses it before the key matters.
#[derive(Debug)]
struct Presenting(Arc<CertifiedKey>);

#[derive(Debug)]
struct NoKey;

impl ResolvesServerCert for Presenting {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl SigningKey for NoKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.first()?;
        Some(Box::new(NoKey))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for NoKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, tokio_rustls::rustls::Error> {
        Ok(vec![0; 256])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

#[tokio::test]
async fn an_unsupported_certificate_is_refused_with_its_reason() {
    for (pem, named) in [
        (include_str!("certificates/p521.pem"), "P-521"),
        (include_str!("certificates/rsa-pss.pem"), "RSA-PSS"),
        (
            include_str!("certificates/rsa1024.pem"),
            "RSA key of 1024 bits",
        ),
        (include_str!("certificates/version1.pem"), "version 1"),
    ] {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let key = CertifiedKey::new(vec![certificate], Arc::new(NoKey));
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Presenting(Arc::new(key))));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let server = Server::start_tls(acceptor, |_, _| async { reply(200, DONE) }).await;
        let client = Client::new(config(&server.https_url())).expect("the settings are good");

        let outcome = within(client.reset_login(call())).await;

        check_refused(&outcome, "CERT_INVALID");
        let error = outcome.result.expect_err("it is refused");
        assert!(error.to_string().contains(named), "{error}");
    }
}

/// OpenSSL sends this if its key fits none of the client's signature algorithms.
#[tokio::test]
async fn a_handshake_failure_names_unsupported_keys() {
    let server = RawServer::accepting(|mut socket| async move {
        let _ = socket.read(&mut [0; 1024]).await;
        // A fatal alert: handshake_failure (RFC 8446 §6).
        let _ = socket.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
        Some(socket)
    })
    .await;
    let client = Client::new(Config {
        max_retries: 0,
        ..config(&server.https_url())
    })
    .expect("the settings are good");

    let outcome = within(client.reset_login(call())).await;

    let error = outcome.result.expect_err("the handshake failed");
    assert_eq!(error.code(), "TLS_FAILED");
    assert!(error.to_string().contains("P-521"), "{error}");
}

#[tokio::test]
async fn the_systems_ca_file_is_trusted() {
    let authority = Authority::new();
    let trusting = Config {
        system_ca_file: Some(pem_file("system", &authority.pem())),
        ..config("")
    };

    let outcome = call_server(&authority, authority.certificate_for("127.0.0.1"), trusting).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn without_a_readable_system_ca_file_the_bundled_roots_are_used() {
    let authority = Authority::new();
    let trusting = Config {
        system_ca_file: Some(missing_file()),
        ..config("")
    };

    let outcome = call_server(&authority, authority.certificate_for("127.0.0.1"), trusting).await;

    check_refused(&outcome, "CERT_UNTRUSTED");
}

#[tokio::test]
async fn extra_ca_files_are_trusted_and_unreadable_ones_ignored() {
    let authority = Authority::new();
    let trusting = Config {
        extra_ca_files: vec![
            missing_file(),
            pem_file("no-pem", "not a certificate"),
            pem_file("extra", &authority.pem()),
        ],
        ..config("")
    };

    let outcome = call_server(&authority, authority.certificate_for("127.0.0.1"), trusting).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

/// Writes a file into Cargo's directory for tests.
fn pem_file(name: &str, content: &str) -> PathBuf {
    let file = format!("{}-{name}.pem", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, content).expect("the directory is Cargo's");
    path
}

fn missing_file() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-such-directory/roots.pem")
}
