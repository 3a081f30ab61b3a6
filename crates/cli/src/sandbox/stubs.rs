//! The stubs of `--stubs`: a JSON file with a list, whose entries have the fields of the control
//! `POST stubs`.

use std::{fs, path::Path};

use serde_json::Value;
use utdk_plaid_sandbox::{Controls, Sandbox};

use crate::{Notice, text::reason};

/// The entries of the file.
///
/// # Errors
///
/// A [`Notice`] that the file cannot be read, or is not a list.
pub(super) fn read(file: &Path) -> Result<Vec<Value>, Notice> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        Notice::usage(format_args!(
            "cannot read {name} (--stubs): {}",
            reason(&error)
        ))
    })?;
    serde_json::from_str(&text).map_err(|_| {
        Notice::usage(format_args!(
            "{name} (--stubs) must be a JSON list, such as \
             [{{\"path\": \"/statements/list\", \"body\": {{}}}}]"
        ))
    })
}

/// Sets the stubs.
///
/// # Errors
///
/// A [`Notice`] about the first entry that is no stub.
pub(super) async fn set(sandbox: &Sandbox, stubs: Vec<Value>) -> Result<(), Notice> {
    for (index, stub) in stubs.into_iter().enumerate() {
        let set = Controls::clone(sandbox).answer("POST", "stubs", stub).await;
        set.map_err(|error| {
            Notice::usage(format_args!("entry {} of --stubs: {error}", index + 1))
        })?;
    }
    Ok(())
}
