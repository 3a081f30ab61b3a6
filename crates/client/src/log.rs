//! The log of attempts, for a person who looks for what goes wrong. It has no secrets: no header, no
//! body, and errors as they are reported.

use std::time::Duration;

use crate::error::Error;

/// Where the attempts of a client's calls are logged.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// How much is written.
    pub level: Level,
    /// Gets each line, without its end, on the thread of the call.
    pub write: fn(&str),
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The end of each attempt.
    Info,
    /// Its start too, and each wait before the next one.
    Debug,
}

impl Log {
    pub(crate) fn started(self, attempt: u32, host: &str) {
        self.debug(|| format!("attempt {attempt}: POST to {host}"));
    }

    pub(crate) fn ended(
        self,
        attempt: u32,
        status: Option<u16>,
        error: Option<&Error>,
        took: Duration,
    ) {
        let ms = took.as_millis();
        let status = status.map_or_else(|| "no reply".to_owned(), |status| status.to_string());
        let error = error.map_or_else(String::new, |error| format!(": {error}"));
        (self.write)(&format!("attempt {attempt}: {status} after {ms} ms{error}"));
    }

    pub(crate) fn waits(self, wait: Duration) {
        self.debug(|| format!("the next attempt is in {} ms", wait.as_millis()));
    }

    fn debug(self, line: impl FnOnce() -> String) {
        if self.level == Level::Debug {
            (self.write)(&line());
        }
    }
}
