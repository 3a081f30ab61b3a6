//! What was found, and how it is written: in columns for people, as an object for programs.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

/// How a report is written.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Text { colours: bool },
    Json,
}

/// What was found, in order.
#[derive(Default, Serialize)]
pub(super) struct Report {
    checks: Vec<Check>,
    #[serde(skip)]
    section: String,
    /// What is bad from now on only warns.
    #[serde(skip)]
    pub(super) only_warns: bool,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What is wrong, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Warning,
    Bad,
}

impl Report {
    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        title.clone_into(&mut self.section);
    }

    pub(super) fn good(&mut self, name: &str, value: &str) {
        self.add(State::Good, name, value, None, None);
    }

    pub(super) fn warn(&mut self, name: &str, value: &str, code: Option<&str>, advice: &str) {
        self.add(State::Warning, name, value, code, Some(advice));
    }

    pub(super) fn bad(&mut self, name: &str, value: &str, code: Option<&str>, advice: &str) {
        let state = match self.only_warns {
            true => State::Warning,
            false => State::Bad,
        };
        self.add(state, name, value, code, Some(advice));
    }

    /// How long the check took that was added last.
    pub(super) fn took(&mut self, time: Duration) {
        if let Some(check) = self.checks.last_mut() {
            check.duration_ms = Some((time.as_secs_f64() * 1e5).round() / 100.0);
        }
    }

    fn add(
        &mut self,
        state: State,
        name: &str,
        value: &str,
        code: Option<&str>,
        advice: Option<&str>,
    ) {
        self.checks.push(Check {
            section: self.section.clone(),
            name: name.into(),
            state,
            value: value.into(),
            duration_ms: None,
            code: code.map(Into::into),
            advice: advice.map(Into::into),
        });
    }

    /// Whether nothing is bad.
    pub(super) fn is_well(&self) -> bool {
        self.count(State::Bad) == 0
    }

    fn count(&self, state: State) -> usize {
        self.checks
            .iter()
            .filter(|check| check.state == state)
            .count()
    }

    pub(super) fn write(&self, style: Style) -> String {
        match style {
            Style::Json => {
                #[derive(Serialize)]
                struct Object<'a> {
                    ok: bool,
                    #[serde(flatten)]
                    report: &'a Report,
                }
                let object = Object {
                    ok: self.is_well(),
                    report: self,
                };
                let json = serde_json::to_string_pretty(&object);
                json.expect("a report is always JSON") + "\n"
            }
            Style::Text { colours } => self.text(colours),
        }
    }

    fn text(&self, colours: bool) -> String {
        let names = self.checks.iter().map(|check| check.name.chars().count());
        let width = names.max().unwrap_or_default();
        let mut text = String::new();
        let mut section = "";
        for check in &self.checks {
            if check.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = &check.section;
                text += &format!("{gap}{section}\n");
            }
            let mark = check.state.mark(colours);
            let mut line = format!("  {mark} {:width$}", check.name);
            if let Some(ms) = check.duration_ms {
                write!(line, "  {ms} ms").expect("a string takes whatever is written");
            }
            for word in [&check.value, check.code.as_deref().unwrap_or_default()] {
                if !word.is_empty() {
                    line += &format!("  {word}");
                }
            }
            text += &format!("{line}\n");
            if let Some(advice) = &check.advice {
                text += &format!("      {advice}\n");
            }
        }
        let (bad, warnings) = (self.count(State::Bad), self.count(State::Warning));
        let sum = match (bad, warnings) {
            (0, 0) => "All is well.".into(),
            (0, 1) => "All is well, with 1 warning.".into(),
            (0, _) => format!("All is well, with {warnings} warnings."),
            (1, _) => "1 thing is wrong: what to do stands below it.".into(),
            _ => format!("{bad} things are wrong: what to do stands below each."),
        };
        text + &format!("\n{sum}\n")
    }
}

impl State {
    fn mark(self, colours: bool) -> String {
        let (mark, colour) = match self {
            State::Good => ("✓", 32),
            State::Warning => ("!", 33),
            State::Bad => ("✗", 31),
        };
        match colours {
            true => format!("\u{1b}[{colour}m{mark}\u{1b}[0m"),
            false => mark.into(),
        }
    }
}
