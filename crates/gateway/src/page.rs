//! The console's page, embedded by the build: one file that loads no other, in two versions.

use hyper::{
    StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderValue},
};
use miniz_oxide::inflate;

/// The page as it was built, for one kind of gateway.
pub(crate) struct Built {
    compressed: &'static [u8],
    /// The ETag of the content, compressed or not.
    tag: &'static str,
}

/// The page of a gateway to Plaid. The mark is in the HTML, so the first paint is right already.
const FOR_PLAID: Built = Built {
    compressed: include_bytes!(env!("CONSOLE_FILE")),
    tag: env!("CONSOLE_TAG"),
};

/// The page of a gateway to a local Sandbox. Its first paint reserves the Sandbox's panel, so nothing
/// moves later.
const FOR_SANDBOX: Built = Built {
    compressed: include_bytes!(env!("CONSOLE_OF_SANDBOX_FILE")),
    tag: env!("CONSOLE_OF_SANDBOX_TAG"),
};

/// The response to a request for the page.
pub(crate) struct Page {
    built: &'static Built,
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
    pub(crate) fn respond_to(headers: &HeaderMap, has_sandbox: bool) -> Self {
        let built = if has_sandbox {
            &FOR_SANDBOX
        } else {
            &FOR_PLAID
        };
        let is_current =
            words(headers, header::IF_NONE_MATCH).any(|tag| tag == built.tag || tag == "*");
        let form = match accepts_gzip(headers) {
            _ if is_current => Form::Unchanged,
            true => Form::Compressed,
            false => Form::Plain,
        };
        Page { built, form }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.form {
            Form::Unchanged => StatusCode::NOT_MODIFIED,
            Form::Compressed | Form::Plain => StatusCode::OK,
        }
    }

    /// Sets the headers, and returns the body.
    pub(crate) fn write(self, headers: &mut HeaderMap) -> Bytes {
        let Built { compressed, tag } = self.built;
        for (name, value) in [
            // Browsers revalidate it each time, and mostly get a 304.
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, env!("CONSOLE_POLICY")),
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::ETAG, tag),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::VARY, "Accept-Encoding, Origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        match self.form {
            Form::Unchanged => Bytes::new(),
            Form::Compressed => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Bytes::from_static(compressed)
            }
            Form::Plain => {
                // The gzip header without a file name has 10 bytes, its trailer 8.
                let deflated = &compressed[10..compressed.len() - 8];
                let html = inflate::decompress_to_vec(deflated).expect("the build compressed it");
                html.into()
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
fn words(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(',').map(str::trim))
}
