//! Parses environment files by the rules of Node's `util.parseEnv`, so that one file works for both.

use std::borrow::Cow;

/// The value of a variable, of which the last assignment counts.
///
/// A line can start with `export`. A value in single, double or back quotes can contain `#` and line
/// breaks; in double quotes, `\n` is a line break. Without quotes, a `#` starts a comment. `$` is an
/// ordinary character.
pub(crate) fn value<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut found = None;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let line = rest.split('\n').next().unwrap_or_default();
        let Some((key, after_key)) = rest
            .split_once('=')
            .filter(|(key, _)| key.len() < line.len())
        else {
            rest = after(rest, line);
            continue;
        };
        if key.trim_start().starts_with('#') {
            rest = after(rest, line);
            continue;
        }
        let (value, end) = read_value(after_key);
        if without_export(key.trim()) == name {
            found = Some(value);
        }
        // The rest of the line is a comment, or follows a closing quote.
        rest = after(end, end.split('\n').next().unwrap_or_default());
    }
    found
}

/// The value at the start of `text`, and the text after it.
fn read_value(text: &str) -> (Cow<'_, str>, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    let quote = text.chars().next().filter(|first| "\"'`".contains(*first));
    if let Some(quote) = quote
        && let Some((value, end)) = text[1..].split_once(quote)
    {
        let value = match quote {
            '"' => Cow::Owned(value.replace("\\n", "\n")),
            _ => Cow::Borrowed(value),
        };
        return (value, end);
    }
    let line = text.split('\n').next().unwrap_or_default();
    let value = line.split('#').next().unwrap_or_default();
    (Cow::Borrowed(value.trim()), &text[line.len()..])
}

fn without_export(key: &str) -> &str {
    match key.strip_prefix("export") {
        Some(name) if name.starts_with([' ', '\t']) => name.trim_start(),
        _ => key,
    }
}

/// What follows the first line of `text`.
fn after<'a>(text: &'a str, line: &str) -> &'a str {
    text.get(line.len() + 1..).unwrap_or_default()
}
