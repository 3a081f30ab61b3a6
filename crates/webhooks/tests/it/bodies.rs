//! The body: only the signed bytes are accepted.

use utdk_plaid_webhooks::VerifyError;

use crate::plaid::{BODY, Plaid};

async fn mismatch(plaid: &Plaid, body: &str, signature: &str) -> bool {
    match plaid.verify(body, signature).await.unwrap_err() {
        VerifyError::BodyMismatch {
            is_serialized_again,
        } => is_serialized_again,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_bodies_that_the_sandbox_sends_are_accepted() {
    let plaid = Plaid::start().await;
    for body in [BODY, " ", "{\n  \"é\": \"\u{1f4b8}\"\n}", "\u{feff}{}"] {
        plaid.verify(body, &plaid.sign(body)).await.unwrap();
    }
}

#[tokio::test]
async fn a_body_that_was_changed_is_refused_without_a_request() {
    let plaid = Plaid::start().await;
    let signature = plaid.sign(BODY);
    for body in [
        "",
        "{}",
        &BODY.replace("ITEM", "ITEM "),
        &format!("{BODY}x"),
        "not JSON",
    ] {
        assert!(!mismatch(&plaid, body, &signature).await, "{body}");
    }
    assert_eq!(plaid.key_requests(), 0);
}

#[tokio::test]
async fn no_body_with_a_changed_bit_is_accepted() {
    let plaid = Plaid::start().await;
    let signature = plaid.sign(BODY);
    for bit in 0..8 * BODY.len() {
        let mut body = BODY.as_bytes().to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        let refused = plaid.verifier.verify(body, Some(&signature)).await;
        assert!(
            matches!(refused, Err(VerifyError::BodyMismatch { .. })),
            "{bit}"
        );
    }
}

#[tokio::test]
async fn a_body_that_was_serialized_again_is_recognised() {
    let plaid = Plaid::start().await;
    let sent = "{\n  \"error\": {\n    \"error_message\": \"a \\u003cb\\u003e \\u0026 c\",\n    \
                \"status\": 400\n  },\n  \"list\": [\n    {},\n    []\n  ],\n  \"new\": null\n}";
    let signature = plaid.sign(sent);
    plaid.verify(sent, &signature).await.unwrap();
    let compact =
        r#"{"error":{"error_message":"a <b> & c","status":400},"list":[{},[]],"new":null}"#;
    let indented = sent.replace("  ", "    ").replace("\\u003c", "<");
    for body in [compact, &indented] {
        assert!(mismatch(&plaid, body, &signature).await, "{body}");
    }
    let other = compact.replace("400", "401");
    assert!(!mismatch(&plaid, &other, &signature).await);
}

#[tokio::test]
async fn a_body_of_10_mb_is_verified() {
    let plaid = Plaid::start().await;
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(10_000_000));
    let signature = plaid.sign(&body);
    plaid.verify(&body, &signature).await.unwrap();
    let changed = body.replacen('x', "y", 1);
    assert!(!mismatch(&plaid, &changed, &signature).await);
}

#[tokio::test]
async fn json_that_is_too_deep_to_parse_is_a_plain_mismatch() {
    let plaid = Plaid::start().await;
    let deep = "[".repeat(100_000);
    assert!(!mismatch(&plaid, &deep, &plaid.sign(BODY)).await);
}
