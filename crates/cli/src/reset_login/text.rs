//! What may be printed of text that somebody else wrote, and how numbers and times are written.

use std::{fmt, time::Duration};

/// Of a text that a server wrote, so many characters are kept: it may be as long as a reply.
const KEPT: usize = 400;

/// The beginning of what may be a long text.
pub(super) fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(KEPT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// `text` on one line, without what a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}

/// `text` as one word of a shell's command line; `None` if it cannot be printed as it is.
pub(super) fn shell_word(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    match text {
        _ if !text.is_empty() && text.bytes().all(is_plain) => Some(text.to_owned()),
        _ if printable(text) == text => Some(format!("'{}'", text.replace('\'', r"'\''"))),
        _ => None,
    }
}

/// A token as it may be shown: its end, unless that would be much of it.
pub(super) fn end_of(token: &str) -> Option<String> {
    const SHORTEST: usize = 24;
    let is_long = token.len() >= SHORTEST && token.is_ascii();
    is_long.then(|| format!("…{}", &token[token.len() - 4..]))
}

/// A length of time for people.
pub(super) struct Time(pub(super) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 if self.0 < Duration::from_millis(10) => {
                write!(f, "{:.1} ms", self.0.as_secs_f64() * 1000.0)
            }
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_would_obey_is_printed() {
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
    fn of_a_long_text_its_beginning_is_kept() {
        let kept = "ä".repeat(KEPT);
        assert_eq!(cut(kept.clone()), kept);
        assert_eq!(cut(format!("{kept}ä")), format!("{kept}…"));
    }

    #[test]
    fn a_word_means_itself_to_a_shell() {
        for (text, word) in [
            ("a/b-1.txt", Some("a/b-1.txt")),
            ("two words", Some("'two words'")),
            ("it's $HOME", Some(r"'it'\''s $HOME'")),
            ("", Some("''")),
            ("a\nb", None),
        ] {
            assert_eq!(shell_word(text).as_deref(), word, "{text:?}");
        }
    }

    #[test]
    fn of_a_token_its_end_alone_is_shown_and_of_a_short_one_nothing() {
        let token = "access-sandbox-fa4e0000-7c69-4d34-b8a1-5e0c3f9d2b17";
        assert_eq!(end_of(token).as_deref(), Some("…2b17"));
        assert_eq!(end_of("access-sandbox-1234"), None);
    }

    #[test]
    fn a_time_is_written_for_people() {
        for (ms, written) in [
            (0.41, "0.4 ms"),
            (41.6, "41 ms"),
            (1_240.0, "1.2 s"),
            (61_900.0, "1 min 1 s"),
            (7_260_000.0, "2 h 1 min"),
        ] {
            let time = Time(Duration::from_secs_f64(ms / 1000.0));
            assert_eq!(time.to_string(), written);
        }
    }
}
