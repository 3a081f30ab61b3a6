//! Text made ready to print: without what a terminal would obey, and in lines that fit.

use std::{io, time::Duration};

/// How many characters of a server's text are kept: it can be as long as a whole reply.
const KEPT: usize = 400;

/// The start of a text that may be long.
pub(crate) fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(KEPT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// `text` on one line, with control characters escaped, so that a terminal obeys none of them.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}

/// `text` in lines of at most 80 columns, broken between words, each after `indent`; nothing for an
/// empty text.
pub(crate) fn wrapped(indent: &str, text: &str) -> String {
    const COLUMNS: usize = 80;
    let mut lines = String::new();
    let mut width = COLUMNS;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width + 1 + length > COLUMNS {
            let end = if lines.is_empty() { "" } else { "\n" };
            lines += &format!("{end}{indent}{word}");
            width = indent.len() + length;
        } else {
            lines += &format!(" {word}");
            width += 1 + length;
        }
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// A length of time, for people.
pub(crate) fn time(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 if length < Duration::from_millis(10) => {
            format!("{:.1} ms", length.as_secs_f64() * 1000.0)
        }
        0 => format!("{} ms", length.as_millis()),
        1..60 => format!("{:.1} s", length.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Why something failed, without the number that Rust adds to the system's words.
pub(crate) fn reason(error: &io::Error) -> String {
    without_number(&error.to_string()).to_owned()
}

/// The same for a text that quotes the system.
pub(crate) fn without_number(text: &str) -> &str {
    text.split_once(" (os error ")
        .map_or(text, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            (
                "it's \"fine\" as it is: äöü …",
                "it's \"fine\" as it is: äöü …",
            ),
            ("\u{1b}[2J\r\n", r"\u{1b}[2J\r\n"),
            ("left\u{202e}right\u{9b}", r"left\u{202e}right\u{9b}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let kept = "ä".repeat(KEPT);
        assert_eq!(cut(kept.clone()), kept);
        assert_eq!(cut(format!("{kept}ä")), format!("{kept}…"));
    }

    #[test]
    fn lines_are_broken_between_words() {
        let text = "a word ".repeat(30);
        let lines = wrapped("  ", &text);
        assert!(
            lines
                .lines()
                .all(|line| line.len() <= 80 && line.starts_with("  "))
        );
        assert_eq!(lines.split_whitespace().count(), 60);
        assert_eq!(wrapped("  ", ""), "");
    }

    #[test]
    fn a_length_of_time_has_a_unit_that_fits() {
        for (ms, written) in [
            (0.41, "0.4 ms"),
            (41.6, "41 ms"),
            (1_240.0, "1.2 s"),
            (61_900.0, "1 min 1 s"),
            (7_260_000.0, "2 h 1 min"),
        ] {
            assert_eq!(time(Duration::from_secs_f64(ms / 1000.0)), written);
        }
    }
}
