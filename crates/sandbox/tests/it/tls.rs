//! The TLS listener: its certificate, its protocols, and which hosts it answers for.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use utdk_plaid_sandbox::{Config, SandboxError, TlsEndpoint, with_system_roots};

use crate::{
    control::control,
    link,
    plaid::{JSON, Plaid, Reply},
    wire,
};

const H2: &str = "h2";
const HTTP1: &str = "http/1.1";
const API: &str = "sandbox.plaid.com";
const CDN: &str = "cdn.plaid.com";

async fn start() -> (Plaid, TlsEndpoint) {
    start_with(Config::default()).await
}

async fn start_with(config: Config) -> (Plaid, TlsEndpoint) {
    let config = Config {
        tls: Some(0),
        ..config
    };
    let plaid = Plaid::start_with(config).await;
    let tls = plaid.sandbox.tls().await.unwrap();
    (plaid, tls)
}

/// A connection for `name` by a client that trusts only `ca`, and offers one protocol.
async fn connect(
    port: u16,
    ca: &str,
    name: &str,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// The reply over HTTP/1.1 to a request for the host `host`.
async fn send(
    tls: &TlsEndpoint,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut stream = connect(tls.port, &tls.ca, API, HTTP1).await.unwrap();
    let request = wire::request(host, method, path, headers, body);
    stream.write_all(&request).await.unwrap();
    let mut reply = Vec::new();
    // Ends without TLS's own end where the server has closed the connection.
    let _ = stream.read_to_end(&mut reply).await;
    wire::parse(&reply)
}

fn credentials(plaid: &Plaid) -> [(&'static str, String); 2] {
    [
        ("plaid-client-id", plaid.sandbox.client_id().to_owned()),
        ("plaid-secret", plaid.secret().to_owned()),
    ]
}

/// The status and the body of the reply over HTTP/2.
async fn send_h2(
    tls: &TlsEndpoint,
    url: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> hyper::Result<(u16, Value)> {
    let stream = connect(tls.port, &tls.ca, API, H2).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(H2.as_bytes()));
    let io = TokioIo::new(stream);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let method = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .header("content-type", JSON)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let reply = sender.send_request(request).await?;
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap()))
}

#[tokio::test]
async fn every_name_of_the_certificate_is_trusted_with_only_the_authority() {
    let (_plaid, tls) = start().await;
    assert_eq!(tls.url, format!("https://127.0.0.1:{}", tls.port));
    for name in [API, CDN, "localhost", "127.0.0.1", "SANDBOX.plaid.com"] {
        connect(tls.port, &tls.ca, name, HTTP1).await.unwrap();
    }
}

#[tokio::test]
async fn the_authority_is_new_for_each_sandbox_also_with_a_seed() {
    let seeded = || {
        start_with(Config {
            seed: Some(1),
            ..Config::default()
        })
    };
    let ((first, one), (second, other)) = (seeded().await, seeded().await);
    assert_eq!(first.sandbox.client_id(), second.sandbox.client_id());
    assert_ne!(one.ca, other.ca);
    connect(one.port, &other.ca, API, HTTP1).await.unwrap_err();
}

#[tokio::test]
async fn the_authority_is_constrained_to_its_names() {
    let (_plaid, tls) = start().await;
    let der = CertificateDer::from_pem_slice(tls.ca.as_bytes()).unwrap();
    let holds = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
    // The extension nameConstraints (2.5.29.30), critical.
    assert!(holds(&[0x06, 0x03, 0x55, 0x1d, 0x1e, 0x01, 0x01, 0xff]));
    for name in [API, CDN, "localhost"] {
        assert!(holds(name.as_bytes()), "{name}");
    }
    assert!(holds(&[127, 0, 0, 1, 255, 255, 255, 255]));
}

#[tokio::test]
async fn another_name_is_refused_and_the_rest_is_still_served() {
    let (_plaid, tls) = start().await;
    for name in ["production.plaid.com", "plaid.com", "evil.example"] {
        let error = connect(tls.port, &tls.ca, name, HTTP1).await.unwrap_err();
        let alert = "received fatal alert: AccessDenied";
        assert_eq!(error.to_string(), alert, "{name}");
    }
    connect(tls.port, &tls.ca, API, HTTP1).await.unwrap();
}

#[tokio::test]
async fn a_request_without_tls_gets_one_answer_that_says_so() {
    let (_plaid, tls) = start().await;
    let address = format!("127.0.0.1:{}", tls.port);
    let request = wire::request(&address, "POST", "/item/get", &[], "");
    let (reply, _) = wire::exchange(&address, &request).await;
    let reply = wire::parse(&reply);
    assert_eq!(reply.status, 400);
    assert_eq!(reply.error_code(), "TLS_REQUIRED");
    // Neither TLS nor HTTP, half a handshake, and nothing at all.
    for bytes in [&b"\x00\xff\r\n\r\n"[..], b"\x16\x03\x01\x00\x05hello", b""] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        wire::rest(&mut stream).await.0.truncate(0);
    }
    connect(tls.port, &tls.ca, API, HTTP1).await.unwrap();
}

