//! The two doors to the one operation, and what goes to Plaid from either.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use utdk_plaid_gateway::{Gateway, Pair};
use utdk_plaid_sandbox::{ItemState, NewItem, Sandbox};

use crate::{
    caller::{Caller, post},
    gate::{Gate, config},
    upstream::{Manner, reply_with},
    values::{ACCESS_TOKEN, CLIENT_ID, OWN_ID, OWN_SECRET, PLAID, SECRET, TOOL, arguments},
};

#[tokio::test]
async fn either_door_resets_the_login_with_the_gateways_own_credentials() {
    let sandbox = Sandbox::start(Default::default()).await.unwrap();
    let gateway = Gateway::start(utdk_plaid_gateway::Config {
        credentials: Some(Pair {
            client_id: sandbox.client_id().into(),
            secret: sandbox.secret().clone(),
        }),
        ..config(sandbox.url())
    });
    let gateway = gateway.await.unwrap();
    for door in [PLAID, TOOL] {
        let item = sandbox.create_item(NewItem::default()).unwrap();
        let token = item.access_token.expose_secret();
        let mut caller = Caller::connect(gateway.url()).await;
        let body = json!({ "access_token": token }).to_string();

        caller.write(post(door, &[], &body)).await;
        let reply = caller.reply().await;

        assert_eq!(reply.status, 200, "{reply:?}");
        let json = reply.json();
        let told = match door {
            PLAID => &json,
            _ => &json["data"],
        };
        let requests = sandbox.requests();
        let request_id = requests.last().unwrap().request_id.clone().unwrap();
        assert_eq!(
            *told,
            json!({ "request_id": request_id, "reset_login": true })
        );
        let items = sandbox.items();
        let state = items.iter().find(|it| it.item_id == item.item_id).unwrap();
        assert_eq!(state.state, ItemState::LoginRequired);
    }
}

#[tokio::test]
async fn the_tool_door_answers_in_an_envelope_and_plaids_with_nothing_but_plaids_reply() {
    let told = json!({ "request_id": "m8", "reset_login": true, "more": { "a": [1, 2.5, null] } });
    let gate = Gate::facing(Manner::Write(reply_with(
        200,
        &[
            "content-type: application/json",
            "set-cookie: a=b",
            "x-request-id: plaids-own",
            "server: somebody",
        ],
        &told.to_string(),
    )))
    .await;

    let tool = gate.post(TOOL, &arguments()).await;
    let plaid = gate.post(PLAID, &arguments()).await;

    assert_eq!(plaid.json(), told);
    let Value::Object(mut envelope) = tool.json() else {
        panic!("{tool:?}");
    };
    assert_eq!(envelope.remove("data"), Some(told));
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
async fn the_operations_name_may_be_written_in_any_case() {
    let gate = Gate::start().await;
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

/// Posts `body` with `headers` at `door`; what went to Plaid as `client_id` and `secret`.
async fn sent(gate: &Gate, door: &str, headers: &[&str], body: Value) -> (Value, Value) {
    let reply = gate.send(post(door, headers, &body.to_string())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let calls = gate.upstream.calls();
    let call = calls.last().unwrap();
    call.check();
    let fields = call.json();
    assert_eq!(fields["access_token"], ACCESS_TOKEN);
    (fields["client_id"].clone(), fields["secret"].clone())
}

#[tokio::test]
async fn a_callers_own_credential_wins_each_by_itself_wherever_it_is() {
    let gate = Gate::start().await;
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

    for (door, headers, body, expected) in [
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
        // An official client without credentials sends its headers all the same.
        (
            PLAID,
            &["plaid-client-id:", "plaid-secret: "],
            plain.clone(),
            (CLIENT_ID, SECRET),
        ),
    ] {
        let shown = format!("{door} {headers:?} {body}");
        let (client_id, secret) = sent(&gate, door, headers, body).await;
        assert_eq!(
            (client_id, secret),
            (expected.0.into(), expected.1.into()),
            "{shown}"
        );
    }
}

/// What is nearer to the operation wins: its arguments, then the credential beside them, then
/// headers.
#[tokio::test]
async fn of_two_own_credentials_the_arguments_win_and_headers_come_last() {
    let gate = Gate::start().await;
    let headers = ["plaid-client-id: by-header", "plaid-secret: by-header"];
    let args = json!({ "access_token": ACCESS_TOKEN, "client_id": OWN_ID });
    let credential = json!({ "client_id": "beside", "secret": "beside" });

    let body = json!({ "args": args, "credential": credential });
    let (client_id, secret) = sent(&gate, TOOL, &headers, body).await;
    assert_eq!((client_id, secret), (OWN_ID.into(), "beside".into()));

    let (client_id, secret) = sent(&gate, TOOL, &headers, json!({ "args": args })).await;
    assert_eq!((client_id, secret), (OWN_ID.into(), "by-header".into()));
}
