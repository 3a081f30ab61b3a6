//! What is printed in place of a command: help, the version, or what is wrong with the arguments. An
//! argument that can be a secret is not repeated.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::{Notice, output::Colours};

/// The longest value that is repeated. Plaid's shortest secret, a client id, has 24 characters.
const LONGEST_VALUE: usize = 20;

/// Anything of this length is repeated.
const SHORT: usize = 8;

pub(crate) fn notice(mut error: Error, colours: Colours) -> Notice {
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidValue,
    ] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && !is_shown(kind, text)
        {
            let hidden = "(not shown: it can be a secret)".to_owned();
            error.insert(kind, ContextValue::String(hidden));
        }
    }
    let exit_code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => 2,
    };
    let text = error.render();
    Notice {
        text: match exit_code {
            0 if colours.stdout => text.ansi().to_string(),
            2 if colours.stderr => text.ansi().to_string(),
            _ => text.to_string(),
        },
        exit_code,
    }
}

/// Whether `text` looks like the name of a command or an option, or like a short value.
fn is_shown(kind: ContextKind, text: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    match kind {
        // The option that a value belongs to is named here with the value's placeholder.
        ContextKind::InvalidArg if text.starts_with("--") && text.contains(' ') => true,
        ContextKind::InvalidValue => text.len() <= LONGEST_VALUE,
        _ => text.len() <= SHORT || text.len() <= LONGEST_VALUE && text.chars().all(is_name),
    }
}
