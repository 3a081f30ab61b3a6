//! The drop-in for Link over HTTP: its files, and what the page of its frame asks.

use hyper::{Method, StatusCode, http::request::Parts};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    http::{
        access,
        response::{Content, ControlResponse},
    },
    model::{link_flow::Action, shared::Shared},
};

/// The longest body: the configuration of a custom user has at most 55 KB.
const BODY_LIMIT: usize = 128 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// An application may pass anything.
    #[serde(default)]
    token: Value,
    /// The id of a hosted page, instead of a token.
    hosted: Option<String>,
    #[serde(default)]
    is_embedded: bool,
}

#[derive(Deserialize)]
struct Next {
    visit: String,
    #[serde(flatten)]
    action: Action,
}

/// The script that replaces Plaid's. It is served as it is written.
const SCRIPT: &str = include_str!("../../../../link/link-initialize.js");

/// With `?events=live`, events reach `onEvent` when they happen.
fn script(query: &str) -> String {
    let is_live = query.split('&').any(|option| option == "events=live");
    match is_live {
        true => SCRIPT.replacen("const LIVE = false", "const LIVE = true", 1),
        false => SCRIPT.to_owned(),
    }
}

/// Answers a request to `/link/<rest>`; none for a path that is not of the drop-in.
pub(super) fn respond(
    shared: &Shared,
    head: &Parts,
    rest: &str,
    body: Option<&[u8]>,
) -> Option<ControlResponse> {
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    let content = match rest {
        "v2/stable/link-initialize.js" if is_read => {
            Content::Script(script(head.uri.query().unwrap_or_default()))
        }
        "v2/stable/link.html" if is_read => Content::LinkPage,
        "_api/open" | "_api/next" if head.method == Method::POST => {
            return Some(answer(shared, head, rest, body));
        }
        _ => return None,
    };
    Some(ControlResponse::new(StatusCode::OK, content))
}

fn answer(shared: &Shared, head: &Parts, rest: &str, body: Option<&[u8]>) -> ControlResponse {
    let refuse = |status, code, message| ControlResponse::error(status, code, message, None);
    if !access::is_from_link(&head.headers) {
        let message = "this route accepts only requests from Link's own page";
        return refuse(StatusCode::FORBIDDEN, "FORBIDDEN", message);
    }
    let invalid = |message| refuse(StatusCode::BAD_REQUEST, "INVALID_BODY", message);
    let Some(body) = body.filter(|body| body.len() <= BODY_LIMIT) else {
        return invalid("the body is longer than 128 KiB, or ended early");
    };
    if !utdk_plaid_local::is_json(&head.headers) {
        return invalid("the content type of the body must be application/json");
    }
    let reply = match rest {
        "_api/open" => serde_json::from_slice(body).map(|open: Open| {
            let mut state = shared.state();
            match (open.hosted, open.token.as_str()) {
                (Some(id), _) => state.open_hosted_visit(new_key(), &id),
                (None, token) => {
                    state.open_visit(new_key(), token.unwrap_or_default(), open.is_embedded)
                }
            }
        }),
        _ => serde_json::from_slice(body)
            .map(|Next { visit, action }| shared.state().act_in_visit(&visit, action)),
    };
    match reply {
        Ok(reply) => ControlResponse::json(reply),
        Err(_) => invalid("the body is not what this route expects"),
    }
}

/// Names a visit. It can neither be guessed nor repeated by a seed.
fn new_key() -> String {
    let mut bytes = [0; 16];
    // It fails only where the system has no randomness, and then no visit can be told from another.
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
