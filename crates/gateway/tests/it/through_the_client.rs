//! This project's client through a gateway gets the same results as without one.

use std::time::Duration;

use serde_json::{Value, json};
use utdk_plaid_client::{Client, Config, ConnectionError, Error, Gateway, Reply, ResetLogin};

use crate::{
    caller::within,
    test_gateway::{TestGateway, client_config, limit},
    upstream::{Behaviour, ClosedPort, Upstream, reply, reply_with},
    values::{ACCESS_TOKEN, CLIENT_ID, SECRET, TOKEN},
};

async fn call(client: Config) -> Result<Reply, Error> {
    let client = Client::new(client).expect("the settings are good");
    let call = ResetLogin::new(ACCESS_TOKEN.into());
    within(client.reset_login(call)).await.result
}

/// Calls through `gate`, with its token.
async fn call_through(gate: &TestGateway) -> Result<Reply, Error> {
    call(Config {
        gateway: Some(Gateway {
            url: gate.gateway.url().to_owned(),
            token: Some(TOKEN.into()),
        }),
        max_retries: 0,
        ..Config::default()
    })
    .await
}

/// The results of a direct call, and of a call through a gateway with the same client settings.
async fn both(client: impl Fn() -> Config) -> [Result<Reply, Error>; 2] {
    let direct = call(Config {
        client_id: Some(CLIENT_ID.into()),
        secret: Some(SECRET.into()),
        ..client()
    });
    let gate = TestGateway::start_with(|config| {
        config.client = client();
        config.token = Some(TOKEN.into());
    });
    [direct.await, call_through(&gate.await).await]
}

async fn both_facing(behaviour: Behaviour) -> [Result<Reply, Error>; 2] {
    let upstream = Upstream::start(behaviour).await;
    let ended = both(|| Config {
        timeout: Duration::from_millis(500),
        ..client_config(&upstream.url)
    })
    .await;
    assert_eq!(upstream.calls().len(), 2);
    ended
}

#[tokio::test]
async fn a_reply_is_the_same_as_without_a_gateway() {
    let body =
        json!({ "reset_login": true, "request_id": "m8", "data": 1, "meta": { "a": [null] } });
    for body in [
        body,
        json!({ "reset_login": false, "request_id": "m8" }),
        json!({ "reset_login": true }),
    ] {
        let behaviour = Behaviour::Write(reply(200, &body.to_string()));
        for ended in both_facing(behaviour).await {
            match ended {
                Ok(reply) => assert_eq!(serde_json::to_value(reply).unwrap(), body),
                Err(error) => assert!(body.get("request_id").is_none(), "{error}"),
            }
        }
    }
}

#[tokio::test]
async fn an_api_error_is_the_same_in_every_field() {
    let usual = |error_type: &str, code: &str| {
        json!({
            "display_message": null,
            "documentation_url": "https://plaid.com/docs/?ref=error",
            "error_code": code,
            "error_message": "a sentence of Plaid's",
            "error_type": error_type,
            "request_id": "5gxpwNn8Vdtmxz6",
            "suggested_action": null,
        })
    };
    let mut full = usual("ITEM_ERROR", "ITEM_LOGIN_REQUIRED");
    full["causes"] = json!([{ "item_id": "i", "error_code": "x" }, "y"]);
    full["display_message"] = "Log in again.".into();
    full["error_code_reason"] = "OAUTH_INVALID_TOKEN".into();
    full["suggested_action"] = "Use Link.".into();
    for (status, error) in [
        (400, usual("INVALID_INPUT", "INVALID_ACCESS_TOKEN")),
        (400, usual("INVALID_INPUT", "INVALID_API_KEYS")),
        (400, usual("INVALID_REQUEST", "MISSING_FIELDS")),
        (400, usual("INVALID_INPUT", "UNAUTHORIZED_ROUTE_ACCESS")),
        (400, full),
        (404, usual("INVALID_REQUEST", "NOT_FOUND")),
        (429, usual("RATE_LIMIT_EXCEEDED", "RATE_LIMIT")),
        (500, usual("API_ERROR", "INTERNAL_SERVER_ERROR")),
        (503, usual("API_ERROR", "PLANNED_MAINTENANCE")),
        (400, json!({ "error_code": "BARE" })),
        (
            400,
            json!({ "error_code": "EMPTY", "error_message": "", "error_type": "" }),
        ),
        (
            400,
            json!({ "error_code": "KIND", "kind": "timeout", "timeout_ms": 1 }),
        ),
    ] {
        let [direct, by_gateway] =
            both_facing(Behaviour::Write(reply(status, &error.to_string()))).await;
        let (Err(Error::Api(direct)), Err(Error::Api(by_gateway))) = (direct, by_gateway) else {
            panic!("no error of Plaid's: {error}");
        };
        assert_eq!(format!("{by_gateway:?}"), format!("{direct:?}"));
        assert_eq!(by_gateway.status, status);
    }
}

