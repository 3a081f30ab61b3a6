//! Opens the sockets: DNS, TCP, a proxy where one is set, TLS.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::uri::{Scheme, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;
use utdk_plaid_local::is_loopback_ip;

use crate::config::Config;
use crate::error::UsageError;
use crate::target::is_loopback;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// TLS, if the URL says so, over [`Dial`].
pub(crate) type Connector = HttpsConnector<Dial>;

/// The connector for `target`. The route is chosen here, once: a client has one target.
///
/// # Errors
///
/// A [`UsageError`] if the proxy's URL cannot be used.
pub(crate) fn connector(
    target: &Uri,
    config: &Config,
    tls: ClientConfig,
) -> Result<Connector, UsageError> {
    let dial = Dial::to(target, config, &tls)?;
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(dial))
}

type Plain = HttpConnector<Resolver>;
type ToProxy = HttpsConnector<Plain>;
pub(crate) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A route to the server's TCP port.
#[derive(Clone)]
pub(crate) enum Dial {
    Direct(Plain),
    Tunnel(Tunnel<ToProxy>),
    Socks(SocksV5<ToProxy>),
}

impl Dial {
    pub(crate) fn to(
        target: &Uri,
        config: &Config,
        tls: &ClientConfig,
    ) -> Result<Self, UsageError> {
        let Some(proxy) = proxy_for(target, config)? else {
            return Ok(Dial::Direct(plain(is_plain_http(target))));
        };
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain(false));
        match proxy.uri().scheme_str() {
            Some("http" | "https") => {
                let tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
                Ok(Dial::Tunnel(match proxy.basic_auth() {
                    Some(auth) => tunnel.with_auth(auth.clone()),
                    None => tunnel,
                }))
            }
            // The proxy resolves the name in both: resolving it here would block the I/O thread.
            Some("socks5" | "socks5h") => {
                let socks = SocksV5::new(socks_address(proxy.uri())?, to_proxy);
                Ok(Dial::Socks(match proxy.raw_auth() {
                    Some((user, password)) => socks.with_auth(user.into(), password.into()),
                    None => socks,
                }))
            }
            _ => Err(unusable_proxy()),
        }
    }
}

/// The proxy for `target`, if any. Loopback never goes through a proxy: the proxy's own loopback is
/// another machine.
///
/// # Errors
///
/// A [`UsageError`] if the proxy's URL cannot be used.
pub(crate) fn proxy_for(target: &Uri, config: &Config) -> Result<Option<Intercept>, UsageError> {
    let proxy = match &config.https_proxy {
        Some(proxy) if !is_loopback(target) => proxy.expose_secret(),
        _ => return Ok(None),
    };
    let rules = |no_proxy: &str| Matcher::builder().https(proxy).no(no_proxy).build();
    let is_url = !proxy.contains("://") || Url::parse(proxy).is_ok();
    if !is_url || rules("").intercept(target).is_none() {
        return Err(unusable_proxy());
    }
    let no_proxy = config.no_proxy.as_deref().unwrap_or_default();
    Ok(rules(no_proxy).intercept(target))
}

/// Plain http is allowed only to loopback.
fn is_plain_http(target: &Uri) -> bool {
    target.scheme() == Some(&Scheme::HTTP)
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Stream, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Dial::Direct(tcp) => tcp.poll_ready(cx).map_err(Into::into),
            Dial::Tunnel(tunnel) => tunnel.poll_ready(cx).map_err(Into::into),
            Dial::Socks(socks) => socks.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        match self {
            Dial::Direct(tcp) => {
                let connecting = tcp.call(target);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
            Dial::Tunnel(tunnel) => through_proxy(tunnel.call(target)),
            Dial::Socks(socks) => through_proxy(socks.call(target)),
        }
    }
}

fn through_proxy<E: Into<BoxError>>(
    connecting: impl Future<Output = Result<Stream, E>> + Send + 'static,
) -> BoxFuture<Stream, BoxError> {
    Box::pin(async move {
        connecting
            .await
            .map_err(|cause| ProxyError(cause.into()).into())
    })
}

fn unusable_proxy() -> UsageError {
    UsageError::new(
        "INVALID_PROXY",
        "HTTPS_PROXY",
        "HTTPS_PROXY is not a proxy URL this client can use: give http://, https://, socks5:// or socks5h://, then host:port",
    )
}

/// `socks5://host:1080` as the `http` URL that the TCP connector dials.
fn socks_address(proxy: &Uri) -> Result<Uri, UsageError> {
    let host = proxy.host().ok_or_else(unusable_proxy)?;
    let port = proxy.port_u16().unwrap_or(1080);
    format!("http://{host}:{port}")
        .parse()
        .map_err(|_| unusable_proxy())
}

fn plain(loopback_only: bool) -> Plain {
    let mut tcp = HttpConnector::new_with_resolver(Resolver {
        system: GaiResolver::new(),
        loopback_only,
    });
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

/// The system's resolver, with an error type of its own.
#[derive(Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
    /// For plain http: a `localhost` that resolves elsewhere must not carry a secret in clear.
    loopback_only: bool,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = BoxFuture<Self::Response, ResolveError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.system.poll_ready(cx).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.system.call(name);
        let loopback_only = self.loopback_only;
        Box::pin(async move {
            let addresses: Vec<_> = lookup
                .await
                .map_err(ResolveError)?
                .filter(|address| !loopback_only || is_loopback_ip(address.ip()))
                .collect();
            Ok(addresses.into_iter())
        })
    }
}

/// A host name that did not resolve.
#[derive(Debug, thiserror::Error)]
#[error("the host name could not be resolved")]
pub(crate) struct ResolveError(#[source] io::Error);

/// A failure of a proxy.
#[derive(Debug, thiserror::Error)]
#[error("the proxy did not open a connection")]
pub(crate) struct ProxyError(#[source] BoxError);
