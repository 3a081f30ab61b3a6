//! Counts what became of the tokens, and sums it up.

use std::time::Duration;

use indicatif::HumanCount;
use serde::Serialize;

use super::{finished::Finished, list::List};
use crate::{
    style::{BAD, GOOD, PrintStyle, WARNING},
    text::{printable, time, wrapped},
};

/// How many positions are kept for each code.
const POSITIONS: usize = 5;

/// How many codes are counted apart. Plaid has fewer for this operation.
const CODES: usize = 32;

/// The code that further ones are counted under.
const OTHER: &str = "OTHER";

/// The counts of a run; they do not grow with the list. Serialises to the last line of `--json`.
#[derive(Default, Serialize)]
#[serde(tag = "kind", rename = "summary")]
pub(super) struct Summary {
    end: End,
    /// Why the run ended early.
    message: Option<String>,
    pub(super) reset: u64,
    pub(super) failed: u64,
    not_started: u64,
    /// Where to resume.
    next_position: Option<u64>,
    ms: u64,
    errors: Vec<Failures>,
    #[serde(skip)]
    took: Duration,
    #[serde(skip)]
    unit: &'static str,
    /// The first token that met an error that all tokens meet.
    #[serde(skip)]
    first_of_all: Option<u64>,
    #[serde(skip)]
    code_of_all: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    #[default]
    Done,
    /// By Ctrl-C.
    Interrupted,
    /// All remaining tokens would fail.
    GaveUp,
    /// The reader of the results has left.
    Unread,
}

/// The failures with one code.
#[derive(Serialize)]
struct Failures {
    error_code: String,
    /// Of the first of them.
    message: String,
    count: u64,
    /// The first ones that were reported.
    positions: Vec<u64>,
}

impl Summary {
    /// Counts a token; returns how many failed with the same code so far.
    pub(super) fn add(&mut self, finished: &Finished) -> u64 {
        let (Some(code), Some(message)) = (&finished.error_code, &finished.message) else {
            self.reset += 1;
            return 0;
        };
        self.failed += 1;
        if finished.is_of_all {
            let first = self.first_of_all.unwrap_or(finished.position);
            self.first_of_all = Some(first.min(finished.position));
            self.code_of_all = Some(printable(code));
        }
        let find = |code: &str| {
            self.errors
                .iter()
                .position(|known| known.error_code == code)
        };
        let code = match find(code) {
            None if self.errors.len() >= CODES => OTHER,
            _ => code,
        };
        let index = find(code).unwrap_or(self.errors.len());
        if index == self.errors.len() {
            self.errors.push(Failures {
                error_code: code.to_owned(),
                message: message.clone(),
                count: 0,
                positions: Vec::new(),
            });
        }
        let failures = &mut self.errors[index];
        failures.count += 1;
        if failures.positions.len() < POSITIONS {
            failures.positions.push(finished.position);
        }
        failures.count
    }

    /// Closes the counts at the end of a run.
    pub(super) fn close(&mut self, end: End, list: &List, took: Duration) {
        let next = list.next_position();
        (self.not_started, self.unit) = (list.left, list.unit);
        (self.took, self.ms) = (took, took.as_millis() as u64);
        self.errors
            .sort_by_key(|failures| std::cmp::Reverse(failures.count));
        self.errors
            .iter_mut()
            .for_each(|failures| failures.positions.sort_unstable());
        (self.end, self.next_position) = match (end, list.left) {
            (_, 0) => (End::Done, None),
            (End::GaveUp, _) => (end, Some(self.first_of_all.unwrap_or(next).min(next))),
            _ => (end, Some(next)),
        };
        self.message = match (self.end, self.code_of_all.take()) {
            (End::Interrupted, _) => Some("Interrupted.".to_owned()),
            (End::GaveUp, Some(code)) => Some(format!(
                "Stopped: all remaining tokens would fail with {code}."
            )),
            _ => None,
        };
    }

    pub(super) fn finished(&self) -> u64 {
        self.reset + self.failed
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self.end {
            End::Done if self.failed == 0 => 0,
            End::Interrupted => 130,
            _ => 1,
        }
    }

    /// The summary, with its end of line.
    pub(super) fn write(&self, style: PrintStyle) -> String {
        if style == PrintStyle::Json {
            return serde_json::to_string(self).expect("lines hold strings and numbers") + "\n";
        }
        if self.finished() == 0 && self.end == End::Done {
            return "No tokens found in the list.\n".to_owned();
        }
        let counts = [
            (self.reset, "reset", GOOD),
            (self.failed, "failed", BAD),
            (self.not_started, "not started", WARNING),
        ];
        let shown = if self.not_started == 0 { 2 } else { 3 };
        let counts = counts[..shown]
            .iter()
            .map(|(count, word, colour)| match count {
                0 => format!("0 {word}"),
                _ => style.paint(*colour, format_args!("{} {word}", HumanCount(*count))),
            });
        let counts: Vec<_> = counts.collect();
        let seconds = self.took.as_secs_f64().max(0.001);
        let rate = HumanCount((self.finished() as f64 / seconds).round() as u64);
        let mut text = format!("{} in {} ({rate}/s)\n", counts.join(", "), time(self.took));
        if let Some(message) = &self.message {
            text += &format!("{message}\n");
        }
        text += &self.table();
        if let Some(next) = self.next_position {
            text += &format!("\nTo resume: --from-line {next}\n");
        }
        text
    }

    /// For each code how often and where it was met, and what it means.
    fn table(&self) -> String {
        let count = |error: &Failures| HumanCount(error.count).to_string();
        let widest = self.errors.iter().map(|error| count(error).len()).max();
        let longest = self.errors.iter().map(|error| error.error_code.len()).max();
        let (widest, longest) = (widest.unwrap_or(0), longest.unwrap_or(0));
        let mut text = String::new();
        for error in &self.errors {
            let (count, code, unit) = (count(error), printable(&error.error_code), self.unit);
            let positions: Vec<_> = error.positions.iter().map(u64::to_string).collect();
            let positions = positions.join(", ");
            let plural = if error.count == 1 { "" } else { "s" };
            let more = if error.count > POSITIONS as u64 {
                ", …"
            } else {
                ""
            };
            text += &format!(
                "\n  {count:>widest$}  {code:longest$}  {unit}{plural} {positions}{more}\n"
            );
            text += &wrapped(&" ".repeat(widest + 4), &printable(&error.message));
        }
        text
    }
}
