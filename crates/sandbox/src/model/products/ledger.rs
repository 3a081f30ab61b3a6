//! The transactions of one Item over time: none at first, then the last 30 days, then the whole
//! history, then new ones day by day.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    time::{Duration, SystemTime},
};

use super::{
    day::Day,
    feed::{Change, Cursor, Keyed, Page, page},
    own_transactions::{OwnTransactions, Refreshed},
    transaction::Transaction,
    transactions::{INITIAL_DAYS, batch},
};

/// The most days of history that a request can ask for (documented).
pub(crate) const MAX_DAYS: i32 = 730;

/// The default days of history (documented).
pub(crate) const DEFAULT_DAYS: i32 = 90;

/// The initial update comes 2 to 6 seconds after the product was added (observed).
const INITIAL_AFTER: Duration = Duration::from_secs(5);

/// The historical update comes within about a minute (documented).
const HISTORICAL_AFTER: Duration = Duration::from_secs(60);

/// The accounts with transactions, in their order.
const MASKS: [&str; 5] = ["0000", "1111", "2222", "3333", "4444"];

/// How an Item's transactions arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// All at once. No webhook of transactions is fired unless a request asks for it. Most tests
    /// need this.
    #[default]
    Ready,
    /// As at Plaid: the initial update after 5 seconds, the historical update after a minute,
    /// new transactions daily, each with its webhooks.
    AsPlaid,
}

/// How much of an Item's history there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    NotReady,
    Initial,
    Historical,
}

/// One Item's transactions. Those of the grid follow from when they started: nothing is stored per
/// row.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// When the product was added.
    started_at: SystemTime,
    days: i32,
    arrival: Arrival,
    /// Instead of the grid.
    own: Option<Box<OwnTransactions>>,
    /// How many changes of `own` there were when it started.
    own_at_start: usize,
    /// The last day that a webhook covered.
    covered_until: Day,
    /// Whether `/transactions/sync` was called for the Item: only then SYNC_UPDATES_AVAILABLE is
    /// fired (documented).
    pub(crate) is_synced: bool,
}

impl Ledger {
    /// The transactions of a product that was added at `started_at`.
    pub(crate) fn new(
        started_at: SystemTime,
        days: i32,
        arrival: Arrival,
        own: Option<OwnTransactions>,
    ) -> Self {
        Ledger {
            started_at,
            days: days.clamp(1, MAX_DAYS),
            arrival,
            own_at_start: own.as_ref().map_or(0, |own| own.changes().count()),
            own: own.map(Box::new),
            covered_until: Day::of(started_at),
            is_synced: false,
        }
    }

    pub(crate) fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// When the initial and the historical update are complete.
    pub(crate) fn updates(&self) -> [SystemTime; 2] {
        match self.arrival {
            Arrival::Ready => [self.started_at; 2],
            Arrival::AsPlaid => {
                [INITIAL_AFTER, HISTORICAL_AFTER].map(|after| self.started_at + after)
            }
        }
    }

    pub(crate) fn progress(&self, now: SystemTime) -> Progress {
        let [initial, historical] = self.updates();
        match () {
            () if now >= historical => Progress::Historical,
            () if now >= initial => Progress::Initial,
            () => Progress::NotReady,
        }
    }

