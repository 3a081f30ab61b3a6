//! Credentials and tokens in files.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process};

use secrecy::ExposeSecret;
use utdk_plaid_gateway::{GatewayError, Pair, token_from_file};

use crate::values::{CLIENT_ID, SECRET, SECRETS, TOKEN};

/// A file that is deleted on drop.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: impl AsRef<[u8]>, mode: u32) -> File {
        let name = format!("utdk-plaid-gateway-{}-{name}", process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        File(path)
    }

    fn pair(&self) -> Result<(String, String), GatewayError> {
        let pair = Pair::from_file(&self.0)?;
        let text = |secret: &secrecy::SecretString| secret.expose_secret().to_owned();
        Ok((text(&pair.client_id), text(&pair.secret)))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn lines() -> String {
    format!("PLAID_CLIENT_ID={CLIENT_ID}\nPLAID_SECRET={SECRET}\n")
}

/// Checks the refusal of `field`: its words, and that it does not quote the file.
fn check(error: &GatewayError, field: &str, words: &str) {
    let message = error.to_string();
    assert_eq!(
        (error.code(), error.field()),
        ("INVALID_OPTION", Some(field)),
        "{message}"
    );
    assert!(message.contains(words), "{message}");
    for secret in SECRETS {
        assert!(
            !format!("{message} {error:?}").contains(secret),
            "{message}"
        );
    }
}

#[test]
fn a_credentials_file_is_read() {
    let (id, secret) = (CLIENT_ID, SECRET);
    for (number, text) in [
        lines(),
        lines().replace('\n', "\r\n"),
        lines().trim_end().to_owned(),
        format!("\u{feff}{}", lines()),
        format!("PLAID_SECRET={secret}\nPLAID_CLIENT_ID={id}"),
        format!("PLAID_CLIENT_ID=\"{id}\"\nPLAID_SECRET='{secret}'\n"),
        format!("PLAID_CLIENT_ID=`{id}` # note\nPLAID_SECRET=\"{secret}\"# note\n"),
        format!("  PLAID_CLIENT_ID = {id}  \n\tPLAID_SECRET\t=\t{secret}\t\n"),
        format!("export PLAID_CLIENT_ID={id}\nexport\tPLAID_SECRET={secret}\n"),
        format!("PLAID_CLIENT_ID={id} # note\nPLAID_SECRET={secret}#note\n"),
        format!(
            "# of the Sandbox\n\n#PLAID_SECRET=old\n{}OTHER=1\nnonsense\n",
            lines()
        ),
        format!("PLAID_CLIENT_IDS=x\nXPLAID_SECRET=x\n{}", lines()),
        format!("PLAID_CLIENT_ID=\nPLAID_SECRET=first\n{}", lines()),
        format!("OTHER=\"PLAID_SECRET=x\n\"\n{}", lines()),
        format!("{}OTHER='\nPLAID_SECRET=x\n'\n", lines()),
        format!("OTHER=\"unclosed\n{}", lines()),
    ]
    .iter()
    .enumerate()
    {
        let file = File::new(&format!("good-{number}"), text, 0o600);
        let expected = (CLIENT_ID.to_owned(), SECRET.to_owned());
        assert_eq!(file.pair().unwrap(), expected, "{text}");
    }
    for (number, (text, value)) in [
        ("=c==", "=c=="),
        ("a b", "a b"),
        ("$HOME${X}", "$HOME${X}"),
        ("'a # b'", "a # b"),
        ("\"a\\nb\"", "a\nb"),
        ("'a\\nb'", "a\\nb"),
        ("\"a\nb\" c", "a\nb"),
        ("'a\"b'", "a\"b"),
        ("a 'b' c", "a 'b' c"),
        ("'unclosed", "'unclosed"),
    ]
    .iter()
    .enumerate()
    {
        let text = format!("PLAID_CLIENT_ID={text}\nPLAID_SECRET=a\n");
        let file = File::new(&format!("value-{number}"), &text, 0o400);
        let expected = ((*value).to_owned(), "a".to_owned());
        assert_eq!(file.pair().unwrap(), expected, "{text}");
    }
}

#[test]
fn a_credentials_file_without_both_lines_is_refused() {
    for (number, text) in [
        String::new(),
        "\n\n".to_owned(),
        format!("PLAID_CLIENT_ID={CLIENT_ID}\n"),
        format!("PLAID_SECRET={SECRET}\n"),
        format!("PLAID_CLIENT_ID={CLIENT_ID}\nPLAID_SECRET=\n"),
        format!("PLAID_CLIENT_ID={CLIENT_ID}\nPLAID_SECRET=\"\"\n"),
        format!("{}PLAID_SECRET=\n", lines()),
        format!("PLAID_CLIENT_ID={CLIENT_ID}\nPLAID_SECRET=# note\n"),
        format!("PLAID_CLIENT_ID={CLIENT_ID}\n# PLAID_SECRET={SECRET}\n"),
        format!("plaid_client_id={CLIENT_ID}\nplaid_secret={SECRET}\n"),
        format!("PLAID_CLIENT_ID: {CLIENT_ID}\nPLAID_SECRET: {SECRET}\n"),
        format!("{CLIENT_ID}\n{SECRET}\n"),
    ]
    .iter()
    .enumerate()
    {
        let file = File::new(&format!("without-{number}"), text, 0o600);
        check(
            &file.pair().unwrap_err(),
            "credentialsFile",
            "PLAID_SECRET=…",
        );
    }
}

#[test]
fn a_file_that_other_users_can_access_is_refused() {
    for mode in [
        0o640, 0o644, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777,
    ] {
        let file = File::new(&format!("mode-{mode:o}"), lines(), mode);
        check(&file.pair().unwrap_err(), "credentialsFile", "chmod 600");
        check(
            &token_from_file(&file.0).unwrap_err(),
            "tokenFile",
            "chmod 600",
        );
    }
    for mode in [0o600, 0o400, 0o700] {
        let file = File::new(&format!("own-{mode:o}"), lines(), mode);
        assert!(file.pair().is_ok(), "{mode:o}");
    }
}

#[test]
fn an_unreadable_file_is_refused() {
    let missing = File(std::env::temp_dir().join("utdk-plaid-gateway-none"));
    check(
        &missing.pair().unwrap_err(),
        "credentialsFile",
        "could not be read",
    );
    check(
        &token_from_file(&missing.0).unwrap_err(),
        "tokenFile",
        "could not be read",
    );

    let not_text = File::new("not-text", b"PLAID_CLIENT_ID=\xff\xfe\n", 0o600);
    check(
        &not_text.pair().unwrap_err(),
        "credentialsFile",
        "could not be read",
    );

    let directory = std::env::temp_dir().join(format!("utdk-plaid-gateway-{}", process::id()));
    fs::create_dir_all(&directory).unwrap();
    for (mode, words) in [(0o700, "regular file"), (0o755, "regular file")] {
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        check(
            &Pair::from_file(&directory).err().unwrap(),
            "credentialsFile",
            words,
        );
        check(
            &token_from_file(&directory).unwrap_err(),
            "tokenFile",
            words,
        );
    }
    fs::remove_dir(&directory).unwrap();

    // Root can read any file.
    let closed = File::new("closed", lines(), 0o000);
    if fs::read(&closed.0).is_err() {
        check(
            &closed.pair().unwrap_err(),
            "credentialsFile",
            "could not be read",
        );
    }
}

#[test]
fn the_permissions_checked_are_those_of_the_file_behind_a_link() {
    let open = File::new("open", lines(), 0o644);
    let own = File::new("own", lines(), 0o600);
    for (target, is_good) in [(&open, false), (&own, true)] {
        let name = format!("utdk-plaid-gateway-{}-link-{is_good}", process::id());
        let link = File(std::env::temp_dir().join(name));
        std::os::unix::fs::symlink(&target.0, &link.0).unwrap();
        assert_eq!(link.pair().is_ok(), is_good);
    }
}

#[test]
fn a_token_file_is_read_without_the_space_around_the_token() {
    for (number, text) in [
        TOKEN.to_owned(),
        format!("{TOKEN}\n"),
        format!("{TOKEN}\r\n"),
        format!("\n  {TOKEN}\t\n\n"),
    ]
    .iter()
    .enumerate()
    {
        let file = File::new(&format!("token-{number}"), text, 0o600);
        let token = token_from_file(&file.0).unwrap();
        assert_eq!(token.expose_secret(), TOKEN);
    }
}

#[tokio::test]
async fn a_token_file_that_is_empty_or_has_two_lines_is_refused() {
    for (number, text) in ["", "\n", "token-of-the\ngateway-c0ffee\n"]
        .iter()
        .enumerate()
    {
        let file = File::new(&format!("no-token-{number}"), text, 0o600);
        let token = token_from_file(&file.0).unwrap();
        let started = utdk_plaid_gateway::Gateway::start(utdk_plaid_gateway::Config {
            token: Some(token),
            ..crate::test_gateway::config("http://127.0.0.1:1")
        });
        let error = started.await.unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("INVALID_OPTION", Some("token"))
        );
    }
}

/// Opening a FIFO would wait for a writer, and a device can be endless.
#[test]
fn a_file_that_is_not_regular_is_refused_at_once() {
    let fifo = File(std::env::temp_dir().join(format!("utdk-plaid-fifo-{}", process::id())));
    let made = process::Command::new("mkfifo").arg(&fifo.0).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo failed");
    for path in [
        &fifo.0,
        &PathBuf::from("/dev/zero"),
        &PathBuf::from("/dev/tty"),
    ] {
        let error = Pair::from_file(path).err().unwrap();
        check(&error, "credentialsFile", "could not be read");
        let error = token_from_file(path).unwrap_err();
        check(&error, "tokenFile", "could not be read");
    }
}

#[test]
fn a_file_over_64_kib_is_refused() {
    let long = File::new("long", "x".repeat((64 << 10) + 1), 0o600);
    check(&long.pair().unwrap_err(), "credentialsFile", "64 KiB");
}
