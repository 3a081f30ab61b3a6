//! Names a failure below HTTP, by the type of the error and never by its text.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use rustls::{AlertDescription, CertificateError};
use tower_service::Service;

use crate::certificate::UnsupportedCertificate;
use crate::dial::TooSlow;
use crate::error::ConnectionError;
use crate::resolve::ResolveError;
use crate::scrub::Secrets;

type TunnelError = <Tunnel<HttpConnector> as Service<http::Uri>>::Error;
type SocksError = <SocksV5<HttpConnector> as Service<http::Uri>>::Error;

/// A code and a sentence.
type Name = (&'static str, String);

/// Names a failure below HTTP, from its chain of causes. A server's text can be among these:
/// `secrets` are removed.
pub(crate) fn connection_error(
    host: &str,
    error: &(dyn StdError + 'static),
    secrets: &Secrets<'_>,
) -> ConnectionError {
    let scrubber = secrets.scrubber();
    let mut chain = Vec::new();
    let mut found: Option<Name> = None;
    for cause in causes(error) {
        chain.push(scrubber.text(&cause.to_string()));
        // A proxy's failure keeps its name whatever caused it; otherwise the deepest cause wins.
        if !matches!(&found, Some((code, _)) if is_of_proxy(code)) {
            found = name(cause).or(found);
        }
    }
    chain.dedup();
    let (code, problem) =
        found.unwrap_or_else(|| named("CONNECTION_FAILED", "the connection failed"));
    ConnectionError {
        code: code.into(),
        problem: format!("{host}: {problem}"),
        chain,
    }
}

/// Whether the server says that it did not process the request, so that it can be sent again at
/// once (RFC 9113 §6.8 and §8.7).
pub(crate) fn is_unprocessed(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<h2::Error>())
        .any(|http2| match http2.reason() {
            Some(h2::Reason::REFUSED_STREAM) => http2.is_reset() && http2.is_remote(),
            Some(h2::Reason::NO_ERROR) => http2.is_go_away() && http2.is_remote(),
            _ => false,
        })
}

/// Whether no socket could be opened because the process has too many files open.
pub(crate) fn is_out_of_files(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(is_emfile)
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match inner {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

fn named(code: &'static str, problem: &str) -> Name {
    (code, problem.to_owned())
}

fn name(cause: &(dyn StdError + 'static)) -> Option<Name> {
    if let Some(TooSlow(limit)) = cause.downcast_ref() {
        let ms = limit.as_millis();
        return Some((
            "ETIMEDOUT",
            format!("no connection was open within {ms} ms: a firewall may drop packets"),
        ));
    }
    if let Some(tunnel) = cause.downcast_ref::<TunnelError>() {
        return Some(name_tunnel(tunnel));
    }
    if let Some(socks) = cause.downcast_ref::<SocksError>() {
        return Some(name_socks(socks));
    }
    if cause.is::<ResolveError>() {
        return Some(named(
            "ENOTFOUND",
            "the host name could not be resolved: check the URL and DNS",
        ));
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(name_tls(tls));
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>() {
        return name_http(http);
    }
    if let Some(http2) = cause.downcast_ref::<h2::Error>() {
        return name_http2(http2);
    }
    name_io(cause.downcast_ref()?)
}

fn is_of_proxy(code: &str) -> bool {
    code.starts_with("PROXY_")
}

fn name_tunnel(error: &TunnelError) -> Name {
    match error {
        TunnelError::ProxyAuthRequired => named(
            "PROXY_AUTH_REQUIRED",
            "the proxy asks for credentials, or does not accept those in HTTPS_PROXY (HTTP 407)",
        ),
        TunnelError::TunnelUnsuccessful => named(
            "PROXY_REFUSED",
            "the proxy refused to open a connection: ask who runs it to allow this host, or add it to NO_PROXY",
        ),
        _ => proxy_failed(),
    }
}

fn name_socks(error: &SocksError) -> Name {
    match error {
        // The proxy's own answer: the credentials, or the host, are not allowed.
        SocksError::V5(_) => named(
            "PROXY_REFUSED",
            "the SOCKS proxy refused the credentials in HTTPS_PROXY, or could not reach this host",
        ),
        _ => proxy_failed(),
    }
}

fn proxy_failed() -> Name {
    named(
        "PROXY_FAILED",
        "the proxy did not open a connection: check HTTPS_PROXY, its credentials and NO_PROXY",
    )
}

fn name_tls(error: &rustls::Error) -> Name {
    match error {
        rustls::Error::InvalidCertificate(objection) => name_certificate(objection),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => named(
            "TLS_FAILED",
            "the server ended the TLS handshake: it shares no cipher or signature algorithm with this client (a P-521, RSA-PSS or DSA key is not supported)",
        ),
        _ => named(
            "TLS_FAILED",
            "the TLS handshake failed: the server, or something before it, does not speak TLS 1.2 or 1.3",
        ),
    }
}

fn name_certificate(objection: &CertificateError) -> Name {
    match objection {
        CertificateError::UnknownIssuer => named(
            "CERT_UNTRUSTED",
            "the server's certificate is signed by an authority that is not trusted here: add its PEM as `ca` or NODE_EXTRA_CA_CERTS",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            named("CERT_EXPIRED", "the server's certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => named(
            "CERT_NOT_YET_VALID",
            "the server's certificate is not valid yet: check this machine's clock",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            named(
                "CERT_WRONG_HOST",
                "the server's certificate is for another host name",
            )
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<UnsupportedCertificate>() {
            Some(unsupported) => ("CERT_INVALID", unsupported.to_string()),
            None => invalid_certificate(),
        },
        CertificateError::BadSignature => named(
            "CERT_INVALID",
            "a signature in the server's certificate chain is wrong, or made with a key that is not accepted here, such as RSA below 2048 bits",
        ),
        objection if is_unsupported_signature(objection) => named(
            "CERT_INVALID",
            "the server's certificate chain has a signature algorithm that is not accepted here, such as SHA-1 or P-521",
        ),
        _ => invalid_certificate(),
    }
}

#[allow(deprecated)] // webpki still reports the variants without context.
fn is_unsupported_signature(objection: &CertificateError) -> bool {
    matches!(
        objection,
        CertificateError::UnsupportedSignatureAlgorithm
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

fn invalid_certificate() -> Name {
    named("CERT_INVALID", "the server's certificate is not valid")
}

fn name_http(error: &hyper::Error) -> Option<Name> {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Some(closed_too_early())
    } else if error.is_parse_too_large() {
        Some(named(
            "EPROTO",
            "the head of the response is too large: more than 100 headers, or too many bytes",
        ))
    } else if error.is_parse() {
        Some(not_http())
    } else if error.is_timeout() {
        Some(named(
            "ETIMEDOUT",
            "the connection no longer answers: PING got no reply",
        ))
    } else {
        None
    }
}

fn name_http2(error: &h2::Error) -> Option<Name> {
    use h2::Reason;
    if let Some(io) = error.get_io() {
        return name_io(io);
    }
    match error.reason()? {
        Reason::NO_ERROR
        | Reason::INTERNAL_ERROR
        | Reason::REFUSED_STREAM
        | Reason::CANCEL
        | Reason::ENHANCE_YOUR_CALM => Some(closed_too_early()),
        reason => Some((
            "EPROTO",
            format!("the response breaks HTTP/2: {}", reason.description()),
        )),
    }
}

fn closed_too_early() -> Name {
    named(
        "ECONNRESET",
        "the connection was closed before the reply was complete",
    )
}

fn not_http() -> Name {
    named("EPROTO", "the response is not valid HTTP")
}

/// `EMFILE` and `ENFILE`, which std does not name: 24 and 23 on every Unix.
fn is_emfile(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

fn name_io(error: &io::Error) -> Option<Name> {
    if is_emfile(error) {
        return Some(named(
            "EMFILE",
            "this process has too many open files: raise its limit, or keep fewer calls in flight",
        ));
    }
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => named(
            "ECONNREFUSED",
            "the connection was refused: nothing listens there",
        ),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => closed_too_early(),
        io::ErrorKind::ConnectionAborted => named("ECONNABORTED", "the connection was aborted"),
        io::ErrorKind::BrokenPipe => named(
            "EPIPE",
            "the connection was closed while the request was being sent",
        ),
        io::ErrorKind::HostUnreachable => named("EHOSTUNREACH", "the host cannot be reached"),
        io::ErrorKind::NetworkUnreachable => named("ENETUNREACH", "the network cannot be reached"),
        io::ErrorKind::AddrNotAvailable => named(
            "EADDRNOTAVAIL",
            "no local address or port is free for the connection",
        ),
        io::ErrorKind::TimedOut => named("ETIMEDOUT", "the host did not answer"),
        // What hyper makes of chunks that it cannot read.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => not_http(),
        _ => return None,
    })
}
