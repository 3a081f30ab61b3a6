//! Takes the built console in: compressed, as nearly every browser wants it, with the policy that
//! lets its own script and style run and no others. It is taken in twice, marked as the page
//! of a gateway to Plaid, and as that of a gateway to a local Sandbox.

use std::{env, fs, io::Write, path::Path, process::exit};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

fn main() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist/index.html");
    println!("cargo::rerun-if-changed={}", page.display());
    let Ok(html) = fs::read_to_string(&page) else {
        println!(
            "cargo::error=the console is not built, which the gateway serves: run `npm run \
             build:console` first"
        );
        exit(0);
    };
    let script = source(&html, "script");
    let style = source(&html, "style");
    // A gateway may be anywhere; plain http, in which a token could be read on the way, is for this
    // machine alone.
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {style}; img-src data:; \
         connect-src 'self' https: http://localhost:* http://*.localhost:* http://127.0.0.1:*; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    println!("cargo::rustc-env=CONSOLE_POLICY={policy}");
    pack("CONSOLE", &marked(&html, "plaid"));
    pack("CONSOLE_OF_SANDBOX", &marked(&html, "sandbox"));
}

/// The page, saying what the gateway that serves it is to.
fn marked(html: &str, upstream: &str) -> String {
    let Some((start, rest)) = html.split_once("<html ") else {
        println!("cargo::error=the built console has no element for its mark");
        exit(0);
    };
    format!("{start}<html data-gateway=\"{upstream}\" {rest}")
}

/// Writes the page compressed, and tells its path and its tag under `name`.
fn pack(name: &str, html: &str) {
    let hash = Sha256::digest(html);
    let tag = STANDARD.encode(&hash[..12]);
    println!("cargo::rustc-env={name}_TAG=W/\"{tag}\"");

    let out = env::var_os("OUT_DIR").expect("Cargo sets it");
    let file = Path::new(&out).join(format!("{name}.html.gz"));
    println!("cargo::rustc-env={name}_FILE={}", file.display());
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let written = packed
        .write_all(html.as_bytes())
        .and_then(|()| packed.finish())
        .and_then(|packed| fs::write(file, packed));
    written.expect("Cargo's directory can be written");
}

/// The hash of the one inline `element`, as a policy names it.
fn source(html: &str, element: &str) -> String {
    let content = html
        .split_once(&format!("<{element} "))
        .and_then(|(_, rest)| rest.split_once('>'))
        .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
    let Some((content, _)) = content else {
        println!("cargo::error=the built console has no inline {element}");
        exit(0);
    };
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)))
}
