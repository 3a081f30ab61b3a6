//! The grid by which Plaid's Sandbox dates its rows: each kind recurs at a fixed interval, counted
//! from 1970-01-01 and not from an Item's creation (observed).

use std::ops::RangeInclusive;

use super::day::Day;

/// The days of `window` with `number % period == remainder`, newest first.
pub(crate) fn days(
    window: &RangeInclusive<Day>,
    period: i32,
    remainder: i32,
) -> impl Iterator<Item = Day> {
    let first = *window.start();
    let newest = *window.end() + -(window.end().number() - remainder).rem_euclid(period);
    std::iter::successors(Some(newest), move |day| Some(*day + -period))
        .take_while(move |day| *day >= first)
}
