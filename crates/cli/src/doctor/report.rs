//! What the checks found, written in columns for people or as one JSON object for programs.

use std::time::Duration;

use serde::Serialize;

use crate::style::{BAD, GOOD, PrintStyle, WARNING};
use crate::text::wrapped;

/// The checks, in order.
#[derive(Default)]
pub(super) struct Report {
    checks: Vec<Check>,
    section: String,
}

#[derive(Serialize)]
struct Check {
    section: String,
    name: String,
    state: State,
    /// What was seen.
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    /// What is wrong, or what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    advice: String,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Good,
    Warning,
    Bad,
}

impl Report {
    /// Starts a section, which later checks belong to.
    pub(super) fn section(&mut self, title: &str) {
        title.clone_into(&mut self.section);
    }

    pub(super) fn good(&mut self, name: &str, value: &str) {
        self.add(State::Good, name, value, "", "");
    }

    pub(super) fn add(&mut self, state: State, name: &str, value: &str, code: &str, advice: &str) {
        self.checks.push(Check {
            section: self.section.clone(),
            name: name.into(),
            state,
            value: value.into(),
            duration_ms: None,
            code: code.into(),
            advice: advice.into(),
        });
    }

    /// How long the last check took.
    pub(super) fn took(&mut self, time: Duration) {
        if let Some(check) = self.checks.last_mut() {
            check.duration_ms = Some((time.as_secs_f64() * 1e5).round() / 100.0);
        }
    }

    pub(super) fn count(&self, state: State) -> usize {
        let same = self.checks.iter().filter(|check| check.state == state);
        same.count()
    }

    pub(super) fn write(&self, style: PrintStyle) -> String {
        match style {
            PrintStyle::Json => {
                let ok = self.count(State::Bad) == 0;
                let object = serde_json::json!({ "ok": ok, "checks": self.checks });
                format!("{object:#}\n")
            }
            PrintStyle::Plain | PrintStyle::Colours => self.text(style),
        }
    }

    fn text(&self, style: PrintStyle) -> String {
        let names = self.checks.iter().map(|check| check.name.chars().count());
        let width = names.max().unwrap_or_default();
        let (mut text, mut section) = (String::new(), "");
        for check in &self.checks {
            if check.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = &check.section;
                text += &format!("{gap}{section}\n");
            }
            let mark = match check.state {
                State::Good => style.paint(GOOD, "✓"),
                State::Warning => style.paint(WARNING, "!"),
                State::Bad => style.paint(BAD, "✗"),
            };
            text += &format!("  {mark} {:width$}  {}", check.name, check.value);
            if !check.code.is_empty() {
                text += &format!("  {}", check.code);
            }
            if let Some(ms) = check.duration_ms {
                text += &format!("  {ms} ms");
            }
            text.push('\n');
            text += &wrapped("      ", &check.advice);
        }
        let summary = match (self.count(State::Bad), self.count(State::Warning)) {
            (0, 0) => "No problems found.".to_owned(),
            (0, count) => format!("No problems found. Warnings: {count}."),
            (count, _) => format!("Problems found: {count}. See above what to do."),
        };
        text + &format!("\n{summary}\n")
    }
}
