//! Embeds the built console: compressed, with a Content-Security-Policy that allows only the page's
//! own script and style. The page is embedded twice, for a gateway to Plaid and for a gateway to a
//! local Sandbox.

use std::{env, fs, io::Write, path::Path, process::exit};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
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
    println!("cargo::rustc-env=CONSOLE_POLICY={}", page.policy);
    embed("CONSOLE", &page.for_plaid);
    embed("CONSOLE_OF_SANDBOX", &page.for_sandbox);
}

/// The page in its two versions, and their Content-Security-Policy.
pub(crate) struct Page {
    pub(crate) for_plaid: String,
    for_sandbox: String,
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
    Ok(Page {
        for_plaid: marked(&html, "plaid")?,
        for_sandbox: marked(&html, "sandbox")?,
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

/// Adds `data-gateway=<upstream>` to `<html>`.
fn marked(html: &str, upstream: &str) -> Result<String, String> {
    let Some((start, rest)) = html.split_once("<html ") else {
        return Err("the built console has no <html …> element to mark".to_owned());
    };
    Ok(format!("{start}<html data-gateway=\"{upstream}\" {rest}"))
}

/// Writes the compressed page, and exports its path and its ETag as `<name>_FILE` and `<name>_TAG`.
fn embed(name: &str, html: &str) {
    let hash = Sha256::digest(html);
    let tag = STANDARD.encode(&hash[..12]);
    println!("cargo::rustc-env={name}_TAG=W/\"{tag}\"");

    let out = env::var_os("OUT_DIR").expect("Cargo sets it");
    let file = Path::new(&out).join(format!("{name}.html.gz"));
    println!("cargo::rustc-env={name}_FILE={}", file.display());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let written = gzip
        .write_all(html.as_bytes())
        .and_then(|()| gzip.finish())
        .and_then(|bytes| fs::write(file, bytes));
    written.expect("Cargo's directory can be written");
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
