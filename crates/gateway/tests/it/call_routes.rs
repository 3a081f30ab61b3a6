//! The two routes of the operation, and the request that each makes to Plaid.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_gateway::{Gateway, Pair};
use utdk_plaid_sandbox::{ItemState, NewItem, Sandbox};

use crate::{
    caller::{Caller, post},
    test_gateway::{TestGateway, config},
    upstream::{Behaviour, reply_with},
    values::{ACCESS_TOKEN, CLIENT_ID, OWN_ID, OWN_SECRET, PLAID, SECRET, TOOL, arguments},
};

#[tokio::test]
async fn both_routes_reset_the_login_with_the_gateways_credentials() {
    let sandbox = Sandbox::start(Default::default()).await.unwrap();
    let gateway = Gateway::start(utdk_plaid_gateway::Config {
        credentials: Some(Pair {
            client_id: sandbox.client_id().into(),
            secret: sandbox.secret().clone(),
        }),
        ..config(sandbox.url())
    });
    let gateway = gateway.await.unwrap();
    for route in [PLAID, TOOL] {
        let item = sandbox.create_item(NewItem::default()).unwrap();
        let token = item.access_token.expose_secret();
        let mut caller = Caller::connect(gateway.url()).await;
        let body = json!({ "access_token": token }).to_string();

        caller.write(post(route, &[], &body)).await;
        let reply = caller.reply().await;

        assert_eq!(reply.status, 200, "{reply:?}");
        let json = reply.json();
        let body = match route {
            PLAID => &json,
            _ => &json["data"],
        };
        let requests = sandbox.requests();
        let request_id = requests.last().unwrap().request_id.clone().unwrap();
        assert_eq!(
            *body,
            json!({ "request_id": request_id, "reset_login": true })
        );
        let items = sandbox.items();
        let state = items.iter().find(|it| it.item_id == item.item_id).unwrap();
        assert_eq!(state.state, ItemState::LoginRequired);
    }
}

#[tokio::test]
async fn the_tool_route_replies_in_an_envelope_and_plaids_route_with_plaids_reply() {
    let body = json!({ "request_id": "m8", "reset_login": true, "more": { "a": [1, 2.5, null] } });
    let gate = TestGateway::facing(Behaviour::Write(reply_with(
        200,
        &[
            "content-type: application/json",
            "set-cookie: a=b",
            "x-request-id: plaids-own",
            "server: plaid",
        ],
        &body.to_string(),
    )))
    .await;

    let tool = gate.post(TOOL, &arguments()).await;
    let plaid = gate.post(PLAID, &arguments()).await;

    assert_eq!(plaid.json(), body);
    let Value::Object(mut envelope) = tool.json() else {
        panic!("{tool:?}");
    };
    assert_eq!(envelope.remove("data"), Some(body));
    let Some(Value::Object(mut meta)) = envelope.remove("meta") else {
        panic!("{tool:?}");
    };
    assert!(envelope.is_empty(), "{envelope:?}");
    let request_id = meta.remove("requestId").unwrap();
    assert_eq!(request_id, tool.header("x-request-id").unwrap());
    let duration = meta.remove("durationMs").unwrap();
    assert!(duration.as_f64().is_some_and(|ms| ms > 0.0 && ms < 20e3));
    assert!(meta.is_empty(), "{meta:?}");
    for reply in [tool, plaid] {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("set-cookie"), None);
        assert_eq!(reply.header("server"), None);
    }
}

#[tokio::test]
async fn the_name_of_the_operation_has_any_letter_case() {
    let gate = TestGateway::start().await;
    for name in [
        "sandboxitemresetlogin",
        "sandboxItemResetLogin",
        "SANDBOXITEMRESETLOGIN",
    ] {
        let reply = gate
            .post(&format!("/tools/plaid/{name}"), &arguments())
            .await;
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
    }
}

