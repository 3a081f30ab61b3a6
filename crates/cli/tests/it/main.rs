//! What the command line promises about its arguments; the promises of each command are in its
//! module.

mod console;
mod gateway;
mod reset_login;
mod sandbox;

mod running;

use std::ffi::OsString;

use utdk_plaid_cli::{Colours, Command, Notice};

/// Reads arguments without colours.
fn read<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<Command, Notice> {
    utdk_plaid_cli::read(arguments, Colours::default())
}

#[test]
fn demo_is_a_command() {
    assert_eq!(read(["demo"]).unwrap(), Command::Demo);
}

#[test]
fn what_follows_the_app_belongs_to_the_app() {
    for arguments in [
        &["run", "--port", "80", "--", "node", "app.js", "--seed", "1"][..],
        &["run", "--port", "80", "node", "app.js", "--seed", "1"],
    ] {
        let Command::Run(options) = read(arguments).unwrap() else {
            panic!("run is a command of its own");
        };
        assert_eq!((options.port, options.seed), (80, None));
        assert_eq!(options.command, ["node", "app.js", "--seed", "1"]);
    }
    assert_eq!(read(["run"]).unwrap_err().exit_code, 2);
}

#[test]
fn help_and_version_exit_with_zero() {
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

/// The commands in the order of use.
const COMMANDS: [&str; 7] = [
    "console",
    "demo",
    "sandbox",
    "run",
    "gateway",
    "reset-login",
    "doctor",
];

fn help(arguments: &[&str]) -> String {
    read(arguments.iter().chain(&["--help"])).unwrap_err().text
}

#[test]
fn help_lists_the_commands_by_use_with_a_short_summary() {
    let help = help(&[]);
    let (_, commands) = help.split_once("\nCommands:\n").unwrap();
    let mut lines = commands.lines();
    for command in COMMANDS {
        let (name, summary) = lines.next().unwrap().trim().split_once("  ").unwrap();
        assert_eq!(name, command);
        let summary = summary.trim();
        assert!(
            summary.chars().count() <= 60 && !summary.ends_with('.'),
            "{summary}"
        );
    }
}

#[test]
fn a_typo_is_answered_with_the_nearest_name() {
    for (typo, nearest) in [
        (&["consol"][..], "'console'"),
        (&["reset-logins"], "'reset-login'"),
        (&["sandbox", "--prot", "80"], "'--port'"),
        (&["console", "--log-format", "jsom"], "'json'"),
    ] {
        let notice = read(typo).unwrap_err();
        assert_eq!(notice.exit_code, 2);
        let (_, tip) = notice.text.split_once("tip: ").unwrap();
        assert!(
            tip.lines().next().unwrap().contains(nearest),
            "{}",
            notice.text
        );
    }
}

#[test]
fn an_argument_that_can_be_a_secret_is_not_repeated() {
    const SECRET: &str = "41d8cd98f00b204e98009987";
    const TOKEN: &str = "access-sandbox-00000000-0000-4000-8000-000000000000";
    for secret in [SECRET, TOKEN, "Fakepassword", "fake_password"] {
        let named = format!("--secret={secret}");
        let option = format!("--{secret}");
        for arguments in [
            &["gateway", secret][..],
            &["gateway", "--token", secret],
            &["gateway", &named],
            &["gateway", &option],
            &["console", "demo", secret],
            &["sandbox", secret],
            &["doctor", secret],
            &[secret],
        ] {
            let notice = read(arguments).unwrap_err();
            assert_eq!(notice.exit_code, 2);
            assert!(!notice.text.contains(secret), "{}", notice.text);
        }
    }
    for option in [
        "--port",
        "--host",
        "--timeout",
        "--rate-limit",
        "--log-format",
    ] {
        let notice = read(["gateway", option, TOKEN]).unwrap_err();
        assert!(!notice.text.contains(TOKEN), "{}", notice.text);
        assert!(notice.text.contains(option), "{}", notice.text);
    }
}

#[test]
fn options_that_exclude_each_other_are_wrong_usage() {
    for (arguments, options) in [
        (&["--file", "tokens.txt", "token"][..], ["--file", "TOKEN"]),
        (
            &["--gateway", "http://a", "--base-url", "http://b"],
            ["--gateway", "--base-url"],
        ),
    ] {
        let notice = read(["reset-login"].iter().chain(arguments)).unwrap_err();
        assert_eq!(notice.exit_code, 2);
        for option in options {
            assert!(notice.text.contains(option), "{}", notice.text);
        }
    }
}

#[test]
fn localhost_is_a_host() {
    for command in ["sandbox", "gateway"] {
        read([command, "--host", "localhost"]).unwrap();
    }
}

#[test]
fn every_command_shows_an_example() {
    for command in COMMANDS {
        let Notice { text, .. } = read([command, "--help"]).unwrap_err();
        let example = format!("\n  npx @utdk/plaid {command}");
        assert!(text.contains(&example), "{text}");
    }
}

#[test]
fn wrong_usage_exits_with_two_and_names_the_culprit() {
    for wrong in [
        &["demmo"][..],
        &["demo", "--fast"],
        &["demo", "now"],
        &["sandbox", "--port", "65536"],
        &["sandbox", "--port", "any"],
        &["sandbox", "--host", "backend"],
        &["sandbox", "--seed", "1.5"],
        &["sandbox", "--log-format", "xml"],
        &["sandbox", "now"],
        &["gateway", "--port", "-1"],
        &["gateway", "--host", "backend"],
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
        &["reset-login", "--concurrency", "0"],
        &["reset-login", "--concurrency", "1025"],
        &["reset-login", "--from-line", "-1"],
        &["reset-login", "--timeout", "0"],
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
