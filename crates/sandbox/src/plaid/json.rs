//! JSON as Plaid writes it (observed; Go's encoder does the same): indented by two spaces, keys in
//! alphabetical order, no newline at the end, HTML's special characters escaped.

use serde_json::{Map, Value};

pub(crate) fn render(mut value: Value) -> String {
    // A no-op, unless another crate in the build enables serde_json's `preserve_order`.
    value.sort_all_objects();
    let text = serde_json::to_string_pretty(&value).expect("every key is a string");
    // U+2028 and U+2029 start with this byte. Few replies have one of these characters.
    let may_need_escapes = |byte: &u8| matches!(byte, b'<' | b'>' | b'&' | 0xe2);
    if !text.as_bytes().iter().any(may_need_escapes) {
        return text;
    }
    // JSON has these characters only inside strings.
    let mut escaped = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A number as Plaid writes it: a whole one has no fraction (observed).
pub(crate) fn number(number: f64) -> Value {
    // Up to here each whole number is exact.
    match number.fract() == 0.0 && number.abs() < 9e15 {
        true => (number as i64).into(),
        false => number.into(),
    }
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

/// The elements of a list of a reply, rendered. Filling a reply with rows from templates takes a
/// tenth of the time of building and rendering each row.
#[derive(Clone, Default)]
pub(crate) struct RenderedList(String);

/// An object, rendered as an element of a list of a reply, without the values of some fields.
pub(crate) struct Template {
    /// The text before each of these values, and the text after the last.
    texts: Vec<String>,
}

impl Template {
    /// `object` without the values of `fields`, which are in alphabetical order.
    pub(crate) fn new(mut object: Map<String, Value>, fields: &[&str]) -> Self {
        // Rendered, each hole is `"\u0000"` in quotes: no other value is.
        const HOLE: &str = "\0";
        for field in fields {
            object.insert((*field).to_owned(), HOLE.into());
        }
        let text = render(object.into()).replace('\n', "\n    ");
        let texts: Vec<String> = text.split(r#""\u0000""#).map(str::to_owned).collect();
        debug_assert_eq!(texts.len(), fields.len() + 1);
        Template { texts }
    }
}

impl RenderedList {
    /// Adds an object.
    pub(crate) fn push_value(&mut self, value: Value) {
        self.separate();
        self.0.push_str(&render(value).replace('\n', "\n    "));
    }

    /// Adds the object of a template with these values, null for none. They must need no escapes, as
    /// ids and dates.
    pub(crate) fn push(&mut self, template: &Template, values: &[Option<&str>]) {
        self.separate();
        for (text, value) in template.texts.iter().zip(values) {
            self.0.push_str(text);
            match value {
                None => self.0.push_str("null"),
                Some(value) => {
                    debug_assert!(
                        value
                            .bytes()
                            .all(|it| it == b'-' || it.is_ascii_alphanumeric())
                    );
                    self.0.push('"');
                    self.0.push_str(value);
                    self.0.push('"');
                }
            }
        }
        self.0
            .push_str(template.texts.last().map_or("", String::as_str));
    }

    fn separate(&mut self) {
        let before = if self.0.is_empty() {
            "\n    "
        } else {
            ",\n    "
        };
        self.0.push_str(before);
    }
}

/// Renders a reply whose empty lists of these names get these elements.
pub(crate) fn render_with(value: Value, lists: &[(&str, RenderedList)]) -> String {
    let mut text = render(value);
    for (name, list) in lists.iter().filter(|(_, list)| !list.0.is_empty()) {
        // Only a field of the reply itself is at the start of a line with this indentation.
        let start = format!("\n  \"{name}\": [");
        let empty = format!("{start}]");
        if let Some((before, after)) = text.split_once(&empty) {
            text = [before, &start, &list.0, "\n  ]", after].concat();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_has_no_fraction() {
        let cases = [
            (12.0, "12"),
            (-500.0, "-500"),
            (0.0, "0"),
            (5.4, "5.4"),
            (-0.22, "-0.22"),
        ];
        for (given, expected) in cases {
            assert_eq!(render(number(given)), expected);
        }
        assert_eq!(number(1e300).as_f64(), Some(1e300));
    }

    #[test]
    fn a_rendered_list_is_what_its_objects_would_be() {
        let object = |id: &str, date: Value| json!({ "a": { "x": [1, "<é>"], "y": [] }, "date": date, "id": id, "z": {} });
        let Value::Object(fields) = object("", Value::Null) else {
            unreachable!()
        };
        let template = Template::new(fields, &["date", "id"]);
        for length in 0..4 {
            let mut list = RenderedList::default();
            let mut objects = Vec::new();
            for number in 0..length {
                let id = format!("id{number}");
                match number {
                    0 => list.push(&template, &[None, Some(&id)]),
                    _ => list.push_value(object(&id, Value::Null)),
                }
                objects.push(object(&id, Value::Null));
            }
            let value = |rows: Value| json!({ "a": { "rows": [] }, "b": "\n  \"rows\": []", "rows": rows, "s": [] });
            let rendered = render_with(value(json!([])), &[("rows", list)]);
            assert_eq!(rendered, render(value(objects.into())));
        }
    }
}
