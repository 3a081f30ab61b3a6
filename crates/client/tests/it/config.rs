//! Settings that are refused, each by its code and field, before anything is sent.

use utdk_plaid_client::{Client, Config, Error, Gateway, ResetLogin};

use crate::calls::{call, client, within};
use crate::server::{Server, reply};

fn check_refused(config: Config, code: &str, field: &str) {
    let printed = format!("{config:?}");
    let Err(error) = Client::new(config) else {
        panic!("this was accepted: {printed}");
    };
    assert_eq!((error.code, error.field), (code, field), "{printed}");
    assert!(error.problem.contains(field) || error.field == "headers");
}

fn base_url(url: &str) -> Config {
    Config {
        base_url: Some(url.to_owned()),
        ..Config::default()
    }
}

fn gateway(url: &str) -> Config {
    let (url, token) = (url.to_owned(), None);
    Config {
        gateway: Some(Gateway { url, token }),
        ..Config::default()
    }
}

fn header(name: &str, value: &str) -> Config {
    Config {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..Config::default()
    }
}

#[test]
fn a_base_url_that_could_reach_anything_but_a_sandbox_is_refused() {
    for (url, code) in [
        ("", "INVALID_BASE_URL"),
        ("sandbox.plaid.com", "INVALID_BASE_URL"),
        ("ftp://sandbox.plaid.com", "INVALID_BASE_URL"),
        ("file:///etc/passwd", "INVALID_BASE_URL"),
        ("localhost:4000", "INVALID_BASE_URL"),
        ("https://", "INVALID_BASE_URL"),
        ("https://sandbox.plaid.com:99999", "INVALID_BASE_URL"),
        ("https://sandbox.plaid.com/v2", "INVALID_BASE_URL"),
        ("https://sandbox.plaid.com//", "INVALID_BASE_URL"),
        ("https://sandbox.plaid.com?a=b", "INVALID_BASE_URL"),
        ("https://sandbox.plaid.com#a", "INVALID_BASE_URL"),
        ("https://user@sandbox.plaid.com", "INVALID_BASE_URL"),
        ("https://:password@sandbox.plaid.com", "INVALID_BASE_URL"),
        ("https://{host}.example", "INVALID_BASE_URL"),
        (" ", "INVALID_BASE_URL"),
        ("data:text/plain,hello", "INVALID_BASE_URL"),
        ("https://plaid.com", "NOT_SANDBOX"),
        ("https://production%2eplaid%2ecom", "NOT_SANDBOX"),
        ("https://production。plaid。com", "NOT_SANDBOX"),
        ("https:\\\\production.plaid.com", "NOT_SANDBOX"),
        ("https://production.plaid.com", "NOT_SANDBOX"),
        ("https://PRODUCTION.Plaid.Com:443/", "NOT_SANDBOX"),
        ("https://production.plaid.com.", "NOT_SANDBOX"),
        ("https://development.plaid.com", "NOT_SANDBOX"),
        ("https://x.sandbox.plaid.com", "NOT_SANDBOX"),
        ("http://sandbox.plaid.com", "INSECURE_URL"),
        ("http://192.168.0.1:8080", "INSECURE_URL"),
        ("http://0.0.0.0:8080", "INSECURE_URL"),
        ("http://[::ffff:10.0.0.1]:8080", "INSECURE_URL"),
        ("http://localhost.example.com", "INSECURE_URL"),
        ("http://notlocalhost", "INSECURE_URL"),
        ("http://127.0.0.1.example", "INSECURE_URL"),
        ("http://[2001:db8::1]", "INSECURE_URL"),
    ] {
        check_refused(base_url(url), code, "baseUrl");
    }
}

#[test]
fn a_gateway_url_that_would_expose_the_token_is_refused() {
    for (url, code) in [
        ("", "INVALID_GATEWAY"),
        ("gateway.example", "INVALID_GATEWAY"),
        ("ws://gateway.example", "INVALID_GATEWAY"),
        ("https://gateway.example?a=b", "INVALID_GATEWAY"),
        ("https://gateway.example/#a", "INVALID_GATEWAY"),
        ("https://user:password@gateway.example", "INVALID_GATEWAY"),
        ("http://gateway.example", "INSECURE_URL"),
        ("http://10.0.0.1:4000/base", "INSECURE_URL"),
        ("https://{gateway}.example", "INVALID_GATEWAY"),
    ] {
        check_refused(gateway(url), code, "gateway.url");
    }
}

