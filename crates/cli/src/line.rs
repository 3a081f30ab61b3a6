//! The lines that a server prints of what happens in it: text for people, JSON for programs.

use std::{
    fmt::Display,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anstyle::Style;
use chrono::{DateTime, Local, Timelike};
use clap::{Args, ValueEnum};
use serde::{Serialize, Serializer};

use crate::{
    output::Output,
    style::{BAD, GOOD, PrintStyle},
    text::printable,
};

/// How a server prints what happens in it.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// How to print events: text, or json (one object per line).
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        hide_possible_values = true
    )]
    pub log_format: LogFormat,
    /// Print whole ids, and the requests that are usually hidden.
    #[arg(short, long)]
    pub verbose: bool,
}

/// The format of a server's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text per event.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// How a server's lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogStyle {
    pub(crate) print: PrintStyle,
    pub(crate) verbose: bool,
}

impl LogOptions {
    pub(crate) fn style(self, output: &Output) -> LogStyle {
        LogStyle {
            print: PrintStyle::new(self.log_format == LogFormat::Json, output.colours()),
            verbose: self.verbose,
        }
    }
}

/// `line` as JSON, with its end.
pub(crate) fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("lines hold strings and numbers") + "\n"
}

/// A line of text. It fits a terminal of 80 columns, unless it is verbose.
pub(crate) struct Text {
    style: LogStyle,
    parts: Vec<Part>,
}

struct Part {
    text: String,
    style: Option<Style>,
    /// What may be left out to make the line fit.
    cut: Option<Cut>,
}

/// What is left out of a part that is too long.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    Middle,
    End,
}

/// The width that a line fits.
const COLUMNS: usize = 80;

/// What separates two parts.
const GAP: &str = "  ";

impl Text {
    /// A line that starts with the time of day.
    pub(crate) fn new(style: LogStyle, at: SystemTime) -> Self {
        let at: DateTime<Local> = writable(at).into();
        let mut line = Text {
            style,
            parts: Vec::new(),
        };
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        line.word(format_args!("{hour:02}:{minute:02}:{second:02}"));
        line
    }

    pub(crate) fn word(&mut self, word: impl Display) {
        self.part(&word.to_string(), None, None);
    }

    pub(crate) fn painted(&mut self, word: impl Display, style: Style) {
        self.part(&word.to_string(), Some(style), None);
    }

    /// A word that can be shortened.
    pub(crate) fn flexible(&mut self, word: impl Display, cut: Cut) {
        self.part(&word.to_string(), None, Some(cut));
    }

    fn part(&mut self, text: &str, style: Option<Style>, cut: Option<Cut>) {
        self.parts.push(Part {
            text: printable(text),
            style,
            cut,
        });
    }

    /// An HTTP status, coloured by what it means.
    pub(crate) fn status(&mut self, status: u16) {
        self.painted(status, if status < 400 { GOOD } else { BAD });
    }

    /// An id: its last four characters, or in a verbose line all of it with its name.
    pub(crate) fn id(&mut self, name: &str, id: &str) {
        let end = id.char_indices().rev().nth(3).map_or(0, |(index, _)| index);
        match self.style.verbose {
            true => self.word(format_args!("{name}={id}")),
            false => self.word(format_args!("…{}", &id[end..])),
        }
    }

    pub(crate) fn missed(events: u64) -> String {
        format!("Missed {events} events: they came faster than they were printed.\n")
    }

    /// The line, with its end.
    pub(crate) fn end(mut self) -> String {
        let widths = self.parts.iter().map(|part| part.text.chars().count());
        let width = widths.sum::<usize>() + GAP.len() * (self.parts.len() - 1);
        let excess = width.saturating_sub(COLUMNS);
        if excess > 0 && !self.style.verbose {
            for part in &mut self.parts {
                if let Some(cut) = part.cut {
                    part.text = shortened(&part.text, excess, cut);
                }
            }
        }
        let print = self.style.print;
        let parts = self.parts.into_iter().map(|part| match part.style {
            Some(style) => print.paint(style, part.text),
            None => part.text,
        });
        parts.collect::<Vec<_>>().join(GAP) + "\n"
    }
}

/// `text` with `excess` characters fewer, but at least nine.
fn shortened(text: &str, excess: usize, cut: Cut) -> String {
    let letters: Vec<char> = text.chars().collect();
    let kept = letters
        .len()
        .saturating_sub(excess)
        .max(9)
        .min(letters.len())
        - 1;
    let end = match cut {
        Cut::Middle => kept / 2,
        Cut::End => 0,
    };
    let start: String = letters[..kept - end].iter().collect();
    let end: String = letters[letters.len() - end..].iter().collect();
    format!("{start}…{end}")
}

/// The last second of the year 9999, since 1970: RFC 3339 has four digits for a year.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// The nearest time from 1970 to 9999. A Sandbox's clock can be moved beyond.
fn writable(at: SystemTime) -> SystemTime {
    at.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST)
}

/// A time that serialises as `2026-09-10T22:15:13.382Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utc(pub(crate) SystemTime);

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_rfc3339_millis(writable(self.0)))
    }
}
