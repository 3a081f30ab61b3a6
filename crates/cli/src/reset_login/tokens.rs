//! Reads tokens, a line each, without ever holding more of a line than a token can have.

use std::{
    fmt,
    io::{self, Read},
};

use secrecy::{ExposeSecret, SecretString};

use crate::output::patiently;

/// An access token, which does not print.
#[derive(Clone, Debug)]
pub struct AccessToken(pub(super) SecretString);

impl From<String> for AccessToken {
    fn from(token: String) -> Self {
        Self(token.into())
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// A token of the list, or what is in its place.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// The number of its line, or of the argument, from 1.
    pub(super) position: u64,
    pub(super) token: Result<AccessToken, Defect>,
}

/// Why something in the list is no token: found before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    NotUtf8,
    TooLong,
    /// No token has this character, counted from 1.
    Character {
        number: usize,
    },
}

impl Defect {
    pub(super) fn code(self) -> &'static str {
        match self {
            Defect::NotUtf8 => "INVALID_UTF8",
            Defect::TooLong => "TOKEN_TOO_LONG",
            Defect::Character { .. } => "INVALID_CHARACTER",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Defect::NotUtf8 => f.write_str("this is not UTF-8 text, so nothing was sent"),
            Defect::TooLong => write!(
                f,
                "this is longer than {LONGEST} bytes, where a token has about fifty, so nothing \
                 was sent"
            ),
            Defect::Character { number } => write!(
                f,
                "character {number} is a space, a control character or no ASCII, which no token \
                 has, so nothing was sent"
            ),
        }
    }
}

/// In bytes, of a line: what is longer is no token, and not kept.
const LONGEST: usize = 4 << 10;

/// What is read at once, in bytes.
const CHUNK: usize = 16 << 10;

/// The tokens of a text, a line each. Blank lines, and comments after a `#`, are none.
pub(super) struct Lines<R> {
    reader: R,
    chunk: Box<[u8]>,
    line: Line,
    ended: bool,
}

/// The line that is being read.
struct Line {
    number: u64,
    /// Up to [`LONGEST`] bytes of it, and one more if there are more.
    start: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            chunk: vec![0; CHUNK].into(),
            line: Line {
                number: 1,
                start: Vec::new(),
            },
            ended: false,
        }
    }

    /// The next tokens, as soon as there are any; `None` at the end.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<Vec<Entry>>> {
        let mut batch = Vec::new();
        while batch.is_empty() {
            if self.ended {
                return Ok(None);
            }
            let length = patiently(|| self.reader.read(&mut self.chunk))?;
            self.ended = length == 0;
            for part in self.chunk[..length].split_inclusive(|byte| *byte == b'\n') {
                match part.strip_suffix(b"\n") {
                    Some(rest) => {
                        self.line.take(rest);
                        batch.extend(self.line.end());
                    }
                    None => self.line.take(part),
                }
            }
            if self.ended {
                batch.extend(self.line.end());
            }
        }
        Ok(Some(batch))
    }
}

