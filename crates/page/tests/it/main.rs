//! How the build embeds the console, and that each form of the page is the same page.

use std::{io::Read, path::Path};

use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use utdk_plaid_page::{Page, Server};

#[allow(dead_code)]
#[path = "../../build.rs"]
mod build_script;

/// The page as a client gets it that accepts `encoding`, and the content encoding.
fn served(server: Server, encoding: &'static str) -> (Vec<u8>, Option<HeaderValue>) {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
    let page = Page::respond_to(&headers, server);
    let mut headers = HeaderMap::new();
    let body = page.write(&mut headers);
    (body.to_vec(), headers.remove(CONTENT_ENCODING))
}

#[test]
fn the_compressed_page_is_the_plain_one() {
    let mut pages = Vec::new();
    for server in [Server::Gateway, Server::GatewayToSandbox, Server::Sandbox] {
        let (plain, encoding) = served(server, "identity");
        assert_eq!(encoding, None);
        let (compressed, encoding) = served(server, "gzip");
        assert_eq!(encoding, Some(HeaderValue::from_static("gzip")));

        let mut inflated = Vec::new();
        let mut gzip = GzDecoder::new(&*compressed);
        gzip.read_to_end(&mut inflated).expect("a gzip file");
        assert!(inflated == plain, "{server:?}");
        pages.push(String::from_utf8(plain).expect("UTF-8"));
    }
    let marks = ["plaid", "sandbox", "itself"].map(|name| format!("<html data-server=\"{name}\" "));
    for (page, mark) in pages.iter().zip(&marks) {
        assert!(page.contains(mark.as_str()), "{mark}");
        assert_eq!(page.replacen(mark, &marks[0], 1), pages[0]);
    }
}

/// A fresh checkout has no built console, and must work without Node.
#[test]
fn a_debug_build_without_the_console_has_a_placeholder() {
    let page = build_script::page(Path::new("no/such/index.html"), false).unwrap();
    assert!(page.rest.contains("npm run build:console"));
    assert!(page.policy.contains("script-src 'sha256-"));
}

#[test]
fn a_release_build_without_the_console_fails() {
    let page = build_script::page(Path::new("no/such/index.html"), true);
    let problem = page.err().expect("it must fail");
    assert!(problem.contains("npm run build:console"), "{problem}");
}
