//! JSON as Plaid writes it, which is as Go does (observed): indented by two spaces, keys in
//! alphabetical order, no newline at the end, and what HTML could misread escaped.

use serde_json::Value;

pub(crate) fn render(mut value: Value) -> String {
    // Objects are sorted already, unless some crate in the build turns on serde_json's
    // `preserve_order`; then this sorts them.
    value.sort_all_objects();
    // `Display` cannot fail: every key is a string.
    let text = format!("{value:#}");
    let html = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !text.contains(html) {
        return text;
    }
    // Outside of strings JSON has none of these characters, so all of them are in strings.
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
