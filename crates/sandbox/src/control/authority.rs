//! The certificate authority of one Sandbox, and the certificate of its TLS listener. Both are made
//! anew each time, their keys are random and stay in memory, and nothing of them follows the seed: a
//! program that trusts this authority must not trust another.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType,
};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::PrivateKeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use time::{Duration, OffsetDateTime};

use crate::plaid::hosts;

/// The name of every Sandbox's authority. [`with_system_roots`] recognises one by it.
const NAME: &str = "Local Plaid Sandbox, made for one run";

/// The names of the certificate, and the only ones that the authority can vouch for.
const NAMES: [&str; 3] = [hosts::API, hosts::CDN, "localhost"];

/// The same for addresses.
const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// Apple's clients refuse a longer lifetime than 825 days.
const LIFETIME: Duration = Duration::days(397);

/// For a client whose clock is behind.
const BACKDATED: Duration = Duration::days(1);

/// An authority, as PEM, and the settings of a listener that its certificate vouches for.
pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes an authority.
    pub(super) fn new() -> Self {
        let issuer = CertifiedIssuer::self_signed(root(), new_key()).expect("a valid root");
        let key = new_key();
        let certificate = leaf().signed_by(&key, &issuer);
        let certificate = certificate.expect("a valid certificate").der().clone();
        let provider = Arc::new(ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let certified = CertifiedKey::from_der(vec![certificate], key, &provider);
        let resolver = OwnNames(Arc::new(certified.expect("the key of the certificate")));
        Authority {
            pem: issuer.pem(),
            server: Arc::new(server(provider, resolver)),
        }
    }
}

/// The certificates that this system trusts, and `ca`, as PEM: for programs that read their roots from
/// one file. Authorities of other Sandboxes are left out.
pub fn with_system_roots(ca: &str) -> String {
    let system = rustls_native_certs::load_native_certs().certs;
    let is_others = |certificate: &[u8]| {
        let mut parts = certificate.windows(NAME.len());
        parts.any(|part| part == NAME.as_bytes())
    };
    let mut bundle = String::new();
    for certificate in system.iter().filter(|it| !is_others(it)) {
        bundle += "-----BEGIN CERTIFICATE-----\n";
        let text = BASE64_STANDARD.encode(certificate);
        for line in text.as_bytes().chunks(64) {
            bundle += std::str::from_utf8(line).expect("base64 is ASCII");
            bundle += "\n";
        }
        bundle += "-----END CERTIFICATE-----\n";
    }
    bundle + ca
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system's random numbers")
}

fn root() -> CertificateParams {
    let names = NAMES.iter();
    let names = names.map(|&name| GeneralSubtree::DnsName(name.to_owned()));
    let addresses = ADDRESSES.iter().map(|&address| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
    });
    let mut root = valid_now();
    root.distinguished_name.push(DnType::CommonName, NAME);
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    root.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.chain(addresses).collect(),
        excluded_subtrees: Vec::new(),
    });
    root
}

fn leaf() -> CertificateParams {
    let names = NAMES.iter();
    let names = names.map(|&name| SanType::DnsName(name.try_into().expect("ASCII")));
    let addresses = ADDRESSES.iter().map(|&address| SanType::IpAddress(address));
    let mut leaf = valid_now();
    leaf.distinguished_name.push(DnType::CommonName, hosts::API);
    leaf.subject_alt_names = names.chain(addresses).collect();
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf
}

/// By real time: the clients do not know the Sandbox's clock.
fn valid_now() -> CertificateParams {
    let now = OffsetDateTime::from(std::time::SystemTime::now());
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.not_before = now - BACKDATED;
    params.not_after = now - BACKDATED + LIFETIME;
    params
}

fn server(provider: Arc<CryptoProvider>, resolver: OwnNames) -> ServerConfig {
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server
}

/// Presents the certificate to a client that asks for one of its names, or for none.
#[derive(Debug)]
struct OwnNames(Arc<CertifiedKey>);

impl ResolvesServerCert for OwnNames {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_own = |asked: &str| NAMES.iter().any(|name| asked.eq_ignore_ascii_case(name));
        let is_known = hello.server_name().is_none_or(is_own);
        is_known.then(|| Arc::clone(&self.0))
    }
}
