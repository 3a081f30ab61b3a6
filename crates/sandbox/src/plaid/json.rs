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

/// About how many bytes a value occupies in memory.
pub(crate) fn memory(value: &Value) -> usize {
    // A node of the tree that holds an object has room for eleven entries.
    const ENTRY: usize = 96;
    match value {
        Value::String(text) => size_of::<Value>() + text.len(),
        Value::Array(values) => size_of::<Value>() + values.iter().map(memory).sum::<usize>(),
        Value::Object(fields) => {
            let of = |(name, value): (&String, &Value)| ENTRY + name.len() + memory(value);
            size_of::<Value>() + fields.iter().map(of).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => size_of::<Value>(),
    }
}
