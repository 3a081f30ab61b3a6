//! The certificate of the https port: a new authority and leaf for loopback at every start.

use std::error::Error;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// The certificate of the https port, and the authority that clients must trust.
pub(crate) struct Identity {
    /// Accepts TLS connections to `127.0.0.1` and `localhost`.
    pub(crate) acceptor: TlsAcceptor,
    /// The authority, as PEM.
    pub(crate) ca_pem: String,
}

impl Identity {
    /// Generates both keys and both certificates.
    pub(crate) fn generate() -> Result<Identity, Box<dyn Error>> {
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "bench-server authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        leaf.distinguished_name
            .push(DnType::CommonName, "bench-server");
        let leaf = leaf.signed_by(&key, &authority)?;

        let private_key = PrivateKeyDer::try_from(key.serialize_der())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private_key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Identity {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_pem: authority.pem(),
        })
    }
}
