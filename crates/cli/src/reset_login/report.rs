//! Reports what became of each token as it finishes: a progress bar if a person watches, the
//! failures above it, and the file of `--failures`.

use std::{
    fs::File,
    io::{self, LineWriter, Write},
    time::Duration,
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{
    finished::Finished,
    list::List,
    pace::Pace,
    summary::{End, Summary},
};
use crate::{
    output::{Notes, Permit},
    style::{BAD, PrintStyle},
    text::printable,
};

/// How many failures with the same code are printed one by one.
const SHOWN: u64 = 5;

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);

/// Where a run is reported.
pub(super) struct Report {
    /// How results are written.
    pub(super) style: PrintStyle,
    /// How notes are written.
    notes_style: PrintStyle,
    notes: Notes,
    bar: ProgressBar,
    /// What a position counts; none in a list of one token.
    unit: Option<&'static str>,
    pub(super) summary: Summary,
    /// The token that finished last.
    last: Option<Finished>,
    /// The file of `--failures`, or why it cannot be written any further.
    pub(super) failures: Option<io::Result<LineWriter<File>>>,
    is_limited: bool,
}

impl Report {
    pub(super) fn new(
        style: PrintStyle,
        notes: Notes,
        list: &List,
        failures: Option<LineWriter<File>>,
    ) -> Self {
        let bar = match notes.is_terminal {
            true => ProgressBar::with_draw_target(Some(list.left), ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // Writing to a string does not fail.
            let _ = write!(text, "{:.0}/s", state.per_sec());
        };
        let template = "{spinner} {wide_bar} {human_pos}/{human_len}  {rate}{msg}  {eta} left";
        let template = ProgressStyle::with_template(template).expect("it is well-formed");
        bar.set_style(template.with_key("rate", rate).progress_chars("━╸─"));
        bar.enable_steady_tick(INTERVAL);
        Self {
            style,
            notes_style: PrintStyle::new(false, notes.colours),
            notes,
            bar,
            unit: (list.left > 1).then_some(list.unit),
            summary: Summary::default(),
            last: None,
            failures: failures.map(Ok),
            is_limited: false,
        }
    }

    /// Reports a token. Returns whether every other token would meet the same error.
    pub(super) fn add(&mut self, finished: Finished, permit: Permit) -> bool {
        let count = self.summary.add(&finished);
        self.bar.set_position(self.summary.finished());
        if self.style == PrintStyle::Json {
            permit.print(finished.line(PrintStyle::Json, None));
        }
        let is_of_all = finished.is_of_all;
        if let Some(code) = finished.error_code.as_deref().map(printable) {
            let failed = format_args!("{} failed", HumanCount(self.summary.failed));
            self.bar
                .set_message(format!("  {}", self.notes_style.paint(BAD, failed)));
            if let Some(Ok(file)) = &mut self.failures
                && let Err(error) = writeln!(file, "{}\t{code}", finished.position)
            {
                self.failures = Some(Err(error));
            }
            if count <= SHOWN {
                self.note(&finished.line(self.notes_style, self.unit));
            } else if count == SHOWN + 1 {
                self.note(&format!("Further failures with {code} are only counted.\n"));
            }
        }
        self.last = Some(finished);
        is_of_all
    }

    /// Says, once, that the server limits the rate.
    pub(super) fn limited(&mut self, pace: &Pace) {
        if !self.is_limited && pace.is_limited() {
            self.is_limited = true;
            self.note("Rate limit reached: continuing at the rate that the server allows.\n");
        }
    }

    /// Says that the run is being stopped.
    pub(super) fn stopping(&mut self, in_flight: usize) {
        if in_flight > 0 {
            let calls = if in_flight == 1 { "call" } else { "calls" };
            self.note(&format!(
                "Stopping: waiting for {in_flight} {calls} in flight. Press Ctrl-C again to end now.\n"
            ));
        }
    }

    /// Prints a line above the bar.
    fn note(&mut self, line: &str) {
        // What cannot be printed here is in the summary.
        let _ = self.bar.suspend(|| self.notes.write(line));
    }

    /// Closes the counts and removes the bar. Returns what is left to print.
    pub(super) fn close(&mut self, end: End, list: &List, took: Duration) -> String {
        self.summary.close(end, list, took);
        self.bar.finish_and_clear();
        let is_json = self.style == PrintStyle::Json;
        if is_json {
            self.note(&self.summary.write(self.notes_style));
        }
        match &self.last {
            // A failure has been printed as it came.
            Some(only) if self.unit.is_none() && !is_json && only.error_code.is_some() => {
                String::new()
            }
            Some(only) if self.unit.is_none() && !is_json => only.line(self.style, None),
            _ => self.summary.write(self.style),
        }
    }
}
