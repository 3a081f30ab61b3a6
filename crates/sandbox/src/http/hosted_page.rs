//! The page at a Hosted Link URL, where a person updates the login of an Item or links a new Item.
//! Two forms and one style, no script; the content security policy allows nothing else. A link leads to
//! the page of Link's drop-in, where the person goes through its panes instead.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// The content of the page. Every text may be hostile; `render` escapes it.
pub(super) struct Page<'a> {
    /// The path of the page, `/hl/<id>`. The forms post to `/complete` and `/exit` below it.
    pub(super) path: &'a str,
    pub(super) client_name: &'a str,
    /// The institution's name.
    pub(super) institution: &'a str,
    pub(super) stage: Stage<'a>,
}

/// The state of the session. `update` is true in update mode.
pub(super) enum Stage<'a> {
    /// Not finished. `broken`: the Item's login is broken. Update mode can also update a healthy Item
    /// (documented).
    Open { update: bool, broken: bool },
    /// `continue_to`: the `completion_redirect_uri`. It becomes a link, unless its scheme is unsafe.
    Completed {
        update: bool,
        continue_to: Option<&'a str>,
    },
    /// The person left without finishing, and may come back.
    Exited { continue_to: Option<&'a str> },
    /// The link token has expired.
    Expired,
}

/// The `Content-Security-Policy` header of every page. Without `form-action`: completing may redirect
/// to the application.
pub(super) fn content_security_policy() -> &'static str {
    &POLICY
}

/// The page for an unknown path.
pub(super) fn unknown() -> String {
    let text = "This Sandbox does not know this link. It forgets all links when it stops, so ask \
                your application for a new one.";
    document(Tone::Over, "This link is unknown", text, "")
}

impl Page<'_> {
    pub(super) fn render(&self) -> String {
        use Stage::{Completed, Exited, Expired, Open};

        let client = isolate(self.client_name());
        let institution = isolate(self.institution);
        let (tone, heading, text) = match self.stage {
            Open { update: false, .. } => {
                let text = format!("{client} asks to link your accounts at {institution}.");
                (Tone::Ask, "Link your account", text)
            }
            Open { broken: false, .. } => {
                let text = format!(
                    "{client} asks you to update your login at {institution}. The current login \
                     still works."
                );
                (Tone::Ask, "Update your login", text)
            }
            Open { broken: true, .. } => {
                let text = format!(
                    "Your login at {institution} no longer works for {client}. Update it to \
                     reconnect."
                );
                (Tone::Broken, "Log in again", text)
            }
            Completed { update: true, .. } => {
                let text = format!("{client} is connected to {institution}.");
                (Tone::Done, "Login updated", text)
            }
            Completed { update: false, .. } => {
                let text = format!("{client} is now linked to your accounts at {institution}.");
                (Tone::Done, "Account linked", text)
            }
            Exited { .. } => {
                let text = format!(
                    "Nothing has changed between {client} and {institution}. To try again, open \
                     the same link once more."
                );
                (Tone::Over, "You left without finishing", text)
            }
            Expired => {
                let text = format!("Ask {client} for a new one.");
                (Tone::Over, "This link has expired", text)
            }
        };
        let actions = match self.stage {
            Open { update: true, .. } => self.forms("Update login"),
            Open { update: false, .. } => self.forms("Link account"),
            Completed { continue_to, .. } | Exited { continue_to } => {
                self.continue_link(continue_to)
            }
            Expired => String::new(),
        };
        document(tone, heading, &text, &actions)
    }

    /// Link shows "This Application" instead of a name longer than 30 characters (documented). This
    /// page also does so for an empty name.
    fn client_name(&self) -> &str {
        match self.client_name.chars().count() {
            1..=30 => self.client_name,
            _ => "This Application",
        }
    }

    fn forms(&self, complete: &str) -> String {
        let path = escape(self.path);
        let id = path.trim_start_matches("/hl/");
        let panes = format!("/link/v2/stable/link.html#hosted={id}");
        format!(
            "<form method=\"post\" action=\"{path}/complete\">\
             <button class=\"primary\">{complete}</button></form>\n\
             <a href=\"{panes}\">Go through the panes of Link</a>\n\
             <form method=\"post\" action=\"{path}/exit\">\
             <button>Exit without finishing</button></form>\n"
        )
    }

    fn continue_link(&self, continue_to: Option<&str>) -> String {
        match continue_to.filter(|url| may_be_linked(url)) {
            Some(url) => format!(
                "<a class=\"primary\" href=\"{}\">Continue to {}</a>\n",
                escape(url),
                isolate(self.client_name()),
            ),
            None => "<p>You can close this page.</p>\n".to_owned(),
        }
    }
}

/// The tone of a page: its colour and its icon.
#[derive(Clone, Copy)]
enum Tone {
    Ask,
    Broken,
    Done,
    Over,
}

impl Tone {
    /// The CSS class, and the path of the icon in a 24×24 view box.
    fn class_and_icon(self) -> (&'static str, &'static str) {
        match self {
            Tone::Ask => (
                "ask",
                "M9 7H7a5 5 0 0 0 0 10h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8",
            ),
            Tone::Broken => (
                "broken",
                "M8 7H7a5 5 0 0 0 0 10h1M16 7h1a5 5 0 0 1 0 10h-1M12 5v8M12 18v0",
            ),
            Tone::Done => ("done", "M5 13l5 5L19 7"),
            Tone::Over => ("over", "M6 12h12"),
        }
    }

    /// Makes a screen reader announce a result.
    fn role(self) -> &'static str {
        match self {
            Tone::Ask | Tone::Broken => "",
            Tone::Done | Tone::Over => " role=\"status\"",
        }
    }
}

/// `text` and `actions` are HTML; `heading` must need no escaping.
fn document(tone: Tone, heading: &str, text: &str, actions: &str) -> String {
    let (class, icon) = tone.class_and_icon();
    let role = tone.role();
    let style = STYLE.as_str();
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{heading} – local Sandbox</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<section>
<div{role}>
<svg class="{class}" viewBox="0 0 24 24" aria-hidden="true"><path d="{icon}"/></svg>
<h1>{heading}</h1>
<p>{text}</p>
</div>
{actions}</section>
<footer>This is a local Plaid Sandbox, not a bank. <strong>No real bank is contacted.</strong></footer>
</main>
</body>
</html>
"#
    )
}

/// A name as HTML. Its text direction does not affect the sentence around it.
fn isolate(name: &str) -> String {
    format!("<bdi>{}</bdi>", escape(name))
}

/// Escapes `text` for HTML content and quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Whether `url` is absolute and safe as a link. Browsers ignore spaces before a scheme, and tabs and
/// line breaks in it; here such a URL is refused.
fn may_be_linked(url: &str) -> bool {
    // A browser runs or shows the content of such a URL, or opens a local file.
    let refused = [
        "blob",
        "data",
        "file",
        "filesystem",
        "javascript",
        "vbscript",
    ];
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    match url.split_once(':') {
        Some((scheme, _)) => {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(is_of_scheme)
                && !refused
                    .iter()
                    .any(|refused| scheme.eq_ignore_ascii_case(refused))
        }
        None => false,
    }
}

/// Lines end with a line feed, however the file was checked out: a browser hashes the text that way.
static STYLE: LazyLock<String> = LazyLock::new(|| {
    let lines: Vec<&str> = include_str!("hosted_page.css")
        .lines()
        .map(str::trim)
        .collect();
    lines.join("\n")
});

/// `img-src` is for the empty icon: without it a browser requests `/favicon.ico`.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});
