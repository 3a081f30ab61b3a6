//! Embeds the built console: compressed, with a Content-Security-Policy that allows only the page's
//! own script and style. It is embedded once; only its first line differs by the server.

use std::{env, fs, io::Write, path::Path, process::exit};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, Crc, write::DeflateEncoder};
use sha2::{Digest, Sha256};

fn main() {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console");
    let built = console.join("dist/index.html");
    // Watching a file that does not exist would run this script on every build.
    let watched = if built.exists() { &built } else { &console };
    println!("cargo::rerun-if-changed={}", watched.display());
    println!("cargo::rerun-if-env-changed=PROFILE");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");

    let page = page(&built, is_release).unwrap_or_else(|problem| {
        println!("cargo::error={problem}");
        exit(0);
    });
    println!("cargo::rustc-env=PAGE_POLICY={}", page.policy);
    embed("PAGE_REST", &deflated(&page.rest));
    for server in SERVERS {
        let part = Part::new(&page, server);
        let name = format!("PAGE_{}", server.to_uppercase());
        println!("cargo::rustc-env={name}_TAG={}", part.tag);
        embed(&format!("{name}_HEAD"), part.head.as_bytes());
        embed(&format!("{name}_START"), &part.start);
        embed(&format!("{name}_TRAILER"), &part.trailer);
    }
}

/// What serves the page: a gateway to Plaid, a gateway to a local Sandbox, or a Sandbox itself.
const SERVERS: [&str; 3] = ["plaid", "sandbox", "itself"];

/// The page, without the head that tells its server, and its Content-Security-Policy.
pub(crate) struct Page {
    before: String,
    pub(crate) rest: String,
    pub(crate) policy: String,
}

/// Reads the built console. Without it, a debug build gets a placeholder, so that Rust can be built
/// and tested without Node; a release build fails.
pub(crate) fn page(built: &Path, is_release: bool) -> Result<Page, String> {
    let html = match fs::read_to_string(built) {
        Ok(html) => html,
        Err(_) if !is_release => PLACEHOLDER.to_owned(),
        Err(error) => {
            return Err(format!(
                "console/dist/index.html cannot be read ({error}), and a release build must contain \
                 the console: run `npm run build:console` first"
            ));
        }
    };
    let script = source(&html, "script")?;
    let style = source(&html, "style")?;
    // A gateway can be on any host, but plain http only on this machine: elsewhere the token could
    // be read in transit.
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {style}; img-src data:; \
         connect-src 'self' https: http://localhost:* http://*.localhost:* http://127.0.0.1:*; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let Some((before, rest)) = html.split_once("<html ") else {
        return Err("the built console has no <html …> element to mark".to_owned());
    };
    Ok(Page {
        before: before.to_owned(),
        rest: rest.to_owned(),
        policy,
    })
}

const PLACEHOLDER: &str = "\
<!doctype html>
<html lang=\"en\">
<title>Plaid gateway</title>
<style type=\"text/css\">body { font-family: sans-serif }</style>
<script type=\"module\"></script>
<p>The console is not built. Run <code>npm run build:console</code> and build the gateway again.</p>
</html>
";

/// What the page of one server has for itself.
struct Part {
    /// The start of the page, which marks `<html>` with `data-server`.
    head: String,
    /// The start of a gzip file, with the head in a block that is not compressed. The compressed
    /// rest of the page can follow: it refers to nothing before it.
    start: Vec<u8>,
    trailer: Vec<u8>,
    /// The ETag.
    tag: String,
}

impl Part {
    fn new(page: &Page, server: &str) -> Self {
        let head = format!("{}<html data-server=\"{server}\" ", page.before);
        let length = u16::try_from(head.len()).expect("a short head");
        // RFC 1952: deflated, no flags, no time, best compression, from any system.
        let mut start = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
        // RFC 1951, 3.2.4: a stored block that is not the last.
        start.push(0);
        start.extend(length.to_le_bytes());
        start.extend((!length).to_le_bytes());
        start.extend(head.as_bytes());

        let html = format!("{head}{}", page.rest);
        let mut crc = Crc::new();
        crc.update(html.as_bytes());
        let mut trailer = crc.sum().to_le_bytes().to_vec();
        trailer.extend(crc.amount().to_le_bytes());

        let tag = STANDARD.encode(&Sha256::digest(html)[..12]);
        Part {
            head,
            start,
            trailer,
            tag: format!("W/\"{tag}\""),
        }
    }
}

fn deflated(text: &str) -> Vec<u8> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = deflate.write_all(text.as_bytes());
    written
        .and_then(|()| deflate.finish())
        .expect("memory can be written")
}

/// Writes a file for `include_bytes!`, and exports its path as `name`.
fn embed(name: &str, content: &[u8]) {
    let out = env::var_os("OUT_DIR").expect("Cargo sets it");
    let file = Path::new(&out).join(name);
    fs::write(&file, content).expect("Cargo's directory can be written");
    println!("cargo::rustc-env={name}={}", file.display());
}

/// The policy's hash source for the one inline `element`.
fn source(html: &str, element: &str) -> Result<String, String> {
    let content = html
        .split_once(&format!("<{element} "))
        .and_then(|(_, rest)| rest.split_once('>'))
        .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
    let Some((content, _)) = content else {
        return Err(format!("the built console has no inline <{element} …>"));
    };
    Ok(format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(content))
    ))
}
