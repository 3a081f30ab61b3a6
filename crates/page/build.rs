//! Embeds the built pages, each with a Content-Security-Policy that allows only its own script and
//! style: the console, compressed, whose first line differs by its server, and Link.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::exit,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, Crc, write::DeflateEncoder};
use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-env-changed=PROFILE");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let embedded = page(&watched("console"), is_release).and_then(|page| {
        embed_console(&page);
        embed_link(&watched("link"), is_release)
    });
    if let Err(problem) = embedded {
        println!("cargo::error={problem}");
        exit(0);
    }
}

/// The built page of a folder. Cargo runs this script again when it changes.
fn watched(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let built = folder.join("dist/index.html");
    // Watching a file that does not exist would run this script on every build.
    let watched = if built.exists() { &built } else { &folder };
    println!("cargo::rerun-if-changed={}", watched.display());
    built
}

/// Reads a built page. Without it, a debug build gets a placeholder, so that Rust can be built and
/// tested without Node; a release build fails.
fn read(built: &Path, is_release: bool) -> Result<String, String> {
    match fs::read_to_string(built) {
        Ok(html) => Ok(html),
        Err(_) if !is_release => Ok(PLACEHOLDER.to_owned()),
        Err(error) => Err(format!(
            "{} cannot be read ({error}), and a release build must contain it: run \
             `npm run build:console` first",
            built.display()
        )),
    }
}

const PLACEHOLDER: &str = "\
<!doctype html>
<html lang=\"en\">
<title>Plaid gateway</title>
<style type=\"text/css\">body { font-family: sans-serif }</style>
<script type=\"module\"></script>
<p>This page is not built. Run <code>npm run build:console</code> and build the addon again.</p>
</html>
";

fn embed_link(built: &Path, is_release: bool) -> Result<(), String> {
    let html = read(built, is_release)?;
    // Without `form-action`: a hosted page that is completed may redirect to the application.
    println!(
        "cargo::rustc-env=LINK_POLICY=default-src 'none'; script-src {}; style-src {}; img-src data:; \
         connect-src 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        source(&html, "script")?,
        source(&html, "style")?
    );
    embed("LINK_PAGE", html.as_bytes());
    Ok(())
}

fn embed_console(page: &Page) {
    println!("cargo::rustc-env=PAGE_POLICY={}", page.policy);
    embed("PAGE_REST", &deflated(&page.rest));
    for server in SERVERS {
        let part = Part::new(page, server);
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

/// Reads the built console.
pub(crate) fn page(built: &Path, is_release: bool) -> Result<Page, String> {
    let html = read(built, is_release)?;
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
        return Err(format!("a built page has no inline <{element} …>"));
    };
    Ok(format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(content))
    ))
}
