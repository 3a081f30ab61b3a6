//! A calendar day, as transactions and statements are dated.

use std::{fmt, ops::Add, time::SystemTime};

use jiff::civil::{Date, date};

/// A day, counted from 1970-01-01 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i32);

impl Day {
    /// The day in UTC that `time` falls on.
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let days = since.unwrap_or_default().as_secs() / (24 * 60 * 60);
        Day(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// Parses `YYYY-MM-DD`, the only form that Plaid takes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let parsed: Date = text.parse().ok().filter(|_| is_shaped)?;
        Some(Self::of_date(parsed))
    }

    /// Days since 1970-01-01.
    pub(crate) fn number(self) -> i32 {
        self.0
    }

    /// The same day of the next month, or that month's last day.
    pub(crate) fn next_month(self) -> Self {
        let next = self.date().checked_add(jiff::Span::new().months(1));
        next.map_or(self, Self::of_date)
    }

    fn of_date(day: Date) -> Self {
        let since = day.duration_since(EPOCH).as_hours() / 24;
        Day(i32::try_from(since).unwrap_or(i32::MAX))
    }

    fn date(self) -> Date {
        let span = jiff::SignedDuration::from_hours(i64::from(self.0) * 24);
        EPOCH.saturating_add(span)
    }
}

const EPOCH: Date = date(1970, 1, 1);

impl Add<i32> for Day {
    type Output = Day;

    /// The day so many days later, or earlier.
    fn add(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let date = self.date();
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            date.year(),
            date.month(),
            date.day()
        )
    }
}
