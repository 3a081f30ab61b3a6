//! The summary of a run, and how to go on where it ended early.

use std::{fmt::Write, time::Duration};

use indicatif::HumanCount;
use serde::Serialize;

use super::{
    finished::Style,
    list::Origin,
    tally::{Failures, Hopeless, IN_A_ROW, Tally},
    text::{Time, printable},
};

/// A run that is over.
pub(super) struct Summary {
    pub(super) tally: Tally,
    pub(super) end: End,
    pub(super) origin: Origin,
    pub(super) took: Duration,
    /// How many tokens are left, if that is known.
    pub(super) not_started: Option<u64>,
    /// Where to go on, if tokens may be left.
    pub(super) next_position: Option<u64>,
    /// The command to go on with, if there is one.
    pub(super) command: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every token has been tried.
    Done,
    /// By Ctrl-C.
    Interrupted,
    GaveUp(Hopeless),
    /// Nobody reads the results any more.
    Unread,
    /// The rest of the list cannot be read, for this reason.
    Unreadable(String),
}

impl Summary {
    /// What the process is to exit with.
    pub(super) fn exit_code(&self) -> u8 {
        match self.end {
            End::Done if self.tally.failed == 0 => 0,
            End::Interrupted => 130,
            _ => 1,
        }
    }

    /// With its end of line.
    pub(super) fn write(&self, style: Style) -> String {
        match style {
            Style::Json => self.json(),
            Style::Plain => self.text(false),
            Style::Colours => self.text(true),
        }
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(tag = "kind", rename = "summary")]
        struct Line<'a> {
            end: &'static str,
            message: Option<String>,
            reset: u64,
            failed: u64,
            not_started: Option<u64>,
            next_position: Option<u64>,
            ms: u64,
            errors: Vec<&'a Failures>,
        }
        let line = Line {
            end: match self.end {
                End::Done => "done",
                End::Interrupted => "interrupted",
                End::GaveUp(_) => "gave_up",
                End::Unread => "unread",
                End::Unreadable(_) => "unreadable",
            },
            message: self.end.sentence(),
            reset: self.tally.reset,
            failed: self.tally.failed,
            not_started: self.not_started,
            next_position: self.next_position,
            ms: self.took.as_millis() as u64,
            errors: self.tally.errors(),
        };
        let mut json = serde_json::to_string(&line).expect("lines hold strings and numbers");
        json.push('\n');
        json
    }

    fn text(&self, colours: bool) -> String {
        let mut text = self.counts(colours);
        if let Some(sentence) = self.end.sentence() {
            text.push_str(&sentence);
            text.push('\n');
        }
        self.add_errors(&mut text);
        self.add_way_on(&mut text);
        text
    }

    fn counts(&self, colours: bool) -> String {
        let finished = self.tally.finished();
        if finished == 0 && self.end == End::Done {
            return "There is no token in the list.\n".to_owned();
        }
        let painted = |count, word, colour| match colours && count > 0 {
            true => format!("\u{1b}[{colour}m{} {word}\u{1b}[0m", HumanCount(count)),
            false => format!("{} {word}", HumanCount(count)),
        };
        let mut counts = vec![
            painted(self.tally.reset, "reset", 32),
            painted(self.tally.failed, "failed", 31),
        ];
        match self.not_started {
            Some(0) => {}
            Some(left) => counts.push(painted(left, "not started", 33)),
            None => counts.push("the rest not started".to_owned()),
        }
        let seconds = self.took.as_secs_f64().max(0.001);
        let rate = HumanCount((finished as f64 / seconds).round() as u64);
        format!("{} in {} ({rate}/s)\n", counts.join(", "), Time(self.took))
    }

    /// A table: how often, what and where; under each error what it means.
    fn add_errors(&self, text: &mut String) {
        let errors = self.tally.errors();
        let count = |error: &Failures| HumanCount(error.count).to_string();
        let widest = errors.iter().map(|error| count(error).len()).max();
        let longest = errors
            .iter()
            .map(|error| printable(&error.code).len())
            .max();
        let (Some(widest), Some(longest)) = (widest, longest) else {
            return;
        };
        for error in errors {
            let (code, places) = (printable(&error.code), self.places(error));
            let message = printable(&error.message);
            write!(
                text,
                "\n  {:>widest$}  {code:longest$}  {places}\n  {:widest$}  {message}\n",
                count(error),
                "",
            )
            .expect("a string takes whatever is written");
        }
    }

    fn places(&self, error: &Failures) -> String {
        let mut positions = error.positions.clone();
        positions.sort_unstable();
        let positions: Vec<_> = positions.iter().map(u64::to_string).collect();
        let plural = if error.count == 1 { "" } else { "s" };
        let more = match error.count > positions.len() as u64 {
            true => ", …",
            false => "",
        };
        format!(
            "{}{plural} {}{more}",
            self.origin.unit(),
            positions.join(", ")
        )
    }

    fn add_way_on(&self, text: &mut String) {
        let Some(next) = self.next_position else {
            return;
        };
        let how = match (self.origin, &self.command) {
            (Origin::File, Some(command)) => format!("To go on from line {next}:\n  {command}"),
            (Origin::StandardInput, Some(command)) => {
                format!("To go on from line {next}, pipe the same lines into:\n  {command}")
            }
            _ => format!("To go on, give the tokens from argument {next} on."),
        };
        text.push('\n');
        text.push_str(&how);
        text.push('\n');
    }
}

impl End {
    /// Why it ended early.
    fn sentence(&self) -> Option<String> {
        Some(match self {
            End::Done => return None,
            End::Interrupted => "Interrupted.".to_owned(),
            End::GaveUp(Hopeless::Error { code }) => {
                format!(
                    "Gave up: every other token would meet {}, too.",
                    printable(code)
                )
            }
            End::GaveUp(Hopeless::InARow { code }) => format!(
                "Gave up: {IN_A_ROW} calls in a row failed for no fault of their tokens, the last \
                 with {}.",
                printable(code)
            ),
            End::Unread => "Stopped: nobody reads the results any more.".to_owned(),
            End::Unreadable(why) => format!("Stopped: the list cannot be read any further: {why}."),
        })
    }
}
