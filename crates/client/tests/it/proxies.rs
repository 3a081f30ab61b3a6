//! Proxies: which hosts go through one, and what is made of its refusal.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use utdk_plaid_client::{Client, Config, Error, Outcome};

use crate::calls::{call, config, within};
use crate::raw::RawServer;

fn through(proxy: &str, base_url: &str) -> Client {
    Client::new(Config {
        https_proxy: Some(proxy.into()),
        ..config(base_url)
    })
    .expect("the settings are good")
}

/// Whether the client of `url` uses a proxy under `no_proxy`. Nothing is dialled.
fn check_excluded(url: &str, no_proxy: &str, excluded: bool) {
    let client = Client::new(Config {
        https_proxy: Some("http://proxy.invalid:8080".into()),
        no_proxy: Some(no_proxy.to_owned()),
        ..config(url)
    })
    .unwrap_or_else(|error| panic!("{url} {no_proxy}: {error}"));
    let expected = (!excluded).then_some("proxy.invalid:8080");
    assert_eq!(client.proxy(), expected, "{url} under NO_PROXY={no_proxy}");
}

#[test]
fn each_form_of_no_proxy_excludes_what_it_names() {
    const NAME: &str = "https://api.corp.test";
    const NAME_WITH_PORT: &str = "https://api.corp.test:8443";
    const IPV4: &str = "https://10.1.2.3";
    for (url, no_proxy) in [
        (NAME, "*"),
        (NAME, "api.corp.test"),
        (NAME, "API.Corp.Test"),
        (NAME, "api.corp.test."),
        (NAME, "corp.test"),
        (NAME, ".corp.test"),
        (NAME, "*.corp.test"),
        (NAME, "test"),
        (NAME, "api.corp.test:443"),
        (NAME_WITH_PORT, "api.corp.test"),
        (NAME_WITH_PORT, "api.corp.test:8443"),
        (NAME_WITH_PORT, "*.corp.test:8443"),
        (NAME_WITH_PORT, "*:8443"),
        ("https://corp.test", ".corp.test"),
        ("https://corp.test", "*.corp.test"),
        ("https://api.corp.test.", "corp.test"),
        (NAME, "a.invalid,api.corp.test"),
        (NAME, " a.invalid , api.corp.test "),
        (NAME, "a.invalid api.corp.test"),
        (NAME, "a.invalid,\tapi.corp.test,,"),
        (IPV4, "10.1.2.3"),
        (IPV4, "10.1.2.3:443"),
        (IPV4, "10.1.2.*"),
        (IPV4, "10.*"),
        (IPV4, "10.0.0.0/8"),
        (IPV4, "10.1.2.0/24"),
        ("https://[fd00::1]", "fd00::1"),
        ("https://[fd00::1]", "[fd00::1]"),
        ("https://[fd00::1]", "FD00:0::1"),
        ("https://[fd00::1]:8443", "[fd00::1]:8443"),
        ("https://[fd00::1]", "fd00::/8"),
        ("https://[::ffff:10.1.2.3]", "10.1.2.3"),
    ] {
        check_excluded(url, no_proxy, true);
    }
    for (url, no_proxy) in [
        (NAME, ""),
        (NAME, " , "),
        (NAME, "other.test"),
        (NAME, "pi.corp.test"),
        (NAME, "api.corp.test.example"),
        (NAME, "api.corp.test:8443"),
        (NAME_WITH_PORT, "api.corp.test:443"),
        (NAME, "api.*"),
        (NAME, "."),
        (NAME, "*."),
        (NAME, "10.0.0.0/8"),
        (IPV4, "10.1.2.4"),
        (IPV4, "10.1.2.3:8443"),
        (IPV4, "10.1.20.*"),
        (IPV4, "10.1.2*"),
        (IPV4, "11.0.0.0/8"),
        (IPV4, "1.2.3"),
        (IPV4, "10.0.0.0/99"),
    ] {
        check_excluded(url, no_proxy, false);
    }
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    for url in [
        "https://localhost",
        "https://plaid.localhost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
    ] {
        check_excluded(url, "", true);
    }
}

#[test]
fn the_proxy_is_named_without_its_credentials() {
    let client = through(
        "http://user:p@ss@proxy.invalid:8080",
        "https://plaid.invalid",
    );

    assert_eq!(client.proxy(), Some("proxy.invalid:8080"));
    assert_eq!(client.origin(), "https://plaid.invalid");
}