    /// Every change until `now`. While the historical update is fetched, Plaid's Sandbox sends the
    /// rows of the initial update again as modified (observed).
    pub(crate) fn changes(&self, now: SystemTime) -> Vec<Change<Transaction<'_>>> {
        let progress = self.progress(now);
        if progress == Progress::NotReady {
            return Vec::new();
        }
        let start = Day::of(self.started_at);
        let recent = start + -INITIAL_DAYS.min(self.days);
        let oldest = start + -self.days;
        let initial = self.first_batch(recent..=Day::of(now));
        let mut changes: Vec<_> = initial.iter().copied().map(Change::Added).collect();
        if progress == Progress::Initial {
            return changes;
        }
        let history = self.first_batch(oldest..=recent + -1);
        changes.extend(history.into_iter().map(Change::Added));
        if self.arrival == Arrival::AsPlaid {
            changes.extend(initial.into_iter().map(Change::Modified));
        }
        changes.extend(self.later_changes(start, Day::of(now)));
        changes
    }

    /// The rows of an update in these days. Those of the grid end with the day it started.
    fn first_batch(&self, days: RangeInclusive<Day>) -> Vec<Transaction<'_>> {
        let Some(own) = &self.own else {
            let last = Day::of(self.started_at).min(*days.end());
            let rows = batch(*days.start()..=last, &MASKS).into_iter();
            return rows.map(Transaction::Grid).collect();
        };
        let first = own.changes().take(self.own_at_start).map(Change::row);
        first.filter(|row| days.contains(&row.date())).collect()
    }

    /// What happened after the first updates: new days of the grid, or refreshes.
    fn later_changes(&self, start: Day, today: Day) -> Vec<Change<Transaction<'_>>> {
        if let Some(own) = &self.own {
            return own.changes().skip(self.own_at_start).collect();
        }
        let days = (1..=today.number() - start.number()).map(|after| start + after);
        let rows = days.flat_map(|day| batch(day..=day, &MASKS));
        rows.map(|row| Change::Added(Transaction::Grid(row)))
            .collect()
    }

    /// How many transactions the initial update brings.
    pub(crate) fn initial_count(&self) -> usize {
        let start = Day::of(self.started_at);
        self.first_batch(start + -INITIAL_DAYS.min(self.days)..=start)
            .len()
    }

    /// How many transactions the historical update brings.
    pub(crate) fn historical_count(&self) -> usize {
        let start = Day::of(self.started_at);
        self.first_batch(start + -self.days..=start).len() - self.initial_count()
    }

    /// How many transactions of the grid are new since this was last asked. Not those of the first
    /// day: the initial update covers them.
    pub(crate) fn take_new_days(&mut self, now: SystemTime) -> usize {
        let today = Day::of(now);
        let new = batch(self.covered_until + 1..=today, &MASKS);
        self.covered_until = today;
        if self.own.is_some() { 0 } else { new.len() }
    }

    /// Changes the transactions of the dynamic user as a refresh does.
    pub(crate) fn refresh(&mut self, now: SystemTime, seed: u64) -> Refreshed {
        match &mut self.own {
            Some(own) => own.refresh(Day::of(now), seed),
            None => Refreshed::default(),
        }
    }

    /// The transactions of the dynamic user.
    pub(crate) fn dynamic(&mut self) -> Option<&mut OwnTransactions> {
        self.own.as_deref_mut().filter(|own| own.is_dynamic())
    }

    /// The transactions at `now`, newest first.
    pub(crate) fn rows(&self, now: SystemTime) -> Vec<Transaction<'_>> {
        let mut current = HashMap::new();
        for change in self.changes(now) {
            let row = change.row();
            match change {
                Change::Added(_) | Change::Modified(_) => current.insert(row.key(), row),
                Change::Removed(_) => current.remove(&row.key()),
            };
        }
        let mut rows: Vec<_> = current.into_values().collect();
        rows.sort_unstable_by_key(|row| row.newest_first());
        rows
    }

    /// The page of at most `count` changes from `cursor` on, of all accounts or of the one with this
    /// mask.
    pub(crate) fn page(
        &self,
        now: SystemTime,
        mask: Option<&str>,
        cursor: Cursor,
        count: usize,
    ) -> Page<Transaction<'_>> {
        page(&self.changes_of(now, mask), cursor, count)
    }

    /// A cursor of `stream` after every change until `now`.
    pub(crate) fn end(&self, now: SystemTime, mask: Option<&str>, stream: u64) -> Cursor {
        Cursor::after(stream, self.changes_of(now, mask).len())
    }

    fn changes_of(&self, now: SystemTime, mask: Option<&str>) -> Vec<Change<Transaction<'_>>> {
        let mut changes = self.changes(now);
        if let Some(mask) = mask {
            changes.retain(|change| change.row().mask() == mask);
        }
        changes
    }
}
