//! The way to a server, walked step by step for whoever asks where it ends. It is the way that calls
//! take, and it carries no credential.

use std::future::{Future, poll_fn};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::uri::{Scheme, Uri};
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use crate::config::Config;
use crate::connect::{BoxError, Dial, Stream, proxy_for, resolve};
use crate::diagnosis::connection_error;
use crate::error::{ConnectionError, UsageError};
use crate::pool::Boxing;
use crate::target;
use crate::trust::tls_config;

/// How far the way led.
#[derive(Debug)]
pub struct Reach {
    /// Scheme, host and port, as configured.
    pub origin: String,
    /// Host and port of the proxy that leads there, if one does.
    pub proxy: Option<String>,
    /// The steps, in order; only the last may have failed.
    pub steps: Vec<Step>,
    /// What was answered: the HTTP status, and the body's first 64 KiB.
    pub answer: Option<(u16, Bytes)>,
}

/// One step of the way.
#[derive(Debug)]
pub struct Step {
    /// `dns`, `tcp`, `proxy`, `tls` or `answer`.
    pub name: &'static str,
    /// How long it took, also if it failed.
    pub took: Duration,
    /// What came of it, which may be nothing to tell, or why the way ends here.
    pub result: Result<String, ConnectionError>,
}

/// Walks to Plaid's host, or to the gateway if one is configured, within `time_limit`. Plaid is
/// asked for the operation without credentials, which it refuses and so shows that it is Plaid; a
/// gateway for its `/healthz`.
///
/// # Errors
///
/// A [`UsageError`] that names the setting to change: the same that [`Client::new`](crate::Client)
/// refuses.
pub async fn reach(config: &Config, time_limit: Duration) -> Result<Reach, UsageError> {
    let (uri, method) = match &config.gateway {
        Some(gateway) => (target::health_url(&gateway.url)?, Method::GET),
        None => {
            let base_url = config.base_url.as_deref();
            let uri = target::operation_url(base_url.unwrap_or(target::DEFAULT_BASE_URL))?;
            (uri, Method::POST)
        }
    };
    let tls = tls_config(config, uri.scheme() == Some(&Scheme::HTTPS))?;
    let dial = Dial::to(&uri, config, &tls)?;
    let proxy = proxy_for(&uri, config)?.map(|proxy| {
        let authority = proxy.uri().authority();
        authority.map_or_else(String::new, |host| host.as_str().to_owned())
    });
    let mut way = Way {
        host: uri.authority().map_or("", |host| host.as_str()),
        deadline: Instant::now() + time_limit,
        time_limit,
        steps: Vec::new(),
    };
    let answer = way.walk(&uri, method, dial, tls).await;
    Ok(Reach {
        origin: format!("{}://{}", uri.scheme_str().unwrap_or_default(), way.host),
        proxy,
        steps: way.steps,
        answer,
    })
}

struct Way<'a> {
    host: &'a str,
    deadline: Instant,
    time_limit: Duration,
    steps: Vec<Step>,
}

impl Way<'_> {
    async fn walk(
        &mut self,
        uri: &Uri,
        method: Method,
        mut dial: Dial,
        mut tls: rustls::ClientConfig,
    ) -> Option<(u16, Bytes)> {
        let hop = match dial {
            Dial::Direct(_) => {
                self.step("dns", resolve(uri)).await?;
                "tcp"
            }
            Dial::Tunnel(_) | Dial::Socks(_) => "proxy",
        };
        let connecting = async {
            poll_fn(|cx| dial.poll_ready(cx)).await?;
            Ok((dial.call(uri.clone()).await?, String::new()))
        };
        let stream = self.step(hop, connecting).await?;
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let asking = ask(MaybeHttpsStream::Http(stream), false, uri, method);
            return self.step("answer", asking).await;
        }
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let handshake = async {
            let name = uri.host().unwrap_or_default();
            let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())?;
            let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(tls));
            let stream = connector.connect(name, TokioIo::new(stream)).await?;
            let session = stream.get_ref().1;
            let is_http2 = session.alpn_protocol() == Some(b"h2");
            let version = match session.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
                _ => "TLS 1.2",
            };
            let protocol = if is_http2 { "HTTP/2" } else { "HTTP/1.1" };
            Ok(((stream, is_http2), format!("{version}, {protocol}")))
        };
        let (stream, is_http2) = self.step("tls", handshake).await?;
        let stream = MaybeHttpsStream::Https(TokioIo::new(stream));
        let asking = ask(stream, is_http2, uri, method);
        self.step("answer", asking).await
    }

    /// Takes a step that gives what the next one needs, and what there is to tell.
    async fn step<T>(
        &mut self,
        name: &'static str,
        step: impl Future<Output = Result<(T, String), BoxError>>,
    ) -> Option<T> {
        let begun = Instant::now();
        let ended = timeout_at(self.deadline, step).await;
        let (given, result) = match ended {
            Ok(Ok((given, told))) => (Some(given), Ok(told)),
            Ok(Err(error)) => (None, Err(connection_error(self.host, &*error))),
            Err(_) => (None, Err(self.too_late())),
        };
        self.steps.push(Step {
            name,
            took: begun.elapsed(),
            result,
        });
        given
    }

    fn too_late(&self) -> ConnectionError {
        let (host, seconds) = (self.host, self.time_limit.as_secs_f64());
        ConnectionError {
            code: "ETIMEDOUT".into(),
            problem: format!(
                "{host}: nothing came within {seconds} s: a firewall may drop what is sent there"
            ),
            chain: Vec::new(),
        }
    }
}

/// Longer than what either of them answers.
const MAX_ANSWER: usize = 64 << 10;

/// Over the very types that calls use, or the binary would hold HTTP twice.
async fn ask(
    stream: MaybeHttpsStream<Stream>,
    is_http2: bool,
    uri: &Uri,
    method: Method,
) -> Result<((u16, Bytes), String), BoxError> {
    let body = match method {
        Method::POST => Bytes::from_static(b"{}"),
        _ => Bytes::new(),
    };
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    let json = http::HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json.clone());
    request.headers_mut().insert(CONTENT_TYPE, json);
    let response: Response<Incoming> = if is_http2 {
        *request.uri_mut() = uri.clone();
        *request.version_mut() = Version::HTTP_2;
        let (mut sender, connection) = http2::Builder::new(Boxing)
            .timer(TokioTimer::new())
            .handshake(stream)
            .await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let host = uri.authority().map_or("", |host| host.as_str());
        request.headers_mut().insert(HOST, host.parse()?);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse()?;
        let (mut sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), MAX_ANSWER);
    // A longer one is nobody's that we know: its status says enough.
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Bytes::new(),
        Err(error) => return Err(error),
    };
    Ok(((status, body), format!("HTTP {status}")))
}
