//! The file of `--ca-file`: the certificates that a program must trust to use the Sandbox over TLS.

use std::{fs, io, path::Path, process};

use utdk_plaid_sandbox::with_system_roots;

use crate::{Notice, text::reason};

/// Writes the system's certificates and `ca`. A reader sees all of them, or the file as it was.
/// Returns whether the system has any: in slim containers it has none.
///
/// # Errors
///
/// A [`Notice`] that the file cannot be written.
pub(super) fn write(file: &Path, ca: &str) -> Result<bool, Notice> {
    let bundle = with_system_roots(ca);
    replace(file, &bundle).map_err(|error| {
        let (file, reason) = (file.display(), reason(&error));
        Notice::failure(format_args!("cannot write --ca-file {file}: {reason}"))
    })?;
    Ok(bundle != ca)
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", process::id()));
    let written = fs::write(&name, text).and_then(|()| fs::rename(&name, file));
    if written.is_err() {
        let _ = fs::remove_file(&name);
    }
    written
}
