//! The command line of `@utdk/plaid`: reads the arguments and says what is to be done.
//!
//! It knows nothing of Node. `demo` is carried out in JavaScript (`bin/demo.js`), because what it
//! shows is the JavaScript surface.

#![forbid(unsafe_code)]

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// Force a Plaid Sandbox Item into ITEM_LOGIN_REQUIRED, and test that your backend survives it.
#[derive(Debug, Parser)]
#[command(name = "utdk-plaid", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the user wants done.
#[derive(Clone, Copy, Debug, PartialEq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Tell the whole story in the terminal: an Item is broken, the signed webhook proves it, and
    /// it is repaired. Runs on a local Sandbox, without an account or a network.
    #[command(after_help = "\
Example:
  npx @utdk/plaid demo

With PLAID_CLIENT_ID, PLAID_SECRET and PLAID_ACCESS_TOKEN set, it breaks that Item in Plaid's own
Sandbox instead.")]
    Demo,
}

/// Text to print instead of doing anything: help, the version, or what is wrong with the arguments.
#[derive(Debug)]
pub struct Notice {
    /// What to print.
    pub text: String,
    /// What to exit with: 0 if the text was asked for, otherwise 2. It goes to standard error
    /// then.
    pub exit_code: u8,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// A [`Notice`] if there is nothing to do but to print it.
pub fn read<I, A>(arguments: I) -> Result<Command, Notice>
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let program = OsString::from("utdk-plaid");
    let arguments = arguments.into_iter().map(Into::into);
    match Arguments::try_parse_from(std::iter::once(program).chain(arguments)) {
        Ok(Arguments { command }) => Ok(command),
        Err(notice) => Err(Notice {
            text: notice.to_string(),
            exit_code: match notice.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
                _ => 2,
            },
        }),
    }
}