#[test]
fn an_ipv6_address_behind_a_proxy_is_refused() {
    let refused = Client::new(Config {
        https_proxy: Some("http://proxy.invalid:8080".into()),
        ..config("https://[fd00::1]")
    });

    assert_eq!(refused.err().expect("it is refused").code, "INVALID_PROXY");
}

/// Answers each CONNECT with `reply`, and keeps what was asked.
async fn proxy(reply: &'static str) -> (RawServer, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let server = RawServer::accepting(move |mut socket: TcpStream| {
        let seen = seen.clone();
        async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                if !matches!(socket.read_buf(&mut request).await, Ok(1..)) {
                    return None;
                }
            }
            let request = String::from_utf8(request).expect("ASCII");
            seen.lock().expect("no panic").push(request);
            let _ = socket.write_all(reply.as_bytes()).await;
            Some(socket)
        }
    })
    .await;
    (server, asked)
}

fn check_refused(outcome: &Outcome, code: &str) {
    let Err(error @ Error::Connection(_)) = &outcome.result else {
        panic!("a connection error was expected: {outcome:?}");
    };
    assert_eq!((error.code(), error.retryable()), (code, false));
    assert_eq!(outcome.attempts, 1);
}

#[tokio::test]
async fn a_proxy_that_does_not_accept_the_password_is_asked_once() {
    let (proxy, asked) =
        proxy("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
    let url = proxy.url().replace("http://", "http://user:wrong@");

    let outcome = within(through(&url, "https://plaid.invalid").reset_login(call())).await;

    check_refused(&outcome, "PROXY_AUTH_REQUIRED");
    assert!(!format!("{outcome:?}").contains("wrong"));
    assert_eq!(asked.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_the_host_is_asked_once() {
    for reply in [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (proxy, asked) = proxy(reply).await;

        let client = through(&proxy.url(), "https://plaid.invalid");
        let outcome = within(client.reset_login(call())).await;

        check_refused(&outcome, "PROXY_REFUSED");
        assert_eq!(asked.lock().expect("no panic").len(), 1);
    }
}

#[tokio::test]
async fn a_socks_proxy_that_does_not_accept_the_password_is_asked_once() {
    let asked = Arc::new(Mutex::new(0));
    let seen = asked.clone();
    let server = RawServer::accepting(move |mut socket: TcpStream| {
        *seen.lock().expect("no panic") += 1;
        async move {
            // RFC 1928 §3: the methods, of which we take user and password; RFC 1929: not accepted.
            let mut methods = [0; 3];
            socket.read_exact(&mut methods).await.ok()?;
            socket.write_all(&[5, 2]).await.ok()?;
            let mut credentials = [0; 64];
            let length = socket.read(&mut credentials).await.ok()?;
            assert!(length > 3);
            socket.write_all(&[1, 1]).await.ok()?;
            Some(socket)
        }
    })
    .await;
    let url = server.url().replace("http://", "socks5://user:wrong@");

    let outcome = within(through(&url, "https://plaid.invalid").reset_login(call())).await;

    check_refused(&outcome, "PROXY_REFUSED");
    assert_eq!(*asked.lock().expect("no panic"), 1);
}

#[tokio::test]
async fn the_last_at_sign_ends_the_credentials_of_a_proxy() {
    let (proxy, asked) = proxy("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    let url = proxy.url().replace("http://", "http://user:p@ss@");

    let _ = within(through(&url, "https://plaid.invalid").reset_login(call())).await;

    let asked = asked.lock().expect("no panic");
    assert!(asked[0].starts_with("CONNECT plaid.invalid:443 HTTP/1.1\r\n"));
    // user:p@ss
    assert!(asked[0].contains("Basic dXNlcjpwQHNz\r\n"), "{}", asked[0]);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_retried() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.expect("a free port").local_addr();
    let proxy = format!("http://{}", address.expect("it is bound"));
    let client = Client::new(Config {
        https_proxy: Some(proxy.into()),
        max_retries: 1,
        ..config("https://plaid.invalid")
    })
    .expect("the settings are good");

    let outcome = within(client.reset_login(call())).await;

    let error = outcome.result.expect_err("nothing listens there");
    assert_eq!((error.code(), error.retryable()), ("PROXY_FAILED", true));
    assert_eq!(outcome.attempts, 2);
}
