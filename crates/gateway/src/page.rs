//! The console's page, as the build took it in: one file that asks for no other.

use hyper::{
    StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderValue},
};
use miniz_oxide::inflate;

/// The page, compressed.
const PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/console.html.gz"));

/// What of the page goes back.
pub(crate) enum Page {
    Compressed,
    /// For the rare client that does not take it compressed.
    Plain,
    /// The client has it already.
    Unchanged,
}

impl Page {
    /// What a request with `headers` is to have.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let has_it = words(headers, header::IF_NONE_MATCH).any(|tag| tag == TAG || tag == "*");
        match takes_gzip(headers) {
            _ if has_it => Page::Unchanged,
            true => Page::Compressed,
            false => Page::Plain,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Page::Unchanged => StatusCode::NOT_MODIFIED,
            Page::Compressed | Page::Plain => StatusCode::OK,
        }
    }

    /// Sets the headers that go with it, and returns the body.
    pub(crate) fn write(self, headers: &mut HeaderMap) -> Bytes {
        for (name, value) in [
            // It is asked for each time, and mostly unchanged.
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, env!("CONSOLE_POLICY")),
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::ETAG, TAG),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::VARY, "Accept-Encoding, Origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        match self {
            Page::Unchanged => Bytes::new(),
            Page::Compressed => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Bytes::from_static(PAGE)
            }
            Page::Plain => {
                // Between gzip's own head, which has no name in it, and its tail.
                let deflated = &PAGE[10..PAGE.len() - 8];
                let html = inflate::decompress_to_vec(deflated).expect("the build compressed it");
                html.into()
            }
        }
    }
}

/// Of the page's content, whichever way it is sent.
const TAG: &str = env!("CONSOLE_TAG");

/// Whether it is named, and not with a weight of nothing.
fn takes_gzip(headers: &HeaderMap) -> bool {
    words(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").unwrap_or_default();
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|it: f32| it > 0.0)
    })
}

/// The parts of a header that is a list.
fn words(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(',').map(str::trim))
}
