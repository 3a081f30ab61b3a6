//! Which fields of a reply are kept, and what is removed from an error.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use utdk_plaid_client::{ApiError, Client, Config, Error, Reply, ResetLogin};

use crate::calls::{ACCESS_TOKEN, CLIENT_ID, SECRET, call, client, config, within};
use crate::server::{Server, reply};

async fn success(body: Value) -> Reply {
    let server = Server::replying(vec![reply(200, &body.to_string())]).await;
    let outcome = within(client(&server.url()).reset_login(call())).await;
    outcome.result.expect("a reply")
}

#[tokio::test]
async fn unknown_fields_of_a_reply_are_kept() {
    let body = json!({
        "reset_login": true,
        "request_id": "m8MDnv9okwxFNBV",
        "item": { "item_id": "Ed6bjNrDLJfGvZWwnkQlfxwoNz54B5C97ejBr" },
        "warnings": ["one", null],
    });

    let reply = success(body.clone()).await;

    assert_eq!(reply.rest["item"], body["item"]);
    assert_eq!(reply.rest["warnings"], body["warnings"]);
    assert_eq!(reply.rest.len(), 2, "the known fields are not repeated");
    assert_eq!(serde_json::to_value(&reply).expect("JSON"), body);
}

#[tokio::test]
async fn a_reply_with_reset_login_false_is_returned() {
    let reply = success(json!({ "reset_login": false, "request_id": "m8MDnv9okwxFNBV" })).await;

    assert!(!reply.reset_login);
    assert_eq!(reply.request_id, "m8MDnv9okwxFNBV");
}

/// The longest text in an error: it crosses to JavaScript, and into logs.
const LONGEST_TEXT: usize = 4096;

#[tokio::test]
async fn an_error_keeps_at_most_4_kib_of_any_text() {
    // A secret where the text is cut: its first half must not stay.
    let padding = "é".repeat(LONGEST_TEXT / 2 - 8);
    let long = format!("{padding}{SECRET}{padding}");
    let body = json!({
        "error_type": long,
        "error_code": long,
        "error_message": long,
        "display_message": long,
        "request_id": long,
        "causes": [{ long.as_str(): [long] }],
    });
    let server = Server::replying(vec![reply(400, &body.to_string())]).await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    let Err(Error::Api(error)) = &outcome.result else {
        panic!("an api error was expected: {outcome:?}");
    };
    let cause = error.causes.as_ref().expect("causes")[0].as_object();
    let (name, texts) = cause.expect("an object").iter().next().expect("a field");
    for text in [
        &error.error_type,
        &error.error_code,
        &error.error_message,
        error.display_message.as_ref().expect("a text"),
        error.request_id.as_ref().expect("a text"),
        name,
        &texts[0].as_str().expect("a text").to_owned(),
    ] {
        assert!(text.len() <= LONGEST_TEXT, "{} bytes", text.len());
        assert!(text.ends_with('…'));
    }
    assert!(!format!("{error:?}").contains(&SECRET[..8]));
}

#[tokio::test]
async fn an_error_keeps_a_bounded_number_of_causes() {
    let cause = json!({ "error_message": "x".repeat(1000) });
    let causes = vec![cause; 900];
    let body = json!({ "error_code": "NO", "causes": causes });
    let server = Server::replying(vec![reply(400, &body.to_string())]).await;

    let outcome = within(client(&server.url()).reset_login(call())).await;

    let Err(Error::Api(error)) = &outcome.result else {
        panic!("an api error was expected: {outcome:?}");
    };
    let kept = error.causes.as_ref().expect("causes").len();
    assert!((1..100).contains(&kept), "{kept} causes");
}
/// The request's own values, in every field of an error reply.
#[tokio::test]
async fn a_secret_is_removed_from_every_field_of_an_error() {
    let secrets = [
        ACCESS_TOKEN,
        CLIENT_ID,
        SECRET,
        "call-client-id-1",
        "call-secret-1",
        "header-of-the-client",
        "header-of-the-call",
    ];
    let quoting = format!("before {} after", secrets.join(" \"and\" "));
    let body = json!({
        "error_type": quoting,
        "error_code": quoting,
        "error_code_reason": quoting,
        "error_message": quoting,
        "display_message": quoting,
        "documentation_url": quoting,
        "suggested_action": quoting,
        "request_id": quoting,
        "causes": [{ "item_id": quoting, SECRET: { "deep": [quoting, 7] } }, quoting],
        "echo": quoting,
    });
    let server = Server::replying(vec![reply(400, &body.to_string())]).await;
    let client = Client::new(Config {
        headers: vec![("x-client".into(), "header-of-the-client".into())],
        ..config(&server.url())
    });

    let outcome = within(
        client
            .expect("the settings are good")
            .reset_login(ResetLogin {
                client_id: Some("call-client-id-1".into()),
                secret: Some("call-secret-1".into()),
                headers: vec![("x-call".into(), "header-of-the-call".into())],
                ..call()
            }),
    )
    .await;

    let Err(error @ Error::Api(_)) = outcome.result else {
        panic!("an api error was expected: {outcome:?}");
    };
    let struck_out = format!("before {} after", ["[redacted]"; 7].join(" \"and\" "));
    check_says_only(&error, &struck_out);
    let shown = format!("{error} {error:?}");
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} shows in {shown}");
    }
}

/// A secret in every form that a server or a proxy could echo it in.
fn encoded(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|it| format!("%{it:02X}")).collect();
    let hex: String = secret.bytes().map(|it| format!("{it:02x}")).collect();
    let base64 = |prefix: &str, suffix: &str| STANDARD.encode(format!("{prefix}{secret}{suffix}"));
    vec![
        secret.to_owned(),
        percent.clone(),
        percent.to_lowercase(),
        secret.replace('-', "%2D"),
        secret.replacen('s', "%73", 1),
        hex.clone(),
        hex.to_uppercase(),
        base64("", ""),
        base64("a", "b"),
        base64("ab", "bc"),
        base64("abc", "c"),
        URL_SAFE_NO_PAD.encode(format!("?>~{secret}")),
    ]
}

