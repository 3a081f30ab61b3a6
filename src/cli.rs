//! The command line, as `bin/utdk-plaid.js` calls it.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

/// Text to print, and what to exit with.
#[napi(object)]
pub struct CliNotice {
    /// Help, the version, or what is wrong with the arguments.
    pub text: String,
    /// 0, or 2 for wrong usage.
    pub exit_code: u8,
}

/// The name of the command that the arguments ask for, or what to print instead.
#[napi(catch_unwind)]
pub fn read_command(arguments: Vec<String>) -> Either<String, CliNotice> {
    match utdk_plaid_cli::read(arguments) {
        Ok(command) => Either::A(format!("{command:?}").to_lowercase()),
        Err(notice) => Either::B(CliNotice {
            text: notice.text,
            exit_code: notice.exit_code,
        }),
    }
}
