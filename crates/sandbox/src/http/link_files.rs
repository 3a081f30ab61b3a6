//! The files of the drop-in for Link: its script, and the page of its frame.

/// The script that replaces Plaid's. It is served as it is written.
const SCRIPT: &str = include_str!("../../../../link/link-initialize.js");

/// The page, and its `Content-Security-Policy` header.
pub(super) const PAGE: &str = include_str!(env!("LINK_PAGE"));
pub(super) const PAGE_POLICY: &str = env!("LINK_POLICY");

/// With `?events=live`, events reach `onEvent` when they happen.
pub(super) fn script(query: &str) -> String {
    let is_live = query.split('&').any(|option| option == "events=live");
    match is_live {
        true => SCRIPT.replacen("const LIVE = false", "const LIVE = true", 1),
        false => SCRIPT.to_owned(),
    }
}