impl Line {
    fn take(&mut self, part: &[u8]) {
        let room = LONGEST + 1 - self.start.len();
        self.start.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// What stands on the line, whose end has come.
    fn end(&mut self) -> Option<Entry> {
        let line = match self.number {
            // The mark that some editors begin a file with.
            1 => self.start.strip_prefix(b"\xEF\xBB\xBF"),
            _ => None,
        };
        let text = line.unwrap_or(&self.start);
        let is_token = !matches!(text.trim_ascii().first(), None | Some(b'#'));
        let entry = (is_token || self.start.len() > LONGEST && text.trim_ascii().is_empty())
            .then(|| Entry::new(self.number, text));
        self.number += 1;
        self.start.clear();
        entry
    }
}

impl Entry {
    /// Of what stands at `position`, white space around it aside.
    pub(super) fn new(position: u64, text: &[u8]) -> Self {
        let token = match text.len() > LONGEST {
            true => Err(Defect::TooLong),
            false => read_token(text.trim_ascii()),
        };
        Self { position, token }
    }
}

fn read_token(text: &[u8]) -> Result<AccessToken, Defect> {
    let text = str::from_utf8(text).map_err(|_| Defect::NotUtf8)?;
    match text.chars().position(|letter| !letter.is_ascii_graphic()) {
        Some(index) => Err(Defect::Character { number: index + 1 }),
        None => Ok(text.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "access-sandbox-1";

    /// Gives its text in pieces of so many bytes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    /// Every entry of a text, however the pieces fall.
    fn entries(text: impl AsRef<[u8]>) -> Vec<(u64, Result<String, Defect>)> {
        let read = |size| {
            let mut lines = Lines::new(Pieces(text.as_ref(), size));
            let mut entries = Vec::new();
            while let Some(batch) = lines.next_batch().unwrap() {
                let shown = |token: AccessToken| token.0.expose_secret().to_owned();
                entries.extend(
                    batch
                        .into_iter()
                        .map(|entry| (entry.position, entry.token.map(shown))),
                );
            }
            entries
        };
        let whole = read(usize::MAX);
        for size in [1, 2, 3, 7, CHUNK - 1] {
            assert_eq!(read(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn token(position: u64) -> (u64, Result<String, Defect>) {
        (position, Ok(TOKEN.to_owned()))
    }

    #[test]
    fn a_token_stands_on_a_line_of_its_own_whatever_ends_the_line() {
        for text in [
            format!("{TOKEN}\n{TOKEN}\n"),
            format!("{TOKEN}\r\n{TOKEN}\r\n"),
            format!("{TOKEN}\n{TOKEN}"),
            format!("  {TOKEN}\t\n \t{TOKEN} "),
            format!("\u{feff}{TOKEN}\n{TOKEN}\n"),
        ] {
            assert_eq!(entries(&text), [token(1), token(2)], "{text:?}");
        }
    }

    #[test]
    fn blank_lines_and_comments_are_passed_over_and_counted() {
        let comment = format!("# {}", "x".repeat(3 * LONGEST));
        let text = format!("\n# a comment\n{TOKEN}\n \t \r\n  #{TOKEN}\n{comment}\n{TOKEN}\n\n");
        assert_eq!(entries(text), [token(3), token(7)]);
        assert_eq!(entries(""), []);
        assert_eq!(entries("\n\n# nothing"), []);
    }

    #[test]
    fn what_is_no_token_fails_by_itself() {
        let line = |defect| vec![token(1), (2, Err(defect)), token(3)];
        for (bad, defect) in [
            (&b"access-\xff"[..], Defect::NotUtf8),
            (b"a\x1b[2Jb", Defect::Character { number: 2 }),
            (b"ab\0", Defect::Character { number: 3 }),
            (b"one two", Defect::Character { number: 4 }),
            ("näh".as_bytes(), Defect::Character { number: 2 }),
            ("ab\u{202e}".as_bytes(), Defect::Character { number: 3 }),
            ("\u{feff}ab".as_bytes(), Defect::Character { number: 1 }),
        ] {
            let text = [TOKEN.as_bytes(), b"\n", bad, b"\n", TOKEN.as_bytes()].concat();
            assert_eq!(entries(text), line(defect), "{bad:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_never_held_whole() {
        let longest = "x".repeat(LONGEST);
        assert_eq!(entries(&longest), [(1, Ok(longest.clone()))]);
        let text = format!("{longest}x\n{TOKEN}\n");
        assert_eq!(entries(text), [(1, Err(Defect::TooLong)), token(2)]);

        // A hundred megabytes.
        let endless = io::repeat(b' ').take(100 << 20);
        let mut lines = Lines::new(endless.chain(&b"\n"[..]));
        let batch = lines.next_batch().unwrap().unwrap();
        assert_eq!(batch[0].token, Err(Defect::TooLong));
        assert!(lines.line.start.capacity() <= 2 * LONGEST + 2);
    }

    #[test]
    fn lines_are_there_before_the_text_has_ended() {
        let mut lines = Lines::new(Pieces(b"access-sandbox-1\naccess", 17));
        assert_eq!(lines.next_batch().unwrap().unwrap().len(), 1);
    }

    #[test]
    fn no_token_is_printed() {
        let entry = Entry::new(1, TOKEN.as_bytes());
        assert!(!format!("{entry:?}").contains(TOKEN));
    }
}