/// Fails if `text` has at least eight characters in a row of what `secret` is encoded as.
fn check_scrubbed(text: &str, secret: &str, form: &str) {
    assert!(
        text.contains("[redacted]"),
        "{form} is not redacted in {text}"
    );
    for part in form.as_bytes().windows(8) {
        let part = std::str::from_utf8(part).expect("ASCII");
        assert!(!text.contains(part), "{part} of {secret} shows in {text}");
    }
}

#[tokio::test]
async fn an_encoded_secret_is_removed_from_errors_and_from_successful_replies() {
    for secret in [ACCESS_TOKEN, CLIENT_ID, SECRET] {
        for form in encoded(secret) {
            let quoting = format!("echo={form}; end");
            let error = json!({ "error_code": "A_CODE", "error_message": quoting });
            let success = json!({
                "reset_login": true,
                "request_id": quoting,
                "echo": [{ (quoting.clone()): quoting }],
            });
            let plain = json!({ "reset_login": true, "request_id": quoting });
            let replies = [
                reply(400, &error.to_string()),
                reply(200, &success.to_string()),
                reply(200, &plain.to_string()),
            ];
            let server = Server::replying(replies.to_vec()).await;
            let client = client(&server.url());

            let failed = within(client.reset_login(call())).await.result;
            let full = within(client.reset_login(call())).await.result;
            let plain = within(client.reset_login(call())).await.result;

            let Err(Error::Api(error)) = failed else {
                panic!("an api error was expected: {failed:?}");
            };
            check_scrubbed(&error.error_message, secret, &form);
            let full = full.expect("a reply");
            check_scrubbed(&full.request_id, secret, &form);
            let rest = serde_json::to_string(&full.rest).expect("JSON");
            check_scrubbed(&rest, secret, &form);
            assert!(rest.ends_with("; end\"}]}"), "{rest}");
            check_scrubbed(&plain.expect("a reply").request_id, secret, &form);
        }
    }
}

#[tokio::test]
async fn a_successful_reply_keeps_everything_else() {
    let body = json!({
        "reset_login": true,
        "request_id": "m8MDnv9okwxFNBV",
        "correlation": "header-of-the-call",
        "long": "100% ".repeat(2_000),
    });
    let server = Server::replying(vec![reply(200, &body.to_string())]).await;
    let call = ResetLogin {
        headers: vec![("x-correlation".into(), "header-of-the-call".into())],
        ..call()
    };
    let outcome = within(client(&server.url()).reset_login(call)).await;
    let reply = outcome.result.expect("a reply");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), body);
}

fn check_says_only(error: &Error, text: &str) {
    let Error::Api(error) = error else {
        panic!("{error:?}");
    };
    let ApiError {
        status: _,
        error_type,
        error_code,
        error_code_reason,
        error_message,
        display_message,
        documentation_url,
        suggested_action,
        request_id,
        causes,
    } = &**error;
    for field in [error_type, error_code, error_message] {
        assert_eq!(field, text);
    }
    for field in [
        error_code_reason,
        display_message,
        documentation_url,
        suggested_action,
        request_id,
    ] {
        assert_eq!(field.as_deref(), Some(text));
    }
    let expected = json!([{ "item_id": text, "[redacted]": { "deep": [text, 7] } }, text]);
    assert_eq!(causes.as_deref(), expected.as_array().map(Vec::as_slice));
}

/// If the shorter secret were removed first, the end of the longer one would remain.
#[tokio::test]
async fn of_two_secrets_with_a_common_prefix_the_longer_is_removed_whole() {
    let body = json!({ "error_code": "NO", "error_message": "no: call-secret-with-an-end." });
    let server = Server::replying(vec![reply(400, &body.to_string())]).await;

    let outcome = within(client(&server.url()).reset_login(ResetLogin {
        client_id: Some("call-secret".into()),
        secret: Some("call-secret-with-an-end".into()),
        ..call()
    }))
    .await;

    match outcome.result {
        Err(Error::Api(error)) => assert_eq!(error.error_message, "no: [redacted]."),
        _ => panic!("an api error was expected: {outcome:?}"),
    }
}

/// No content of an undocumented body may appear in the error.
#[tokio::test]
async fn a_reply_that_plaid_does_not_document_is_named_and_never_quoted() {
    for (status, body) in [
        (200, r#"<html>quoted-content</html>"#),
        (200, r#"{"reset_login":"quoted-content"}"#),
        (200, r#"{"reset_login":true,"request_id":"quoted-con"#),
        (200, r#"{"reset_login":true} quoted-content"#),
        (200, r#"["quoted-content"]"#),
        (200, ""),
        (202, r#"{"reset_login":true,"quoted-content":1}"#),
        (302, r#"{"reset_login":true,"quoted-content":1}"#),
        (404, r#"quoted-content"#),
        (404, r#"{"message":"quoted-content"}"#),
    ] {
        let server = Server::replying(vec![reply(status, body)]).await;
        let outcome = within(client(&server.url()).reset_login(call())).await;

        let Err(error @ Error::Response { status: named, .. }) = &outcome.result else {
            panic!("{status} {body}: {outcome:?}");
        };
        assert_eq!((*named, error.code()), (status, "UNEXPECTED_RESPONSE"));
        assert!(
            !format!("{error} {error:?}").contains("quoted-con"),
            "{error:?}"
        );
    }
}
