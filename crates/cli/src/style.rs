//! How a command prints: as plain text, as text with colours, or as JSON. The only module that
//! knows ANSI codes.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// How results and log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrintStyle {
    Plain,
    Colours,
    Json,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

impl PrintStyle {
    /// JSON if it was asked for; otherwise text, with colours where `colours` allows them.
    pub(crate) fn new(json: bool, colours: bool) -> Self {
        match (json, colours) {
            (true, _) => PrintStyle::Json,
            (false, true) => PrintStyle::Colours,
            (false, false) => PrintStyle::Plain,
        }
    }

    /// `text`, in `style` where this has colours.
    pub(crate) fn paint(self, style: Style, text: impl Display) -> String {
        match self {
            PrintStyle::Colours => format!("{style}{text}{style:#}"),
            PrintStyle::Plain | PrintStyle::Json => text.to_string(),
        }
    }
}