/// Posts `body` with `headers` to `route`. Returns the `client_id` and `secret` that Plaid got.
async fn sent(gate: &TestGateway, route: &str, headers: &[&str], body: Value) -> (Value, Value) {
    let reply = gate.send(post(route, headers, &body.to_string())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let calls = gate.upstream.calls();
    let call = calls.last().unwrap();
    call.check();
    let fields = call.json();
    assert_eq!(fields["access_token"], ACCESS_TOKEN);
    (fields["client_id"].clone(), fields["secret"].clone())
}

#[tokio::test]
async fn each_credential_of_the_caller_replaces_the_gateways() {
    let gate = TestGateway::start().await;
    let id = format!("plaid-client-id: {OWN_ID}");
    let secret = format!("PLAID-SECRET: {OWN_SECRET}");
    let with = |more: Value| {
        let mut fields = json!({ "access_token": ACCESS_TOKEN });
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        fields
    };
    let both = json!({ "client_id": OWN_ID, "secret": OWN_SECRET });
    let (only_id, only_secret) = (
        json!({ "client_id": OWN_ID }),
        json!({ "secret": OWN_SECRET }),
    );
    let plain = with(json!({}));

    for (route, headers, body, expected) in [
        (TOOL, &[][..], plain.clone(), (CLIENT_ID, SECRET)),
        (TOOL, &[], with(both.clone()), (OWN_ID, OWN_SECRET)),
        (TOOL, &[], with(only_id.clone()), (OWN_ID, SECRET)),
        (
            TOOL,
            &[],
            with(only_secret.clone()),
            (CLIENT_ID, OWN_SECRET),
        ),
        (TOOL, &[], json!({ "args": plain }), (CLIENT_ID, SECRET)),
        (
            TOOL,
            &[],
            json!({ "args": with(only_id.clone()) }),
            (OWN_ID, SECRET),
        ),
        (
            TOOL,
            &[],
            json!({ "args": plain, "credential": both }),
            (OWN_ID, OWN_SECRET),
        ),
        (
            TOOL,
            &[],
            json!({ "args": plain, "credential": only_id }),
            (OWN_ID, SECRET),
        ),
        (
            TOOL,
            &[],
            json!({ "args": plain, "credential": only_secret }),
            (CLIENT_ID, OWN_SECRET),
        ),
        (
            TOOL,
            &[],
            json!({ "args": plain, "credential": {} }),
            (CLIENT_ID, SECRET),
        ),
        (TOOL, &[&*id, &secret], plain.clone(), (OWN_ID, OWN_SECRET)),
        (
            TOOL,
            &[&*secret],
            json!({ "args": plain }),
            (CLIENT_ID, OWN_SECRET),
        ),
        (PLAID, &[], plain.clone(), (CLIENT_ID, SECRET)),
        (PLAID, &[], with(both.clone()), (OWN_ID, OWN_SECRET)),
        (PLAID, &[&*id], plain.clone(), (OWN_ID, SECRET)),
        (PLAID, &[&*id, &secret], plain.clone(), (OWN_ID, OWN_SECRET)),
        // Plaid's own client sends the headers even without credentials.
        (
            PLAID,
            &["plaid-client-id:", "plaid-secret: "],
            plain.clone(),
            (CLIENT_ID, SECRET),
        ),
    ] {
        let shown = format!("{route} {headers:?} {body}");
        let (client_id, secret) = sent(&gate, route, headers, body).await;
        assert_eq!(
            (client_id, secret),
            (expected.0.into(), expected.1.into()),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn arguments_win_over_the_credential_object_and_that_over_headers() {
    let gate = TestGateway::start().await;
    let headers = ["plaid-client-id: by-header", "plaid-secret: by-header"];
    let args = json!({ "access_token": ACCESS_TOKEN, "client_id": OWN_ID });
    let credential = json!({ "client_id": "in-object", "secret": "in-object" });

    let body = json!({ "args": args, "credential": credential });
    let (client_id, secret) = sent(&gate, TOOL, &headers, body).await;
    assert_eq!((client_id, secret), (OWN_ID.into(), "in-object".into()));

    let (client_id, secret) = sent(&gate, TOOL, &headers, json!({ "args": args })).await;
    assert_eq!((client_id, secret), (OWN_ID.into(), "by-header".into()));
}
