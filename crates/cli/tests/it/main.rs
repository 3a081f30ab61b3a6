//! What the command line promises about its arguments; what each command promises stands in a module
//! of its own.

mod console;
mod gateway;
mod reset_login;
mod sandbox;

mod running;

use utdk_plaid_cli::{Command, Notice, read};

#[test]
fn demo_is_a_command() {
    assert_eq!(read(["demo"]).unwrap(), Command::Demo);
}

#[test]
fn help_and_version_are_no_failure() {
    for asked in [
        &["--help"][..],
        &["demo", "--help"],
        &["sandbox", "-h"],
        &["console", "--help"],
        &["gateway", "--help"],
        &["--version"],
    ] {
        let notice = read(asked).unwrap_err();
        assert_eq!(notice.exit_code, 0, "{asked:?}");
    }
    let Notice { text, .. } = read(["--version"]).unwrap_err();
    assert_eq!(
        text,
        concat!("utdk-plaid ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn every_command_shows_an_example() {
    for command in ["demo", "sandbox", "gateway", "console"] {
        let Notice { text, .. } = read([command, "--help"]).unwrap_err();
        let example = format!("\n  npx @utdk/plaid {command}");
        assert!(text.contains(&example), "{text}");
    }
}

#[test]
fn wrong_usage_exits_with_two_and_names_what_is_wrong() {
    for wrong in [
        &["demmo"][..],
        &["demo", "--fast"],
        &["demo", "now"],
        &["sandbox", "--port", "65536"],
        &["sandbox", "--port", "any"],
        &["sandbox", "--host", "localhost"],
        &["sandbox", "--seed", "1.5"],
        &["sandbox", "--log-format", "xml"],
        &["sandbox", "now"],
        &["gateway", "--port", "-1"],
        &["gateway", "--host", "localhost"],
        &["gateway", "--timeout", "0"],
        &["gateway", "--timeout", "-1"],
        &["gateway", "--timeout", "NaN"],
        &["gateway", "--timeout", "1e9"],
        &["gateway", "--timeout", "10s"],
        &["gateway", "--max-in-flight", "0"],
        &["gateway", "--max-in-flight", "1048577"],
        &["gateway", "--max-waiting", "-1"],
        &["gateway", "--max-waiting", "many"],
        &["gateway", "--rate-limit", "0"],
        &["gateway", "--rate-limit", "0.5"],
        &["gateway", "--rate-limit", "none"],
        &["gateway", "--log-format", "xml"],
        &["gateway", "now"],
        &["console", "--port", "65536"],
        &["console", "--sandbox-port", "any"],
        &["console", "--seed", "-1"],
        &["console", "--log-format", "xml"],
        &["console", "--host"],
        &["console", "now"],
    ] {
        let notice = read(wrong).unwrap_err();
        assert_eq!(notice.exit_code, 2, "{wrong:?}");
        let culprit = wrong.last().unwrap();
        assert!(notice.text.contains(culprit), "{}", notice.text);
    }
    let none: [&str; 0] = [];
    assert_eq!(read(none).unwrap_err().exit_code, 2);
}
