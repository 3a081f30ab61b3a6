//! Embeds the built page of Link, with a Content-Security-Policy that allows only its own script and
//! style. Without `form-action`: a hosted page that is completed may redirect to the application.

use std::{env, fs, path::Path, process::exit};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

fn main() {
    let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../link");
    let built = link.join("dist/index.html");
    // Watching a file that does not exist would run this script on every build.
    let watched = if built.exists() { &built } else { &link };
    println!("cargo::rerun-if-changed={}", watched.display());
    println!("cargo::rerun-if-env-changed=PROFILE");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let page = match fs::read_to_string(&built) {
        Ok(page) => page,
        // Rust can be built and tested without Node.
        Err(_) if !is_release => PLACEHOLDER.to_owned(),
        Err(error) => {
            println!(
                "cargo::error=link/dist/index.html cannot be read ({error}), and a release build must \
                 contain Link's page: run `npm run build:console` first"
            );
            exit(0);
        }
    };
    let (Some(script), Some(style)) = (source(&page, "script"), source(&page, "style")) else {
        println!("cargo::error=the built page of Link has no inline script, or no inline style");
        exit(0);
    };
    println!(
        "cargo::rustc-env=LINK_POLICY=default-src 'none'; script-src {script}; style-src {style}; \
         img-src data:; connect-src 'self'; base-uri 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let out = env::var_os("OUT_DIR").expect("Cargo sets it");
    let file = Path::new(&out).join("link.html");
    fs::write(&file, page).expect("Cargo's directory can be written");
    println!("cargo::rustc-env=LINK_PAGE={}", file.display());
}

const PLACEHOLDER: &str = "\
<!doctype html>
<html lang=\"en\">
<title>Link</title>
<style type=\"text/css\">body { font-family: sans-serif }</style>
<script type=\"module\"></script>
<p>Link is not built. Run <code>npm run build:console</code> and build the Sandbox again.</p>
</html>
";

/// The policy's hash source for the one inline `element`.
fn source(html: &str, element: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("<{element} "))?;
    let (_, rest) = rest.split_once('>')?;
    let (content, _) = rest.split_once(&format!("</{element}>"))?;
    Some(format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(content))
    ))
}
