//! What the command line promises about its arguments.

use utdk_plaid_cli::{Command, Notice, read};

#[test]
fn demo_is_a_command() {
    assert_eq!(read(["demo"]).unwrap(), Command::Demo);
}

#[test]
fn help_and_version_are_no_failure() {
    for asked in [&["--help"][..], &["demo", "--help"], &["--version"]] {
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
    let Notice { text, .. } = read(["demo", "--help"]).unwrap_err();
    assert!(text.contains("npx @utdk/plaid demo"), "{text}");
}

#[test]
fn wrong_usage_exits_with_two_and_names_what_is_wrong() {
    for wrong in [&["demmo"][..], &["demo", "--fast"], &["demo", "now"]] {
        let notice = read(wrong).unwrap_err();
        assert_eq!(notice.exit_code, 2, "{wrong:?}");
        let culprit = wrong.last().unwrap();
        assert!(notice.text.contains(culprit), "{}", notice.text);
    }
    let none: [&str; 0] = [];
    assert_eq!(read(none).unwrap_err().exit_code, 2);
}
