//! Instants, and the two ways Plaid writes them: to the second and to the millisecond. Which
//! instant it is, the clock says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serializer;

/// Seconds since 1970; a clock before then counts as 1970.
pub(crate) fn unix(time: SystemTime) -> u64 {
    since_epoch(time).as_secs()
}

/// `2026-09-07T16:44:22Z`
pub(crate) fn seconds(time: SystemTime) -> String {
    format!("{}Z", date_and_time(time))
}

/// `2026-09-10T22:15:13.382Z`
pub(crate) fn milliseconds(time: SystemTime) -> String {
    let milliseconds = since_epoch(time).subsec_millis();
    format!("{}.{milliseconds:03}Z", date_and_time(time))
}

/// For serde: an instant as [`milliseconds`] writes it.
pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&milliseconds(*time))
}

/// For serde: an instant as [`milliseconds`] writes it, or null.
pub(crate) fn serialize_option<S: Serializer>(
    time: &Option<SystemTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize(time, to),
        None => to.serialize_none(),
    }
}

fn date_and_time(time: SystemTime) -> String {
    let unix = unix(time);
    let (year, month, day) = date(unix / 86_400);
    let (hour, minute, second) = (unix / 3600 % 24, unix / 60 % 60, unix % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date that lies `days` after 1970-01-01. Years are counted from March, so that a
/// leap day is the last day of its year, and months follow one straight line.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = match months_since_march {
        0..=9 => months_since_march + 3,
        _ => months_since_march - 9,
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_plaid_writes_them() {
        let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(seconds(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(seconds(at(951_782_400_000)), "2000-02-29T00:00:00Z");
        assert_eq!(seconds(at(1_798_761_599_000)), "2026-12-31T23:59:59Z");
        assert_eq!(
            milliseconds(at(1_789_078_513_382)),
            "2026-09-10T22:15:13.382Z"
        );
    }
}
