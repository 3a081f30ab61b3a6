//! The description of the operation, the configuration and the metrics.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    caller::{post, request},
    test_gateway::{TestGateway, with_timeout},
    upstream::{Behaviour, Upstream, reply},
    values::{PLAID, TOKEN, TOOL, arguments},
};

#[tokio::test]
async fn the_list_of_tools_has_one_operation_with_its_schemas() {
    let gate = TestGateway::start().await;

    let reply = gate.get("/tools").await;

    assert_eq!(reply.header("content-type"), Some("application/json"));
    let tools = reply.json();
    let [tool] = &tools.as_array().unwrap()[..] else {
        panic!("{tools}");
    };
    assert_eq!(tool["provider"], "plaid");
    assert_eq!(tool["name"], "plaid.sandboxitemresetlogin");
    assert_eq!(tool["operation"], "sandboxitemresetlogin");
    assert!(
        tool["description"]
            .as_str()
            .unwrap()
            .contains("ITEM_LOGIN_REQUIRED")
    );
    let (input, output) = (&tool["inputSchema"], &tool["outputSchema"]);
    let names = |schema: &Value| -> Vec<String> {
        let properties = schema["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    };
    assert_eq!(names(input), ["access_token", "client_id", "secret"]);
    assert_eq!(input["required"], json!(["access_token"]));
    assert_eq!(input["additionalProperties"], false);
    assert_eq!(names(output), ["request_id", "reset_login"]);
    assert_eq!(output["required"], json!(["reset_login", "request_id"]));
    for schema in [input, output] {
        for property in schema["properties"].as_object().unwrap().values() {
            assert!(
                property["description"]
                    .as_str()
                    .is_some_and(|it| it.len() > 10)
            );
            assert!(property["type"].is_string());
        }
    }
}

#[tokio::test]
async fn a_search_matches_all_words_in_any_letter_case() {
    let gate = TestGateway::start().await;
    let all = gate.get("/tools").await.json();
    for query in [
        "",
        "?",
        "?q",
        "?q=",
        "?q=%20",
        "?p=nonsense",
        "?q=reset",
        "?q=RESET",
        "?q=plaid.sandbox",
        "?q=login+item",
        "?q=Webhook%20LOGIN",
        "?q=item_login_required",
        "?a=1&q=bank&b=2",
        "?q=%72eset",
        "?q=reset&q=nonsense",
        "?q=++login++++webhook+",
    ] {
        let found = gate.get(&format!("/tools/search{query}")).await;
        assert_eq!(found.json(), all, "{query}");
    }
    for query in [
        "?q=nonsense",
        "?q=reset+nonsense",
        "?q=resetlogins",
        "?q=%00",
        "?q=%ff",
        "?q=*",
    ] {
        let found = gate.get(&format!("/tools/search{query}")).await;
        assert_eq!((found.status, found.json()), (200, json!([])), "{query}");
    }
}

#[tokio::test]
async fn health_readiness_and_configuration_have_exactly_these_fields() {
    for token in [None, Some(TOKEN)] {
        let gate = TestGateway::start_with(|config| config.token = token.map(Into::into)).await;
        let needed = token.is_some();

        let health = gate.get("/healthz").await.json();
        let ready = gate.get("/readyz").await.json();
        let head = format!("GET /config\r\nauthorization: Bearer {TOKEN}");
        let config = gate.send(request(&head, "")).await.json();

        assert_eq!(health, json!({ "status": "ok", "token_required": needed }));
        assert_eq!(ready, json!({ "status": "ready" }));
        let upstream = gate.upstream.url.strip_prefix("http://");
        let expected = json!({
            "credentials": "start",
            "operation": "sandboxitemresetlogin",
            "provider": "plaid",
            "sandbox": null,
            "token_required": needed,
            "upstream": upstream,
            "version": env!("CARGO_PKG_VERSION"),
        });
        assert_eq!(config, expected);
    }
}

#[tokio::test]
async fn the_configuration_has_the_url_of_the_local_sandbox() {
    let url = "http://127.0.0.1:9";
    let gate = TestGateway::start_with(|config| config.sandbox_url = Some(url.to_owned())).await;
    let config = gate.get("/config").await.json();
    assert_eq!(config["sandbox"], json!({ "url": url }));
}

/// The samples of `text` by name and labels. Also checks the metadata lines.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("an end");
    let mut types = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let (kind, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next());
            assert!(name.starts_with("utdk_plaid_gateway_"), "{line}");
            assert!(rest.is_some_and(|rest| !rest.is_empty()), "{line}");
            match kind {
                "TYPE" => assert_eq!(types.insert(name, rest.unwrap()), None, "{line}"),
                "HELP" | "UNIT" => {}
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        let suffixes = ["", "_total", "_bucket", "_sum", "_count"];
        let is_declared = suffixes.iter().any(|suffix| {
            family
                .strip_suffix(suffix)
                .is_some_and(|name| types.contains_key(name))
        });
        assert!(is_declared, "{line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(samples.insert(name.to_owned(), value), None, "{line}");
    }
    let kinds: Vec<&str> = types.values().copied().collect();
    assert_eq!(kinds, ["gauge", "counter", "histogram"]);
    samples
}

#[tokio::test]
async fn requests_are_counted_by_route_outcome_and_status() {
    let gate = TestGateway::start_with(|config| config.token = Some(TOKEN.into())).await;
    let bearer = format!("authorization: Bearer {TOKEN}");
    for _ in 0..3 {
        gate.call_with(&[&bearer]).await;
    }
    let routes = [PLAID, "/tools/plaid/SANDBOXITEMRESETLOGIN"];
    for route in routes {
        gate.send(post(route, &[&bearer], &arguments())).await;
    }
    gate.send(post(TOOL, &[&bearer], "{}")).await;
    let production = r#"{"access_token":"access-production-1"}"#;
    gate.send(post(TOOL, &[&bearer], production)).await;
    gate.post(TOOL, &arguments()).await;
    for path in ["/nowhere", "/another", "/tools/plaid/other"] {
        gate.get(path).await;
    }
    gate.get("/healthz").await;

    let head = format!("GET /metrics\r\n{bearer}");
    let reply = gate.send(request(&head, "")).await;

    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(reply.header("content-type"), Some(kind));
    let samples = samples(&reply.body);
    let requests: BTreeMap<&str, f64> = samples
        .iter()
        .filter_map(|(name, value)| {
            let labels = name.strip_prefix("utdk_plaid_gateway_requests_total{")?;
            Some((labels.strip_suffix('}').unwrap(), *value))
        })
        .collect();
    let expected = BTreeMap::from([
        (r#"route="healthz",outcome="ok",status="200""#, 1.0),
        (r#"route="none",outcome="refused",status="404""#, 3.0),
        (r#"route="plaid",outcome="ok",status="200""#, 1.0),
        (r#"route="tool",outcome="ok",status="200""#, 4.0),
        (r#"route="tool",outcome="refused",status="400""#, 2.0),
        (r#"route="tool",outcome="refused",status="401""#, 1.0),
    ]);
    assert_eq!(requests, expected);

    // Only calls that reached Plaid count.
    let upstream = "utdk_plaid_gateway_upstream_duration_seconds";
    assert_eq!(samples[&format!("{upstream}_count")], 5.0);
    assert!(samples[&format!("{upstream}_sum")] > 0.0);
    assert_eq!(samples[&format!("{upstream}_bucket{{le=\"+Inf\"}}")], 5.0);
    let buckets = samples.iter().filter(|(name, _)| name.contains("_bucket"));
    assert_eq!(buckets.count(), 17);
    assert_eq!(samples["utdk_plaid_gateway_in_flight"], 0.0);
}

#[tokio::test]
async fn failed_calls_are_counted_by_outcome() {
    let limit = Duration::from_millis(100);
    let error =
        r#"{"error_code":"RATE_LIMIT","error_type":"RATE_LIMIT_EXCEEDED","error_message":"m"}"#;
    for (behaviour, outcome, status) in [
        (Behaviour::Reset, "connection", 502),
        (Behaviour::Hold, "timeout", 504),
        (Behaviour::Write(reply(200, "<html>")), "response", 502),
        (Behaviour::Write(reply(429, error)), "api_error", 429),
    ] {
        let gate = TestGateway::before(Upstream::start(behaviour).await, |config| {
            with_timeout(config, limit)
        });
        let gate = gate.await;
        assert_eq!(gate.post(PLAID, &arguments()).await.status, status);
        let samples = samples(&gate.get("/metrics").await.body);
        let labels = format!(r#"route="plaid",outcome="{outcome}",status="{status}""#);
        assert_eq!(
            samples[&format!("utdk_plaid_gateway_requests_total{{{labels}}}")],
            1.0
        );
        assert_eq!(
            samples["utdk_plaid_gateway_upstream_duration_seconds_count"],
            1.0
        );
    }
}

#[tokio::test]
async fn the_upstream_duration_excludes_the_wait_for_a_permit() {
    let upstream = Upstream::start(Behaviour::Hold).await;
    let mut gate = TestGateway::before(upstream, |config| config.max_in_flight = 1).await;
    let start = Instant::now();
    let (first, second) = (gate.connect().await, gate.connect().await);
    let mut callers = [first, second];
    for caller in &mut callers {
        caller.write(post(TOOL, &[], &arguments())).await;
    }
    let mut held = gate.upstream.held().await;
    sleep(Duration::from_millis(300)).await;
    held.succeed().await;
    gate.upstream.held().await.succeed().await;
    for caller in &mut callers {
        assert_eq!(caller.reply().await.status, 200);
    }
    // The calls ran one after the other, so their sum is at most the time of both.
    let took = start.elapsed().as_secs_f64();
    let samples = samples(&gate.get("/metrics").await.body);
    let sum = samples["utdk_plaid_gateway_upstream_duration_seconds_sum"];
    assert!((0.3..took).contains(&sum), "{sum} of {took}");
}
