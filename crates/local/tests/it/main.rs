//! The rules for loopback, `Host`, `Origin` and content types, on values alone.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use utdk_plaid_local::{Authority, Malformed, Origin, host, is_json, is_loopback, origin};

#[test]
fn loopback_is_every_spelling_of_this_machine() {
    check_loopback(true, "http://127.0.0.1/");
    check_loopback(true, "http://127.255.255.254/");
    check_loopback(true, "http://127.1/");
    check_loopback(true, "http://[::1]/");
    check_loopback(true, "http://[::ffff:127.0.0.1]/");
    check_loopback(true, "http://localhost/");
    check_loopback(true, "http://LOCALHOST/");
    check_loopback(true, "http://plaid.localhost/");
}

#[test]
fn other_machines_are_not_loopback() {
    check_loopback(false, "http://128.0.0.1/");
    check_loopback(false, "http://0.0.0.0/");
    check_loopback(false, "http://[::2]/");
    check_loopback(false, "http://[::ffff:10.0.0.1]/");
    check_loopback(false, "http://localhost.example/");
    check_loopback(false, "http://notlocalhost/");
    check_loopback(false, "http://127.0.0.1.example/");
}

#[test]
fn a_host_header_is_a_host_and_a_port() {
    for text in [
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]:80",
        "plaid-sandbox",
        "my_service:8080",
    ] {
        let headers = headers(&[("host", text)]);
        let host = host(&headers).unwrap().unwrap();
        assert_eq!(host.as_str(), text);
    }
}

#[test]
fn a_host_header_with_anything_else_is_malformed() {
    for text in [
        "",
        "127.0.0.1#.example",
        "user@127.0.0.1",
        "127.0.0.1/",
        "127.0.0.1?",
        "127.0.0.1\\.example",
        "127.0.0.1:port",
        "127.0.0.1:99999",
        "127.0.0.1 ",
        "[::1",
    ] {
        let headers = headers(&[("host", text)]);
        assert_eq!(host(&headers).err(), Some(Malformed), "{text:?}");
    }
}

#[test]
fn two_host_headers_are_malformed_even_if_they_agree() {
    let headers = headers(&[("host", "127.0.0.1"), ("host", "127.0.0.1")]);
    assert_eq!(host(&headers).err(), Some(Malformed));
}

#[test]
fn a_host_that_was_not_sent_is_none() {
    assert!(host(&HeaderMap::new()).unwrap().is_none());
}

#[test]
fn an_origin_is_written_as_a_browser_writes_it() {
    for text in [
        "http://localhost:4000",
        "https://example.com",
        "http://[::1]:4000",
    ] {
        let headers = headers(&[("origin", text)]);
        assert_eq!(origin(&headers).unwrap().unwrap().as_str(), text);
    }
    for text in [
        "null",
        "",
        "http://localhost:80",
        "http://localhost/",
        "http://user@localhost",
        "HTTP://localhost",
        "file://localhost",
        "localhost",
    ] {
        let headers = headers(&[("origin", text)]);
        assert_eq!(origin(&headers).err(), Some(Malformed), "{text:?}");
    }
}

#[test]
fn two_origins_are_malformed() {
    let headers = headers(&[
        ("origin", "http://localhost"),
        ("origin", "http://localhost"),
    ]);
    assert_eq!(origin(&headers).err(), Some(Malformed));
}

#[test]
fn an_origin_belongs_to_the_host_it_names() {
    let host = Authority::parse("Localhost:4000").unwrap();
    assert!(Origin::parse("http://localhost:4000").unwrap().is_of(&host));
    assert!(
        Origin::parse("https://localhost:4000")
            .unwrap()
            .is_of(&host)
    );
    assert!(!Origin::parse("http://localhost:4001").unwrap().is_of(&host));
    assert!(!Origin::parse("http://example.com").unwrap().is_of(&host));
}

#[test]
fn json_is_one_content_type_in_any_letter_case() {
    for text in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
    ] {
        assert!(is_json(&headers(&[("content-type", text)])), "{text:?}");
    }
    for text in [
        "text/plain",
        "application/json-seq",
        "application/jsonp",
        "json",
        "",
    ] {
        assert!(!is_json(&headers(&[("content-type", text)])), "{text:?}");
    }
    assert!(!is_json(&HeaderMap::new()));
    let twice = [
        ("content-type", "application/json"),
        ("content-type", "text/plain"),
    ];
    assert!(!is_json(&headers(&twice)));
}

#[test]
fn a_header_that_is_not_text_is_malformed() {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::HOST,
        HeaderValue::from_bytes(b"127.0.0.1\xff").unwrap(),
    );
    headers.insert(
        header::ORIGIN,
        HeaderValue::from_bytes(b"http://\xff").unwrap(),
    );
    assert_eq!(host(&headers).err(), Some(Malformed));
    assert_eq!(origin(&headers).err(), Some(Malformed));
}

fn check_loopback(expected: bool, url: &str) {
    let url = Url::parse(url).unwrap();
    assert_eq!(is_loopback(url.host().unwrap()), expected, "{url}");
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_str(value).unwrap())
    });
    pairs.collect()
}
