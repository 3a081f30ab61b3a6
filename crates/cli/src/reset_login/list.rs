//! The tokens of a run, read whole before the first call: from arguments, a file or standard input.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::PathBuf,
};

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use tokio::task::spawn_blocking;

use super::options::Options;
use crate::{
    Notice,
    output::patiently,
    text::{printable, reason},
};

/// The longest list, in lines.
const MOST_LINES: usize = 1_000_000;

/// The longest list, in bytes. A token has about fifty.
const MOST_BYTES: usize = 64 << 20;

/// The longest token, in bytes.
const LONGEST: usize = 4 << 10;

/// A token of the list, or why the line holds none.
pub(super) struct Entry {
    /// The number of the line, or of the argument, from 1.
    pub(super) position: u64,
    pub(super) token: Result<SecretString, Defect>,
}

/// Why a line holds no token: a code, and a sentence. Nothing is sent for it.
pub(super) type Defect = (&'static str, String);

/// The tokens that are left.
pub(super) struct List {
    /// What a position counts: an `argument` or a `line`.
    pub(super) unit: &'static str,
    text: SecretSlice<u8>,
    /// Where the next line starts.
    next: usize,
    /// The number of the last line that was read.
    position: u64,
    /// How many tokens are left.
    pub(super) left: u64,
    /// The first token that was put back.
    put_back: u64,
}

impl List {
    /// Reads the list that `options` name, and skips the lines before `--from-line`.
    ///
    /// # Errors
    ///
    /// A [`Notice`] of wrong usage if there is no list, or it cannot be read.
    pub(super) async fn open(options: &Options) -> Result<Self, Notice> {
        let tokens = options.tokens.iter();
        let tokens: Vec<_> = tokens.map(|token| token.0.expose_secret()).collect();
        match (&options.file, &tokens[..]) {
            (None, []) if io::stdin().is_terminal() => {
                return Err(Notice::usage(
                    "no tokens: pipe them in, one per line, or name a file with --file. Use - to \
                     type them here",
                ));
            }
            (Some(_), _) | (None, [] | ["-"]) => {}
            (None, tokens) => {
                let text = tokens.join("\n").into_bytes();
                return Ok(Self::new("argument", text, options.from_line));
            }
        }
        let path = options.file.clone().filter(|path| path.as_os_str() != "-");
        let name = path.as_ref().map(|path| printable(&path.to_string_lossy()));
        let read = spawn_blocking(move || read(path)).await;
        let text = read.map_err(io::Error::from).flatten().map_err(|error| {
            let name = name.as_deref().unwrap_or("standard input");
            Notice::usage(format_args!("cannot read {name}: {}", reason(&error)))
        })?;
        Ok(Self::new("line", text, options.from_line))
    }

    fn new(unit: &'static str, text: Vec<u8>, from: u64) -> Self {
        let mut list = Self {
            unit,
            next: if text.starts_with(BOM) { BOM.len() } else { 0 },
            text: text.into(),
            position: 0,
            left: 0,
            put_back: u64::MAX,
        };
        while list.position + 1 < from && list.line().is_some() {}
        let rest = &list.text.expose_secret()[list.next..];
        let tokens = rest
            .split(|byte| *byte == b'\n')
            .filter(|line| is_token(line));
        list.left = tokens.count() as u64;
        list
    }

    fn line(&mut self) -> Option<&[u8]> {
        let rest = &self.text.expose_secret()[self.next..];
        let line = rest.split(|byte| *byte == b'\n').next()?;
        if rest.is_empty() {
            return None;
        }
        self.position += 1;
        self.next += (line.len() + 1).min(rest.len());
        Some(line)
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let token = loop {
            let line = self.line()?;
            if is_token(line) {
                break read_token(line.trim_ascii());
            }
        };
        self.left -= 1;
        Some(Entry {
            position: self.position,
            token,
        })
    }

    /// Returns a token that was taken but not tried.
    pub(super) fn put_back(&mut self, position: u64) {
        self.left += 1;
        self.put_back = self.put_back.min(position);
    }

    /// The first line that was not tried.
    pub(super) fn next_position(&self) -> u64 {
        self.put_back.min(self.position + 1)
    }
}

/// The mark that some editors put in front of a file.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Reads a whole file, or standard input.
fn read(path: Option<PathBuf>) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> = match path {
        Some(path) => Box::new(File::open(path)?),
        None => Box::new(io::stdin()),
    };
    // One byte more than allowed shows that there is more.
    let mut source = source.take(MOST_BYTES as u64 + 1);
    let mut text = Vec::new();
    patiently(|| source.read_to_end(&mut text))?;
    let lines = text.split_inclusive(|byte| *byte == b'\n').count();
    match text.len() > MOST_BYTES || lines > MOST_LINES {
        true => Err(io::Error::other(format!(
            "it has more than {MOST_LINES} lines or {} MiB: split it",
            MOST_BYTES >> 20
        ))),
        false => Ok(text),
    }
}

/// Whether a line is neither blank nor a comment.
fn is_token(line: &[u8]) -> bool {
    !matches!(line.trim_ascii().first(), None | Some(b'#'))
}

fn read_token(text: &[u8]) -> Result<SecretString, Defect> {
    let refuse = |code, problem| Err((code, format!("{problem}; nothing was sent")));
    let Ok(token) = str::from_utf8(text) else {
        return refuse("INVALID_UTF8", "the line is not UTF-8".to_owned());
    };
    if text.len() > LONGEST {
        let problem = format!("the line is longer than {LONGEST} bytes");
        return refuse("TOKEN_TOO_LONG", problem);
    }
    match token.chars().position(|letter| !letter.is_ascii_graphic()) {
        Some(index) => {
            let problem = format!("character {} cannot be part of a token", index + 1);
            refuse("INVALID_CHARACTER", problem)
        }
        None => Ok(token.into()),
    }
}
