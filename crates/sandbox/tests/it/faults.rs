//! Faults: which requests they hit, how often, and which are invalid.

use serde_json::json;
use tokio::time::timeout;
use utdk_plaid_sandbox::{Config, Effect, Fault};

use crate::{
    plaid::{Plaid, Reply},
    wire,
};

const GET: &str = "/item/get";

/// A fault for every request.
pub(crate) fn always(effect: Effect) -> Fault {
    Fault {
        path: None,
        times: None,
        probability: None,
        effect,
    }
}

/// A fault for the next request.
pub(crate) fn once(effect: Effect) -> Fault {
    Fault {
        times: Some(1),
        ..always(effect)
    }
}

pub(crate) fn error(code: &str) -> Effect {
    Effect::Error {
        status: None,
        error_code: Some(code.to_owned()),
        retry_after: None,
    }
}

pub(crate) fn status(status: u16) -> Effect {
    Effect::Error {
        status: Some(status),
        error_code: None,
        retry_after: None,
    }
}

/// The reply, which must not be delayed by an hour.
async fn soon(reply: impl Future<Output = Reply>) -> Reply {
    let reply = timeout(wire::LONG, reply).await;
    reply.expect("a reply without a delay")
}

#[tokio::test]
async fn a_fault_for_one_route_does_not_hit_other_routes() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let delay = Effect::Delay { ms: 60 * 60 * 1000 };
    for (path, effect) in [("/item/remove", delay), (GET, status(500))] {
        let path = Some(path.to_owned());
        let fault = Fault {
            path,
            ..always(effect)
        };
        plaid.sandbox.inject(fault).unwrap();
    }
    assert_eq!(soon(plaid.with_token(GET, &item)).await.status, 500);
    assert_eq!(
        soon(plaid.with_token("/accounts/get", &item)).await.status,
        200
    );
    assert_eq!(soon(plaid.reset_login(&item)).await.status, 200);
}

#[tokio::test]
async fn a_fault_is_listed_until_it_is_used_up() {
    let plaid = Plaid::start().await;
    let item = plaid.item(None);
    let fault = |times| Fault {
        path: Some(GET.to_owned()),
        times: Some(times),
        ..always(status(503))
    };
    plaid.sandbox.inject(fault(3)).unwrap();
    for left in [3, 2, 1] {
        assert_eq!(plaid.sandbox.faults(), [fault(left)]);
        // Requests to other routes do not count.
        assert_eq!(plaid.with_token("/accounts/get", &item).await.status, 200);
        assert_eq!(plaid.with_token(GET, &item).await.status, 503);
    }
    assert!(plaid.sandbox.faults().is_empty());
    assert_eq!(plaid.with_token(GET, &item).await.status, 200);
}

#[tokio::test]
async fn the_first_of_several_faults_hits_a_request() {
    let plaid = Plaid::start().await;
    let twice = Fault {
        times: Some(2),
        ..always(error("ITEM_LOCKED"))
    };
    for fault in [
        twice,
        once(status(429)),
        once(Effect::Html { status: None }),
    ] {
        plaid.sandbox.inject(fault).unwrap();
    }
    for status in [400, 400, 429, 502, 400] {
        assert_eq!(plaid.post(GET, json!({})).await.status, status);
    }
    assert!(plaid.sandbox.faults().is_empty());
}

/// Which of 2 000 requests fail at a probability of 0.3 with this seed.
async fn failures(seed: u64) -> Vec<bool> {
    let config = Config {
        seed: Some(seed),
        ..Config::default()
    };
    let plaid = Plaid::start_with(config).await;
    let fault = Fault {
        probability: Some(0.3),
        ..always(status(500))
    };
    plaid.sandbox.inject(fault).unwrap();
    let address = wire::address(&plaid.sandbox);
    let request = format!("GET {GET} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let last = format!("GET {GET} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let (replies, end) = wire::exchange(address, (request.repeat(1_999) + &last).as_bytes()).await;
    end.unwrap();
    let replies = String::from_utf8(replies).unwrap();
    let statuses = replies.split("HTTP/1.1 ").skip(1);
    statuses.map(|reply| reply.starts_with("500")).collect()
}

#[tokio::test]
async fn a_probability_holds_and_repeats_with_a_seed() {
    let first = failures(7).await;
    assert_eq!(first.len(), 2_000);
    let failed = first.iter().filter(|failed| **failed).count();
    assert!((500..700).contains(&failed), "{failed} of 2000");
    assert_eq!(failures(7).await, first);
    assert_ne!(failures(8).await, first);
}

#[tokio::test]
async fn a_certain_fault_hits_every_request() {
    let plaid = Plaid::start().await;
    let fault = Fault {
        probability: Some(1.0),
        times: Some(20),
        ..always(status(500))
    };
    plaid.sandbox.inject(fault).unwrap();
    for _ in 0..20 {
        assert_eq!(plaid.post(GET, json!({})).await.status, 500);
    }
    assert!(plaid.sandbox.faults().is_empty());
}

#[tokio::test]
async fn faults_never_hit_the_sandboxs_own_routes_or_unknown_routes() {
    let plaid = Plaid::start().await;
    for effect in [status(500), Effect::Delay { ms: 3_600_000 }] {
        plaid.sandbox.inject(always(effect)).unwrap();
    }
    for (path, status) in [("/_sandbox/health", 200), ("/hl/nothing", 404)] {
        let reply = wire::send(&plaid.sandbox, "GET", path, &[], "").await;
        assert_eq!(reply.status, status);
    }
    for path in ["/", "/item/get/", "/nowhere", "/_sandbox", "/hl"] {
        let reply = soon(plaid.post(path, json!({}))).await;
        assert_eq!(
            (reply.status, reply.error_code()),
            (404, "NOT_FOUND".into())
        );
    }
    assert_eq!(plaid.sandbox.faults().len(), 2);
}

#[tokio::test]
async fn an_invalid_fault_is_refused_with_the_name_of_its_field() {
    let plaid = Plaid::start().await;
    let path = |path: &str| Fault {
        path: Some(path.to_owned()),
        ..always(Effect::Hang)
    };
    let chance = |chance| Fault {
        probability: Some(chance),
        ..always(Effect::Hang)
    };
    let never = Fault {
        times: Some(0),
        ..always(Effect::Hang)
    };
    let html = |status| Effect::Html {
        status: Some(status),
    };
    for (fault, field) in [
        (path("/nowhere"), "path"),
        (path("/_sandbox/health"), "path"),
        (path("item/get"), "path"),
        (path(""), "path"),
        (never, "times"),
        (chance(0.0), "probability"),
        (chance(-0.5), "probability"),
        (chance(1.000_1), "probability"),
        (chance(f64::NAN), "probability"),
        (chance(f64::INFINITY), "probability"),
        (always(Effect::Delay { ms: 3_600_001 }), "ms"),
        (always(Effect::Delay { ms: u64::MAX }), "ms"),
        (always(error("")), "error_code"),
        (always(error("item_locked")), "error_code"),
        (always(status(400)), "error_code"),
        (always(status(0)), "status"),
        (always(status(200)), "status"),
        (always(status(399)), "status"),
        (always(status(600)), "status"),
        (always(html(302)), "status"),
        (always(html(600)), "status"),
    ] {
        let error = plaid.sandbox.inject(fault).unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("INVALID_OPTION", Some(field))
        );
        assert!(
            error.to_string().starts_with(&format!("{field} ")),
            "{error}"
        );
    }
    assert!(plaid.sandbox.faults().is_empty());
    let item = plaid.item(None);
    assert_eq!(plaid.with_token(GET, &item).await.status, 200);
}
