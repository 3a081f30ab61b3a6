//! The console's page, as the build took it in: one file that asks for no other, in two versions.

use hyper::{
    StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderValue},
};
use miniz_oxide::inflate;

/// The page as it is built, for one kind of gateway.
pub(crate) struct Built {
    compressed: &'static [u8],
    /// Of its content, whichever way it is sent.
    tag: &'static str,
}

/// Marked as that of a gateway to Plaid: the page knows its gateway from its first paint on.
const OF_PLAID: Built = Built {
    compressed: include_bytes!(env!("CONSOLE_FILE")),
    tag: env!("CONSOLE_TAG"),
};

/// Marked as that of a gateway to a local Sandbox, whose place it has in its first paint, too:
/// nothing moves when the Sandbox is found there.
const OF_SANDBOX: Built = Built {
    compressed: include_bytes!(env!("CONSOLE_OF_SANDBOX_FILE")),
    tag: env!("CONSOLE_OF_SANDBOX_TAG"),
};

/// What goes back of a page.
pub(crate) struct Page {
    built: &'static Built,
    form: Form,
}

enum Form {
    Compressed,
    /// For the rare client that does not take it compressed.
    Plain,
    /// The client has it already.
    Unchanged,
}

impl Page {
    /// What a request with `headers` is to have.
    pub(crate) fn wanted(headers: &HeaderMap, has_sandbox: bool) -> Self {
        let built = if has_sandbox { &OF_SANDBOX } else { &OF_PLAID };
        let has_it =
            words(headers, header::IF_NONE_MATCH).any(|tag| tag == built.tag || tag == "*");
        let form = match takes_gzip(headers) {
            _ if has_it => Form::Unchanged,
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

    /// Sets the headers that go with it, and returns the body.
    pub(crate) fn write(self, headers: &mut HeaderMap) -> Bytes {
        let Built { compressed, tag } = self.built;
        for (name, value) in [
            // It is asked for each time, and mostly unchanged.
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
                // Between gzip's own head, which has no name in it, and its tail.
                let deflated = &compressed[10..compressed.len() - 8];
                let html = inflate::decompress_to_vec(deflated).expect("the build compressed it");
                html.into()
            }
        }
    }
}

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
