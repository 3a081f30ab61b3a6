//! `utdk-plaid completions`: prints a script that has a shell complete this command line.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::{Arguments, Notice, output::Output};

pub(crate) const EXAMPLE: &str = "\
Examples:
  npx @utdk/plaid completions bash > ~/.local/share/bash-completion/completions/utdk-plaid
  npx @utdk/plaid completions zsh > ~/.zfunc/_utdk-plaid
  npx @utdk/plaid completions fish > ~/.config/fish/completions/utdk-plaid.fish

It completes the command utdk-plaid, as it is there after npm install --global @utdk/plaid. For zsh,
~/.zfunc must be in fpath before compinit runs: fpath+=~/.zfunc in ~/.zshrc.";

/// What `utdk-plaid completions` is to print.
#[derive(Args, Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The shell that is to complete.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script.
pub(crate) async fn run(options: Options, output: Output) -> Result<(), Notice> {
    let mut script = Vec::new();
    let mut arguments = Arguments::command();
    generate(options.shell, &mut arguments, "utdk-plaid", &mut script);
    // clap_complete 4.6.11 writes a name with a hyphen in two ways, so that bash knows no option of
    // any command.
    let script = String::from_utf8_lossy(&script).replace("utdk__subcmd__plaid", "utdk__plaid");
    let printer = output.start();
    printer.print(script).await;
    let written = printer.finish_all().await;
    written
        .map_err(|error| Notice::failure(format_args!("the script could not be written: {error}")))
}
