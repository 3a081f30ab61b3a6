//! JSON as Plaid writes it (observed; Go's encoder does the same): indented by two spaces, keys in
//! alphabetical order, no newline at the end, HTML's special characters escaped.

use serde_json::Value;

pub(crate) fn render(mut value: Value) -> String {
    // A no-op, unless another crate in the build enables serde_json's `preserve_order`.
    value.sort_all_objects();
    // `Display` cannot fail: every key is a string.
    let text = format!("{value:#}");
    let html = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !text.contains(html) {
        return text;
    }
    // JSON has these characters only inside strings.
    let mut escaped = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        match character {
            _ if html.contains(&character) => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}
