//! The lines that a server prints of what happens in it: text for people, JSON for programs.

use std::{fmt::Write, time::SystemTime};

use clap::ValueEnum;
use serde_json::Value;
use utdk_plaid_sandbox::{Attempt, Outcome};

use crate::output::Output;

/// How a server prints what happens in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines of words and `name=value` pairs.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

impl LogFormat {
    pub(crate) fn style(self, output: &Output) -> Style {
        match self {
            LogFormat::Json => Style::Json,
            LogFormat::Text if output.colours() => Style::Colours,
            LogFormat::Text => Style::Plain,
        }
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Text.
    Plain,
    /// Text in colours.
    Colours,
    /// JSON.
    Json,
}

/// A line of text: words, then `name=value` pairs.
pub(crate) struct Text {
    line: String,
    colours: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
}

impl Text {
    pub(crate) fn new(colours: bool) -> Self {
        Text {
            line: String::new(),
            colours,
        }
    }

    pub(crate) fn word(&mut self, word: &str) {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(word);
    }

    pub(crate) fn painted(&mut self, word: &str, colour: Colour) {
        match self.colours {
            true => self.word(&format!("\u{1b}[{}m{word}\u{1b}[0m", colour as u8)),
            false => self.word(word),
        }
    }

    /// An HTTP status, coloured by what it means.
    pub(crate) fn status(&mut self, status: u16) {
        let colour = match status {
            0..400 => Colour::Green,
            _ => Colour::Red,
        };
        self.painted(&status.to_string(), colour);
    }

    pub(crate) fn pair(&mut self, name: &str, value: &str) {
        self.word(name);
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=');
        let written = match !value.is_empty() && value.bytes().all(is_plain) {
            true => write!(self.line, "={value}"),
            false => write!(self.line, "={value:?}"),
        };
        written.expect("a string takes whatever is written");
    }

    pub(crate) fn pair_of(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.pair(name, value);
        }
    }

    pub(crate) fn missed(&mut self, events: u64) {
        self.word("missed");
        self.pair("events", &events.to_string());
        self.pair("reason", "they came faster than they were read");
    }

    pub(crate) fn end(mut self) -> String {
        self.line.push('\n');
        self.line
    }
}

/// An instant as the Sandbox writes it, which it does in its records alone.
pub(crate) fn written(at: SystemTime) -> String {
    let record = Attempt {
        at,
        verification: String::new(),
        outcome: Outcome::Delivered { status: 200 },
    };
    match serde_json::to_value(record) {
        Ok(Value::Object(mut record)) => match record.remove("at") {
            Some(Value::String(at)) => at,
            _ => String::new(),
        },
        _ => String::new(),
    }
}
