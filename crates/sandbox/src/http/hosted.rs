//! Hosted Link pages over HTTP, under `/hl/`.

use hyper::{Method, StatusCode, http::request::Parts};
use url::Url;

use crate::{
    http::{
        access,
        hosted_page::{self, Page, Stage},
        response::{Content, ControlResponse},
    },
    model::{
        item::Item,
        link::{LinkState, LinkToken, Purpose},
        shared::Shared,
        state::State,
    },
};

/// Answers a request to `/hl/<rest>`: `<id>` shows the page; a POST to `<id>/complete` or `<id>/exit`
/// does what the two buttons of the page say.
pub(super) fn respond(shared: &Shared, head: &Parts, rest: &str) -> ControlResponse {
    let (id, action) = match rest.split_once('/') {
        Some((id, action)) => (id, Some(action)),
        None => (rest, None),
    };
    let mut state = shared.state();
    let state = &mut *state;
    let Some((token, link)) = state.token_of_hosted_page(id) else {
        return page(StatusCode::NOT_FOUND, hosted_page::unknown());
    };
    let is_open = matches!(link.state(state.now()), LinkState::Open);
    let token = token.to_owned();
    match (&head.method, action) {
        (&Method::GET | &Method::HEAD, None) => {
            // Viewing a finished page opens no session.
            if is_open {
                state.open_link(&token);
            }
            show(state, id, false)
        }
        (&Method::GET | &Method::HEAD, Some("exited")) => show(state, id, true),
        // Does nothing; the page shows that.
        (&Method::POST, Some("complete" | "exit"))
            if access::is_from_another_site(&head.headers) =>
        {
            ControlResponse {
                status: StatusCode::FORBIDDEN,
                ..show(state, id, false)
            }
        }
        (&Method::POST, Some("complete")) => {
            if state.complete_link(&token).is_err() {
                return show(state, id, false);
            }
            let next = state
                .token_of_hosted_page(id)
                .and_then(|(_, link)| continue_to(link))
                .map(as_header);
            see_other(next.unwrap_or_else(|| format!("/hl/{id}")))
        }
        (&Method::POST, Some("exit")) => match state.exit_link(&token) {
            Ok(()) => see_other(format!("/hl/{id}/exited")),
            Err(_) => show(state, id, false),
        },
        _ => page(StatusCode::NOT_FOUND, hosted_page::unknown()),
    }
}

/// The page. `exited`: the user has just left without finishing.
fn show(state: &State, id: &str, exited: bool) -> ControlResponse {
    let Some((_, link)) = state.token_of_hosted_page(id) else {
        return page(StatusCode::NOT_FOUND, hosted_page::unknown());
    };
    let item = match link.purpose {
        Purpose::Update(index) => Some(state.item(index)),
        Purpose::Add { .. } => None,
    };
    let update = item.is_some();
    let stage = match link.state(state.now()) {
        LinkState::Open if exited => Stage::Exited {
            continue_to: continue_to(link),
        },
        LinkState::Open => Stage::Open {
            update,
            broken: item.is_some_and(Item::is_broken),
        },
        LinkState::Completed => Stage::Completed {
            update,
            continue_to: continue_to(link),
        },
        LinkState::Expired => Stage::Expired,
    };
    let status = match stage {
        Stage::Expired => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    let shown = Page {
        path: &format!("/hl/{id}"),
        client_name: &link.client_name,
        institution: item.map_or("First Platypus Bank", |item| item.institution.name),
        stage,
    };
    page(status, shown.render())
}

fn continue_to(link: &LinkToken) -> Option<&str> {
    link.hosted.as_ref()?.completion_redirect_uri.as_deref()
}

/// A URL for a header: unchanged if it is ASCII.
fn as_header(url: &str) -> String {
    match url.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => url.to_owned(),
        false => Url::parse(url).map_or_else(|_| String::new(), String::from),
    }
}

fn page(status: StatusCode, html: String) -> ControlResponse {
    ControlResponse::new(status, Content::Page(html))
}

fn see_other(location: String) -> ControlResponse {
    ControlResponse::new(StatusCode::SEE_OTHER, Content::Location(location))
}
