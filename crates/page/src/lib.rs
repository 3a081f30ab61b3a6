//! The pages, embedded by the build, each one file that loads no other: the console, which the gateway
//! and the Sandbox serve, and the page of Link's frame, which the Sandbox serves.

#![forbid(unsafe_code)]

use bytes::Bytes;
use http::{
    StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use miniz_oxide::inflate;

/// The page of Link's frame.
pub const LINK: &str = include_str!(env!("LINK_PAGE"));
/// The Content-Security-Policy of [`LINK`].
pub const LINK_POLICY: &str = env!("LINK_POLICY");

/// What serves the console. The page is marked with it in its HTML, so that its first paint has the
/// parts that it needs, and nothing moves later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// A gateway to Plaid.
    Gateway,
    /// A gateway to a local Sandbox.
    GatewayToSandbox,
    /// A local Sandbox, without a gateway.
    Sandbox,
}

/// What the page of one server has for itself.
struct Part {
    head: &'static [u8],
    /// The start of a gzip file, with `head`.
    start: &'static [u8],
    trailer: &'static [u8],
    /// The ETag of the content, compressed or not.
    tag: &'static str,
}

/// The rest of the page, compressed, which is the same for each server.
const REST: &[u8] = include_bytes!(env!("PAGE_REST"));

macro_rules! part {
    ($name:literal) => {
        Part {
            head: include_bytes!(env!(concat!("PAGE_", $name, "_HEAD"))),
            start: include_bytes!(env!(concat!("PAGE_", $name, "_START"))),
            trailer: include_bytes!(env!(concat!("PAGE_", $name, "_TRAILER"))),
            tag: env!(concat!("PAGE_", $name, "_TAG")),
        }
    };
}

const GATEWAY: Part = part!("PLAID");
const GATEWAY_TO_SANDBOX: Part = part!("SANDBOX");
const SANDBOX: Part = part!("ITSELF");

/// The response to a request for the page.
pub struct Page {
    part: &'static Part,
    form: Form,
}

enum Form {
    Compressed,
    /// For a client that does not accept gzip.
    Plain,
    /// The client's copy is current.
    Unchanged,
}

impl Page {
    /// Chooses the response to a request with `headers`.
    #[must_use]
    pub fn respond_to(headers: &HeaderMap, server: Server) -> Self {
        let part = match server {
            Server::Gateway => &GATEWAY,
            Server::GatewayToSandbox => &GATEWAY_TO_SANDBOX,
            Server::Sandbox => &SANDBOX,
        };
        let is_current =
            words(headers, header::IF_NONE_MATCH).any(|tag| tag == part.tag || tag == "*");
        let form = match accepts_gzip(headers) {
            _ if is_current => Form::Unchanged,
            true => Form::Compressed,
            false => Form::Plain,
        };
        Page { part, form }
    }

    /// The status: 200, or 304 where the client's copy is current.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.form {
            Form::Unchanged => StatusCode::NOT_MODIFIED,
            Form::Compressed | Form::Plain => StatusCode::OK,
        }
    }

    /// Sets the headers, and returns the body.
    #[must_use]
    pub fn write(self, headers: &mut HeaderMap) -> Bytes {
        let Part {
            head,
            start,
            trailer,
            tag,
        } = self.part;
        for (name, value) in [
            // Browsers revalidate it each time, and mostly get a 304.
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, env!("PAGE_POLICY")),
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::ETAG, tag),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::VARY, "Accept-Encoding, Origin"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        match self.form {
            Form::Unchanged => Bytes::new(),
            Form::Compressed => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                [start, REST, trailer].concat().into()
            }
            Form::Plain => {
                let rest = inflate::decompress_to_vec(REST).expect("the build compressed it");
                [head, rest.as_slice()].concat().into()
            }
        }
    }
}

/// Whether gzip is accepted (q > 0).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    words(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").unwrap_or_default();
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|it: f32| it > 0.0)
    })
}

/// The elements of a header that is a list.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(',').map(str::trim))
}
