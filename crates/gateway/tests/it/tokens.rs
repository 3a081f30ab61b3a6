//! The token that callers must have.

use utdk_plaid_gateway::{Config, Gateway, GatewayError};

use crate::{
    caller::{post, request},
    input::check,
    test_gateway::{TestGateway, config},
    values::{PLAID, TOKEN, TOOL, arguments},
};

async fn gate() -> TestGateway {
    TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await
}

#[tokio::test]
async fn the_token_is_accepted_with_any_letter_case_of_the_scheme() {
    let gate = gate().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
        for path in [TOOL, PLAID] {
            let header = format!("authorization: {scheme} {TOKEN}");
            let reply = gate.send(post(path, &[&header], &arguments())).await;
            assert_eq!(reply.status, 200, "{scheme}: {reply:?}");
        }
    }
    for call in gate.upstream.calls() {
        call.check();
        assert!(!call.head.contains(TOKEN) && !call.body.contains(TOKEN));
    }
}

#[tokio::test]
async fn any_other_token_is_refused() {
    let gate = gate().await;
    let mut wrong: Vec<Vec<String>> = [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        "Basic dG9rZW4tb2YtdGhlLWdhdGV3YXktYzBmZmVlOg==",
        &format!("Basic {TOKEN}"),
        &format!("Token {TOKEN}"),
        &format!("Bearer{TOKEN}"),
        &format!("Bearer  {TOKEN}"),
        &format!("Bearer\t{TOKEN}"),
        &format!("Bearer \"{TOKEN}\""),
        &format!("Bearer {}", &TOKEN[..TOKEN.len() - 1]),
        &format!("Bearer {}", &TOKEN[1..]),
        &format!("Bearer {TOKEN}x"),
        &format!("Bearer {TOKEN},{TOKEN}"),
        &format!("Bearer {TOKEN}, Bearer {TOKEN}"),
        &format!("Bearer {}", TOKEN.to_uppercase()),
        &format!("Bearer {}", "x".repeat(TOKEN.len())),
        &format!("Bearer {}", "x".repeat(4096)),
        "Bearer \u{e9}",
        "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
    ]
    .map(|value| vec![format!("authorization: {value}")])
    .into();
    let right = format!("authorization: Bearer {TOKEN}");
    wrong.push(vec![]);
    wrong.push(vec![right.clone(), right.clone()]);
    wrong.push(vec![right.clone(), "authorization: Bearer x".to_owned()]);
    wrong.push(vec!["authorization: Bearer x".to_owned(), right]);
    wrong.push(vec![format!("proxy-authorization: Bearer {TOKEN}")]);
    wrong.push(vec![format!("cookie: authorization=Bearer {TOKEN}")]);
    for headers in &wrong {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        for path in [TOOL, PLAID] {
            let reply = gate.send(post(path, &headers, &arguments())).await;
            check(&reply, path, (401, "UNAUTHORIZED"), &headers.join(", "));
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        }
    }
    let in_query = format!("{TOOL}?access_token={TOKEN}&token={TOKEN}");
    assert_eq!(gate.post(&in_query, &arguments()).await.status, 401);
    assert!(gate.upstream.calls().is_empty());
    let header = format!("authorization: Bearer {TOKEN}");
    assert_eq!(gate.call_with(&[&header]).await.status, 200);
}

#[tokio::test]
async fn every_route_but_the_probes_needs_the_token() {
    let gate = gate().await;
    for head in [
        "GET /tools",
        "HEAD /tools",
        "GET /tools/search?q=x",
        "GET /metrics",
        "GET /config",
        "PUT /credentials",
        "DELETE /credentials",
    ] {
        let mut caller = gate.connect().await;
        caller.write(request(head, "")).await;
        assert_eq!(caller.head().await.status, 401, "{head}");
        let with = format!("{head}\r\nauthorization: Bearer {TOKEN}");
        let mut caller = gate.connect().await;
        caller.write(request(&with, "")).await;
        assert_ne!(caller.head().await.status, 401, "{head}");
    }
    assert_eq!(gate.get("/healthz").await.json()["token_required"], true);
    assert_eq!(gate.get("/readyz").await.json()["status"], "ready");
}

async fn refusal(change: impl FnOnce(&mut Config)) -> GatewayError {
    let mut config = config("http://127.0.0.1:1");
    change(&mut config);
    let started = Gateway::start(config).await;
    started.expect_err("it must not start")
}

#[tokio::test]
async fn a_gateway_on_a_public_address_does_not_start_without_a_token() {
    for host in [
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.0.2.1",
        "::ffff:10.0.0.1",
        "fe80::1",
    ] {
        let error = refusal(|config| config.host = host.parse().unwrap()).await;
        assert_eq!(error.code(), "TOKEN_MISSING", "{host}");
        assert_eq!(error.field(), Some("token"));
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn a_short_or_unsendable_token_is_refused() {
    for token in [
        "",
        "short",
        "fifteen-letters",
        "                    ",
        "token of the gateway",
        "token-of-the-gateway\n",
        "\ttoken-of-the-gateway",
        "token-of-the-\u{0}gateway",
        "token-of-the-\u{7f}gateway",
        "token-of-the-gat\u{e9}way",
    ] {
        for host in ["127.0.0.1", "0.0.0.0"] {
            let error = refusal(|config| {
                config.host = host.parse().unwrap();
                config.token = Some(token.into());
            })
            .await;
            assert_eq!(error.code(), "INVALID_OPTION", "{token:?}");
            assert_eq!(error.field(), Some("token"), "{token:?}");
            let printed = format!("{error} {error:?}");
            assert!(
                token.trim().len() < 6 || !printed.contains(token.trim()),
                "{printed}"
            );
        }
    }
    let just_enough =
        TestGateway::start_with(|config| config.token = Some("sixteen-letters!".into()));
    let header = "authorization: Bearer sixteen-letters!";
    assert_eq!(just_enough.await.call_with(&[header]).await.status, 200);
}

#[tokio::test]
async fn an_invalid_setting_is_refused_by_name() {
    let error = refusal(|config| config.max_in_flight = 0).await;
    assert_eq!(
        (error.code(), error.field()),
        ("INVALID_OPTION", Some("maxInFlight"))
    );

    let error =
        refusal(|config| config.client.base_url = Some("https://production.plaid.com".into()));
    let error = error.await;
    assert_eq!(
        (error.code(), error.field()),
        ("NOT_SANDBOX", Some("baseUrl"))
    );

    let gate = TestGateway::start().await;
    let port = gate.gateway.url().rsplit(':').next().unwrap().to_owned();
    let error = refusal(|config| config.port = port.parse().unwrap()).await;
    assert_eq!((error.code(), error.field()), ("EADDRINUSE", None));
    assert!(error.to_string().contains(&port), "{error}");
    gate.check_serves().await;

    let error = refusal(|config| {
        config.host = "192.0.2.1".parse().unwrap();
        config.token = Some(TOKEN.into());
    })
    .await;
    assert_eq!(error.code(), "EADDRNOTAVAIL");
}
