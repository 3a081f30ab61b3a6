//! Plaid's two date formats: to the second and to the millisecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serializer;

/// The last instant of the year 9999, in seconds since 1970: the format has four digits for a year.
pub(crate) const LAST_INSTANT: Duration = Duration::from_secs(253_402_300_799);

/// Seconds since 1970; a time before 1970 counts as 1970.
pub(crate) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// `2026-09-07T16:44:22Z`
pub(crate) fn seconds(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(writable(time)).to_string()
}

/// `2026-09-10T22:15:13.382Z`
pub(crate) fn milliseconds(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(writable(time)).to_string()
}

/// For serde: [`milliseconds`].
pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_rfc3339_millis(writable(*time)))
}

/// For serde: in milliseconds, to the microsecond.
pub(crate) fn serialize_millis<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_micros() as f64 / 1000.0)
}

/// The nearest time from 1970 to 9999: humantime fails outside of these years.
fn writable(time: SystemTime) -> SystemTime {
    time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST_INSTANT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_plaid_writes_them() {
        let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(seconds(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(seconds(at(951_782_400_000)), "2000-02-29T00:00:00Z");
        assert_eq!(seconds(at(1_798_761_599_999)), "2026-12-31T23:59:59Z");
        assert_eq!(
            milliseconds(at(1_789_078_513_382)),
            "2026-09-10T22:15:13.382Z"
        );
    }

    #[test]
    fn a_date_outside_of_1970_to_9999_is_written_as_the_nearest_inside() {
        let second = Duration::from_secs(1);
        assert_eq!(seconds(UNIX_EPOCH - second), "1970-01-01T00:00:00Z");
        let after = UNIX_EPOCH + LAST_INSTANT + second;
        assert_eq!(seconds(after), "9999-12-31T23:59:59Z");
        assert_eq!(milliseconds(after), "9999-12-31T23:59:59.000Z");
    }
}
