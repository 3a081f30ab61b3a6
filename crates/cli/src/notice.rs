//! How a command ends, if not by success.

/// Text to print at the end: help, the version, or an error.
#[derive(Debug)]
pub struct Notice {
    /// The text, with the end of its line. May be empty.
    pub text: String,
    /// 0 for help and version, 1 if the command failed, 2 if the arguments are wrong, 130 after
    /// Ctrl-C. Unless it is 0, the text goes to standard error.
    pub exit_code: u8,
}

impl Notice {
    /// The command failed; `why` is a sentence.
    pub(crate) fn failure(why: impl std::fmt::Display) -> Self {
        Notice {
            text: format!("error: {why}\n"),
            exit_code: 1,
        }
    }

    /// The command has printed everything; only the exit code is left.
    pub(crate) fn silent(exit_code: u8) -> Self {
        Notice {
            text: String::new(),
            exit_code,
        }
    }

    /// An argument has an invalid value; `why` is a sentence.
    pub(crate) fn usage(why: impl std::fmt::Display) -> Self {
        Notice {
            text: format!("error: {why}\n\nFor more information, try '--help'.\n"),
            exit_code: 2,
        }
    }
}