#[tokio::test]
async fn plaids_routes_answer_under_plaids_name_over_both_protocols() {
    let (plaid, tls) = start().await;
    let item = plaid.item(None);
    let token = secrecy::ExposeSecret::expose_secret(&item.access_token);
    let body = json!({ "access_token": token }).to_string();
    let [id, secret] = credentials(&plaid);
    let headers = [
        ("content-type", JSON),
        (id.0, id.1.as_str()),
        (secret.0, secret.1.as_str()),
    ];
    let reply = send(&tls, API, "POST", "/item/get", &headers, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let url = format!("https://{API}/item/get");
    let (status, json) = send_h2(&tls, &url, &credentials(&plaid), &body)
        .await
        .unwrap();
    assert_eq!(
        (status, &json["item"]["item_id"]),
        (200, &json!(item.item_id))
    );
}

#[tokio::test]
async fn a_reset_over_http2_ends_the_stream() {
    let (plaid, tls) = start().await;
    for kind in ["reset", "cut_short"] {
        let options = json!({ "kind": kind, "times": 1 });
        control(&plaid, Method::POST, "faults", options).await;
        let url = format!("https://{API}/item/get");
        let reply = send_h2(&tls, &url, &credentials(&plaid), "{}").await;
        assert!(reply.is_err(), "{kind}");
    }
}

#[tokio::test]
async fn the_controls_are_refused_under_plaids_names() {
    for allow_remote_control in [false, true] {
        let (_plaid, tls) = start_with(Config {
            allow_remote_control,
            ..Config::default()
        })
        .await;
        let with_port = format!("{API}:443");
        for host in [API, "Sandbox.Plaid.com", "sandbox.plaid.com.", &with_port] {
            let reply = send(&tls, host, "GET", "/_sandbox/health", &[], "").await;
            assert_eq!(
                (reply.status, reply.error_code()),
                (403, "FORBIDDEN".into())
            );
        }
        let own = format!("127.0.0.1:{}", tls.port);
        let reply = send(&tls, &own, "GET", "/_sandbox/health", &[], "").await;
        assert_eq!(reply.status, 200);
        // HTTP/2 names the host elsewhere, and a second one is refused.
        let refused = format!("https://{API}/_sandbox/health");
        let accepted = format!("https://{own}/_sandbox/health");
        assert_eq!(send_h2(&tls, &refused, &[], "").await.unwrap().0, 403);
        assert_eq!(send_h2(&tls, &accepted, &[], "").await.unwrap().0, 200);
        let second = [("host", own.clone())];
        assert_eq!(send_h2(&tls, &refused, &second, "").await.unwrap().0, 403);
    }
}

#[tokio::test]
async fn under_the_name_of_the_cdn_there_is_only_link() {
    let (_plaid, tls) = start().await;
    for path in ["/item/get", "/_sandbox/health", "/hl/x", "/", "/linked"] {
        let reply = send(&tls, CDN, "GET", path, &[], "").await;
        assert_eq!(
            (reply.status, reply.error_code()),
            (404, "NOT_FOUND".into())
        );
        assert!(reply.body.contains("under /link/"), "{}", reply.body);
    }
    let reply = send(&tls, CDN, "GET", "/link/nothing", &[], "").await;
    assert!(!reply.body.contains("under /link/"), "{}", reply.body);
}

#[tokio::test]
async fn a_page_for_a_browser_has_the_url_without_tls() {
    let (plaid, tls) = start().await;
    let [id, secret] = credentials(&plaid);
    let headers = [
        ("content-type", JSON),
        (id.0, id.1.as_str()),
        (secret.0, secret.1.as_str()),
    ];
    let own = format!("localhost:{}", tls.port);
    let fields = link::fields(json!({ "products": ["auth"], "hosted_link": {} })).to_string();
    for host in [API, &own] {
        let reply = send(&tls, host, "POST", "/link/token/create", &headers, &fields).await;
        let reply = reply.json();
        let page = reply["hosted_link_url"].as_str().unwrap();
        let start = format!("{}/hl/", plaid.sandbox.url());
        assert!(page.starts_with(&start), "{page}");
    }
}

#[tokio::test]
async fn the_control_opens_the_listener_once_for_many() {
    let plaid = Plaid::start().await;
    let ask = || control(&plaid, Method::GET, "tls", Value::Null);
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.status, &one.body), (200, &other.body));
    let tls = one.json();
    let port = u16::try_from(tls["port"].as_u64().unwrap()).unwrap();
    assert_eq!(tls["url"], format!("https://127.0.0.1:{port}"));
    connect(port, tls["ca"].as_str().unwrap(), API, HTTP1)
        .await
        .unwrap();
}

#[tokio::test]
async fn closing_frees_the_port_and_ends_the_connections() {
    let (plaid, tls) = start().await;
    let mut idle = connect(tls.port, &tls.ca, API, HTTP1).await.unwrap();
    let handle = utdk_plaid_sandbox::Controls::clone(&plaid.sandbox);
    plaid.sandbox.close().await;
    TcpListener::bind(("127.0.0.1", tls.port)).await.unwrap();
    assert!(!matches!(idle.read(&mut [0]).await, Ok(1)));
    assert!(matches!(handle.tls().await, Err(SandboxError::Closed)));
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_nothing_is_left_running() {
    let (_plaid, tls) = start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let config = Config {
        port,
        tls: Some(tls.port),
        ..Config::default()
    };
    let error = utdk_plaid_sandbox::Sandbox::start(config)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "EADDRINUSE");
    TcpListener::bind(("127.0.0.1", port)).await.unwrap();
}

#[tokio::test]
async fn the_certificates_to_trust_have_the_systems_and_no_other_sandboxs() {
    let (_plaid, tls) = start().await;
    let bundle = with_system_roots(&tls.ca);
    assert!(bundle.ends_with(&tls.ca));
    let count = |pem: &str| CertificateDer::pem_slice_iter(pem.as_bytes()).count();
    let system = rustls_native_certs::load_native_certs().certs.len();
    assert_eq!(count(&bundle), system + 1);
    connect(tls.port, &bundle, API, HTTP1).await.unwrap();
}
