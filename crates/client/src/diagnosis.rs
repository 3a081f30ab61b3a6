//! Names a failure below HTTP, by the type of the error and never by its text.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use crate::connect::{ProxyError, ResolveError};
use crate::error::ConnectionError;

/// Names a failure below HTTP, from its chain of causes.
pub(crate) fn connection_error(host: &str, error: &(dyn StdError + 'static)) -> ConnectionError {
    let mut chain = Vec::new();
    let mut found = None;
    let mut next = Some(error);
    while let Some(cause) = next {
        chain.push(cause.to_string());
        // A proxy's failure keeps its name whatever caused it; otherwise the deepest cause wins.
        if !matches!(found, Some(("PROXY_FAILED", _))) {
            found = name(cause).or(found);
        }
        next = match cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    chain.dedup();
    let (code, problem) = found.unwrap_or(("CONNECTION_FAILED", "the connection failed"));
    ConnectionError {
        code: code.into(),
        problem: format!("{host}: {problem}"),
        chain,
    }
}

fn name(cause: &(dyn StdError + 'static)) -> Option<(&'static str, &'static str)> {
    if cause.is::<ProxyError>() {
        return Some((
            "PROXY_FAILED",
            "the proxy did not open a connection: check HTTPS_PROXY, its credentials and NO_PROXY",
        ));
    }
    if cause.is::<ResolveError>() {
        return Some((
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
    name_io(cause.downcast_ref::<io::Error>()?)
}

fn name_tls(error: &rustls::Error) -> (&'static str, &'static str) {
    let rustls::Error::InvalidCertificate(objection) = error else {
        return (
            "TLS_FAILED",
            "the TLS handshake failed: the server, or something before it, does not speak TLS 1.2 or 1.3",
        );
    };
    match objection {
        CertificateError::UnknownIssuer => (
            "CERT_UNTRUSTED",
            "the server's certificate is signed by an authority that is not trusted here: add its PEM as `ca` or NODE_EXTRA_CA_CERTS",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("CERT_EXPIRED", "the server's certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "CERT_NOT_YET_VALID",
            "the server's certificate is not valid yet: check this machine's clock",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "CERT_WRONG_HOST",
            "the server's certificate is for another host name",
        ),
        _ => ("CERT_INVALID", "the server's certificate is not valid"),
    }
}

fn name_http(error: &hyper::Error) -> Option<(&'static str, &'static str)> {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Some((
            "ECONNRESET",
            "the connection was closed before the reply was complete",
        ))
    } else if error.is_parse() {
        Some(("EPROTO", "what came back is not HTTP"))
    } else {
        None
    }
}

/// `EMFILE`, which std does not name: 24 on every Unix.
const TOO_MANY_OPEN_FILES: i32 = 24;

fn name_io(error: &io::Error) -> Option<(&'static str, &'static str)> {
    if cfg!(unix) && error.raw_os_error() == Some(TOO_MANY_OPEN_FILES) {
        return Some((
            "EMFILE",
            "this process has too many open files: raise its limit, or keep fewer calls in flight",
        ));
    }
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            "ECONNREFUSED",
            "the connection was refused: nothing listens there",
        ),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => (
            "ECONNRESET",
            "the connection was closed before the reply was complete",
        ),
        io::ErrorKind::ConnectionAborted => ("ECONNABORTED", "the connection was aborted"),
        io::ErrorKind::BrokenPipe => (
            "EPIPE",
            "the connection was closed while the request was being sent",
        ),
        io::ErrorKind::HostUnreachable => ("EHOSTUNREACH", "the host cannot be reached"),
        io::ErrorKind::NetworkUnreachable => ("ENETUNREACH", "the network cannot be reached"),
        io::ErrorKind::AddrNotAvailable => (
            "EADDRNOTAVAIL",
            "no local address or port is free for the connection",
        ),
        io::ErrorKind::TimedOut => ("ETIMEDOUT", "the host did not answer"),
        _ => return None,
    })
}
