//! Which certificates are trusted: the caller's own, then the system's, then Mozilla's where the
//! system has none.
//!
//! Reading the system's roots takes tens of milliseconds. They are read once per process, on another
//! thread, and not at all while the caller's own certificates verify the server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::certificate::unsupported;
use crate::config::Config;
use crate::error::UsageError;

/// The TLS settings of a client; `https` says whether it will use them.
///
/// # Errors
///
/// A [`UsageError`] if `ca` holds no certificate that can be used as a root.
pub(crate) fn tls_config(config: &Config, https: bool) -> Result<ClientConfig, UsageError> {
    let provider = Arc::new(ring::default_provider());
    let trust = Trust {
        algorithms: provider.signature_verification_algorithms,
        own: own_roots(config)?.map(|roots| verifier(roots, &provider)),
        system: SystemRoots::of(config.system_ca_file.clone()),
    };
    if https && trust.own.is_none() {
        trust.system.read_ahead();
    }
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    Ok(tls)
}

/// A server is trusted if the caller's own roots or the system's verify it.
#[derive(Debug)]
struct Trust {
    algorithms: WebPkiSupportedAlgorithms,
    own: Option<Arc<WebPkiServerVerifier>>,
    system: Arc<SystemRoots>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(unsupported) = unsupported(end_entity) {
            let other = OtherError(Arc::new(unsupported));
            return Err(CertificateError::Other(other).into());
        }
        let ask = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let Some(own) = &self.own else {
            return ask(self.system.verifier());
        };
        match ask(own) {
            Ok(verified) => Ok(verified),
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                ask(self.system.verifier())
            }
            // The caller's roots know the issuer: their objection is the better message.
            Err(objection) => ask(self.system.verifier()).map_err(|_| objection),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The system's roots, read at first use.
#[derive(Debug)]
struct SystemRoots {
    file: Option<PathBuf>,
    verifier: OnceLock<Arc<WebPkiServerVerifier>>,
}

impl SystemRoots {
    /// The roots in `file`, or the process-wide ones of the system.
    fn of(file: Option<PathBuf>) -> Arc<Self> {
        static OF_THE_SYSTEM: OnceLock<Arc<SystemRoots>> = OnceLock::new();
        let unread = |file| {
            Arc::new(Self {
                file,
                verifier: OnceLock::new(),
            })
        };
        match file {
            Some(file) => unread(Some(file)),
            None => OF_THE_SYSTEM.get_or_init(|| unread(None)).clone(),
        }
    }

    /// Reads them on a thread of their own, while the connection is opened.
    fn read_ahead(self: &Arc<Self>) {
        if self.verifier.get().is_some() {
            return;
        }
        let roots = self.clone();
        // If no thread can start, the handshake reads them.
        let _ = std::thread::Builder::new()
            .name("plaid-roots".into())
            .spawn(move || {
                roots.verifier();
            });
    }

    fn verifier(&self) -> &WebPkiServerVerifier {
        self.verifier.get_or_init(|| {
            let mut roots = read_system_roots(self.file.as_deref());
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            verifier(roots, &Arc::new(ring::default_provider()))
        })
    }
}

fn read_system_roots(file: Option<&Path>) -> RootCertStore {
    let read = match file {
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
        None => rustls_native_certs::load_native_certs(),
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.certs);
    roots
}

/// How many roots there are.
#[derive(Debug)]
pub struct Roots {
    /// Of `ca` and the extra files.
    pub own: usize,
    /// Of the system, or of the file that replaces them; with none, Mozilla's are trusted.
    pub system: usize,
    /// Of Mozilla, in the binary.
    pub mozilla: usize,
}

/// Counts the roots that `config` trusts. It reads files: tens of milliseconds.
///
/// # Errors
///
/// A [`UsageError`] if `ca` holds no certificate.
pub fn roots(config: &Config) -> Result<Roots, UsageError> {
    Ok(Roots {
        own: own_roots(config)?.map_or(0, |roots| roots.len()),
        system: read_system_roots(config.system_ca_file.as_deref()).len(),
        mozilla: webpki_roots::TLS_SERVER_ROOTS.len(),
    })
}

fn verifier(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Arc<WebPkiServerVerifier> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .expect("a store with roots and no revocation lists makes a verifier")
}

/// The longest `ca`: Mozilla's whole list has a quarter of a megabyte.
const LONGEST_CA: usize = 4 << 20;

/// The caller's own roots: `ca` and the extra files.
fn own_roots(config: &Config) -> Result<Option<RootCertStore>, UsageError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = &config.ca {
        if pem.len() > LONGEST_CA {
            return Err(UsageError::new(
                "INVALID_CA",
                "ca",
                "ca is longer than 4 MiB: give only the certificates that are needed",
            ));
        }
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .flatten()
            .collect();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(UsageError::new(
                "INVALID_CA",
                "ca",
                "ca holds no certificate: give PEM text that has at least one -----BEGIN CERTIFICATE----- block",
            ));
        }
    }
    for file in &config.extra_ca_files {
        let Ok(certificates) = CertificateDer::pem_file_iter(file) else {
            continue;
        };
        roots.add_parsable_certificates(certificates.flatten());
    }
    Ok((!roots.is_empty()).then_some(roots))
}
