//! A calendar day, as transactions and statements are dated.

use std::{
    fmt,
    ops::Add,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::plaid::time;

const SECONDS: u64 = 24 * 60 * 60;

/// A day in UTC, from 1970-01-01 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i32);

impl Day {
    /// The day of a time.
    pub(crate) fn of(time: SystemTime) -> Self {
        Day(i32::try_from(time::unix(time) / SECONDS).unwrap_or(i32::MAX))
    }

    /// Parses `YYYY-MM-DD`, the only form that Plaid takes. A day before 1970 counts as 1970-01-01.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_shaped {
            return None;
        }
        let parsed = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok();
        // humantime refuses years before 1970, after it has checked month and day.
        match parsed {
            Some(time) => Some(Self::of(time)),
            None if text < "1970" => Self::parse(&format!("2000{}", &text[4..])).map(|_| Day(0)),
            None => None,
        }
    }

    /// Days since 1970-01-01.
    pub(crate) fn number(self) -> i32 {
        self.0
    }

    /// The start of the day.
    pub(crate) fn start(self) -> SystemTime {
        let days = u64::try_from(self.0).unwrap_or_default();
        UNIX_EPOCH + Duration::from_secs(days * SECONDS)
    }

    pub(crate) fn first_of_month(self) -> Self {
        let day = self.to_string()[8..].parse::<i32>().unwrap_or(1);
        self + (1 - day)
    }

    /// The same day of the next month, or that month's last day.
    pub(crate) fn next_month(self) -> Self {
        let text = self.to_string();
        let number = |range: std::ops::Range<usize>| text[range].parse::<i32>().unwrap_or(1);
        let (year, month, day) = (number(0..4), number(5..7), number(8..10));
        let (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
        let same_or_earlier = (1..=day).rev();
        let mut candidates =
            same_or_earlier.filter_map(|day| Day::parse(&format!("{year:04}-{month:02}-{day:02}")));
        candidates.next().unwrap_or(self)
    }
}

impl Add<i32> for Day {
    type Output = Day;

    /// The day that many days later, or earlier.
    fn add(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&time::seconds(self.start())[..10])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_it_is_read() {
        for text in ["1970-01-01", "2000-02-29", "2026-08-21", "9999-12-31"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Day::parse("2026-08-21").unwrap().number(), 20_686);
        assert_eq!(Day::parse("1969-12-31"), Some(Day(0)));
    }

    #[test]
    fn text_that_is_no_day_is_refused() {
        let texts = [
            "",
            "2026-8-21",
            "2026-02-30",
            "1969-02-30",
            "2026-13-01",
            "2026-08-21T00:00:00Z",
            "21-08-2026",
            "ABCDEFG1234567",
            "+026-08-21",
            "2026-08-2\u{661}",
        ];
        for text in texts {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_next_month_has_the_same_day_or_its_last() {
        let next = |text| Day::parse(text).unwrap().next_month().to_string();
        assert_eq!(next("2026-08-21"), "2026-09-21");
        assert_eq!(next("2026-01-31"), "2026-02-28");
        assert_eq!(next("2026-12-31"), "2027-01-31");
    }
}