#[tokio::test]
async fn a_connection_error_is_the_same() {
    let check = |ended: [Result<Reply, Error>; 2], code: &str| {
        let [direct, by_gateway] = ended.map(|ended| match ended {
            Err(Error::Connection(ConnectionError { code, problem, .. })) => (code, problem),
            other => panic!("no connection error: {other:?}"),
        });
        assert_eq!(by_gateway, direct);
        assert_eq!(direct.0, code);
    };
    let closed_port = ClosedPort::new();
    check(
        both(|| client_config(&closed_port.url)).await,
        "ECONNREFUSED",
    );
    check(both_facing(Behaviour::Reset).await, "ECONNRESET");
    let no_http = "SSH-2.0-OpenSSH_9.2\r\n".to_owned();
    check(
        both_facing(Behaviour::WriteAndClose(no_http)).await,
        "EPROTO",
    );
    let name = "https://no-such-host.invalid";
    check(both(|| client_config(name)).await, "ENOTFOUND");
}

#[tokio::test]
async fn a_timeout_is_the_same() {
    for ended in both_facing(Behaviour::Hold).await {
        let Err(Error::Timeout { timeout_ms, last }) = ended else {
            panic!("no timeout: {ended:?}");
        };
        assert_eq!(timeout_ms, 500);
        assert!(last.is_none());
    }
}

#[tokio::test]
async fn a_response_error_is_the_same() {
    let page = ["content-type: text/html"];
    for (bytes, status) in [
        (reply_with(502, &page, "<html>"), 502),
        (reply_with(200, &page, "<html>"), 200),
        (reply(200, "{\"reset_login\":tr"), 200),
        (reply(200, "{\"reset_login\":\"yes\"}"), 200),
        (reply(200, ""), 200),
        (reply(500, "{}"), 500),
        (
            reply_with(302, &["location: https://example.com/"], ""),
            302,
        ),
        (reply(202, "{}"), 202),
        (
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{", 2 << 20),
            200,
        ),
    ] {
        let ended = both_facing(Behaviour::Write(bytes)).await;
        let [direct, by_gateway] = ended.map(|ended| match ended {
            Err(Error::Response { status, problem }) => (status, problem),
            other => panic!("no response error: {other:?}"),
        });
        assert_eq!(by_gateway, direct);
        assert_eq!(direct.0, status);
    }
}

#[tokio::test]
async fn a_refusal_of_the_gateway_is_an_api_error_with_its_code() {
    let body = async |gate: &TestGateway, status: u16, code: &str| {
        let ended = call_through(gate).await;
        let Err(Error::Api(error)) = ended else {
            panic!("no api error: {ended:?}");
        };
        assert_eq!((error.status, &*error.error_code), (status, code));
        assert_eq!(error.error_type, "GATEWAY_ERROR");
        assert!(error.request_id.is_some_and(|id| id.len() == 16));
    };
    let other =
        TestGateway::start_with(|config| config.token = Some("another-token-than-that".into()));
    body(&other.await, 401, "UNAUTHORIZED").await;
    let none = TestGateway::start_with(|config| config.credentials = None);
    body(&none.await, 400, "MISSING_CREDENTIALS").await;
    let limited = TestGateway::start_with(|config| config.rate_limit = limit(1, 1)).await;
    assert!(call_through(&limited).await.is_ok());
    body(&limited, 429, "RATE_LIMITED").await;
}

#[tokio::test]
async fn the_client_sends_a_gateway_no_credentials() {
    let gate = TestGateway::start().await;
    let ended = call(Config {
        client_id: Some("not-to-be-sent".into()),
        secret: Some("not-to-be-sent".into()),
        gateway: Some(Gateway {
            url: gate.gateway.url().to_owned(),
            token: None,
        }),
        ..Config::default()
    });
    assert!(ended.await.is_ok());
    let call = gate.upstream.call();
    call.check();
    let sent: Value = call.json();
    assert_eq!(sent["client_id"], CLIENT_ID);
    assert_eq!(sent["secret"], SECRET);
}

/// Retries of the client and of the gateway would multiply.
#[tokio::test]
async fn a_failing_call_with_the_defaults_is_sent_to_plaid_three_times() {
    let error = r#"{"error_code":"INTERNAL_SERVER_ERROR","error_type":"API_ERROR"}"#;
    let bytes = reply_with(503, &["retry-after: 0"], error);
    let upstream = Upstream::start(Behaviour::Write(bytes)).await;
    let url = upstream.url.clone();
    let gate = TestGateway::before(upstream, |config| {
        config.client = Config {
            base_url: Some(url),
            ..utdk_plaid_gateway::Config::default().client
        };
    })
    .await;
    let ended = call(Config {
        gateway: Some(Gateway {
            url: gate.gateway.url().to_owned(),
            token: None,
        }),
        ..Config::default()
    });
    assert_eq!(ended.await.unwrap_err().code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(gate.upstream.calls().len(), 3);
}