#[test]
fn a_header_that_the_client_sets_or_http_cannot_carry_is_refused() {
    for name in [
        "Accept-Encoding",
        "connection",
        "Content-Length",
        "content-type",
        "expect",
        "HOST",
        "PLAID-CLIENT-ID",
        "plaid-secret",
        "proxy-authorization",
        "te",
        "trailer",
        "Transfer-Encoding",
        "upgrade",
        "",
        "two words",
        "x-colon:",
        "x-newline\n",
    ] {
        check_refused(header(name, "value"), "INVALID_HEADER", "headers");
    }
    let long = "x".repeat(64 << 10);
    check_refused(header("x-mine", &long), "INVALID_HEADER", "headers");
    for value in ["two\nlines", "two\r\nx-injected: yes", "nothing\0"] {
        check_refused(header("x-mine", value), "INVALID_HEADER", "headers");
    }
}

#[test]
fn a_ca_without_a_certificate_is_refused() {
    for pem in [
        "",
        "not PEM",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
        &format!("{}\n", "x".repeat(4 << 20)),
        "-----BEGIN PUBLIC KEY-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END PUBLIC KEY-----\n",
    ] {
        let config = Config {
            ca: Some(pem.to_owned()),
            ..Config::default()
        };
        check_refused(config, "INVALID_CA", "ca");
    }
}

#[test]
fn a_proxy_url_that_cannot_be_used_is_refused() {
    for proxy in [
        "",
        "http://",
        "ftp://proxy.example:21",
        "socks4://proxy.example:1080",
        "http://[::1",
        "http://proxy.example:port",
        "user:pass",
        "user:pass@",
        "http://user:pass@",
        "socks5://",
    ] {
        let config = Config {
            https_proxy: Some(proxy.into()),
            ..Config::default()
        };
        check_refused(config, "INVALID_PROXY", "HTTPS_PROXY");
    }
}

#[test]
fn plain_http_to_loopback_and_https_to_any_host_are_accepted() {
    for (url, host) in [
        ("http://localhost:4000", "localhost:4000"),
        ("http://LOCALHOST:4000/", "localhost:4000"),
        ("http://plaid.localhost", "plaid.localhost"),
        ("http://127.0.0.1:4000", "127.0.0.1:4000"),
        ("http://127.1.2.3", "127.1.2.3"),
        ("http://[::1]:4000", "[::1]:4000"),
        ("http://[::ffff:127.0.0.1]:4000", "[::ffff:7f00:1]:4000"),
        ("https://sandbox.plaid.com", "sandbox.plaid.com"),
        ("https://stand-in.example:8443", "stand-in.example:8443"),
    ] {
        for config in [base_url(url), gateway(url)] {
            let client = Client::new(config).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(client.host(), host);
        }
    }
}

#[tokio::test]
async fn localhost_is_called_by_its_name() {
    let server = Server::start(|_, request| async move {
        assert!(
            request.headers()["host"]
                .as_bytes()
                .starts_with(b"localhost:")
        );
        reply(200, crate::calls::DONE)
    })
    .await;
    let url = server.url().replace("127.0.0.1", "localhost");

    let outcome = within(client(&url).reset_login(call())).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[test]
fn a_credential_longer_than_4_kib_is_refused() {
    let long = || Some("x".repeat(4097).into());
    let (url, token) = ("https://gateway.example".to_owned(), long());
    for (config, field) in [
        (
            Config {
                client_id: long(),
                ..Config::default()
            },
            "clientId",
        ),
        (
            Config {
                secret: long(),
                ..Config::default()
            },
            "secret",
        ),
        (
            Config {
                gateway: Some(Gateway { url, token }),
                ..Config::default()
            },
            "gateway.token",
        ),
    ] {
        check_refused(config, "INVALID_FIELD", field);
    }
}

#[tokio::test]
async fn input_of_a_call_longer_than_4_kib_is_refused() {
    let client = client("https://stand-in.invalid");
    let long = || "x".repeat(4097);
    for (call, field) in [
        (
            ResetLogin::new(format!("access-sandbox-{}", long()).into()),
            "access_token",
        ),
        (
            ResetLogin {
                client_id: Some(long().into()),
                ..call()
            },
            "client_id",
        ),
        (
            ResetLogin {
                secret: Some(long().into()),
                ..call()
            },
            "secret",
        ),
    ] {
        let outcome = within(client.reset_login(call)).await;

        let Err(Error::Usage(error)) = outcome.result else {
            panic!("a usage error was expected: {outcome:?}");
        };
        assert_eq!((error.code, error.field), ("INVALID_FIELD", field));
        assert_eq!(outcome.attempts, 0);
    }
}
