//! The calls of a run: so many in flight at most, and no more begun once there is a reason to end.

use std::{
    panic::resume_unwind,
    pin::{Pin, pin},
    time::Instant,
};

use secrecy::ExposeSecret;
use tokio::{select, task::JoinSet};
use utdk_plaid_client::{Client, ResetLogin};

use super::{
    finished::{Finished, Style},
    list::List,
    report::Report,
    summary::End,
    text::{end_of, printable},
    tokens::{AccessToken, Entry},
};
use crate::output::{Printer, Room};

/// The wish to stop, which comes once.
pub(super) struct Stop<'a, F> {
    wish: Pin<&'a mut F>,
    has_come: bool,
}

impl<'a, F: Future<Output = ()>> Stop<'a, F> {
    pub(super) fn new(wish: Pin<&'a mut F>) -> Self {
        Self {
            wish,
            has_come: false,
        }
    }

    /// Resolves when it comes, or at once if it has.
    pub(super) async fn come(&mut self) {
        if !self.has_come {
            self.wish.as_mut().await;
            self.has_come = true;
        }
    }
}

/// Resets the login of each token of the list, and reports each as it finishes. A call is begun only
/// with room to print what becomes of it, so that it need not wait for whoever reads.
pub(super) async fn call_all(
    client: &Client,
    concurrency: usize,
    list: &mut List,
    printer: &Printer,
    report: &mut Report,
    stop: &mut Stop<'_, impl Future<Output = ()>>,
) -> End {
    let mut in_flight = JoinSet::new();
    let mut end = None;
    let mut unread = pin!(printer.unread());
    loop {
        let may_begin = match end {
            Some(end) if in_flight.is_empty() => return end,
            Some(_) => false,
            None => in_flight.len() < concurrency,
        };
        select! {
            biased;
            () = stop.come(), if !stop.has_come => {
                end.get_or_insert(End::Interrupted);
                report.stopping(in_flight.len());
            }
            Some(call) = in_flight.join_next() => {
                let (finished, room) = call.unwrap_or_else(|error| resume_unwind(error.into_panic()));
                if let Some(hopeless) = report.add(finished, room) {
                    end.get_or_insert(End::GaveUp(hopeless));
                }
            }
            () = &mut unread, if end.is_none() && report.style == Style::Json => {
                end = Some(End::Unread);
            }
            next = next(list, printer), if may_begin => match next {
                Ok((Entry { position, token: Ok(token) }, room)) => {
                    in_flight.spawn(call(client.clone(), position, token, room));
                }
                Ok((Entry { position, token: Err(defect) }, room)) => {
                    report.add(Finished::refused(position, defect), room);
                }
                Err(why) => end = Some(why),
            },
        }
    }
}

/// The next token, and room to print what becomes of it; or why there is none.
async fn next(list: &mut List, printer: &Printer) -> Result<(Entry, Room), End> {
    let room = printer.room().await.ok_or(End::Unread)?;
    match list.next().await {
        Some(Ok(entry)) => Ok((entry, room)),
        Some(Err(error)) => Err(End::Unreadable(printable(&error.to_string()))),
        None => Err(End::Done),
    }
}

async fn call(
    client: Client,
    position: u64,
    AccessToken(token): AccessToken,
    room: Room,
) -> (Finished, Room) {
    let shown = end_of(token.expose_secret());
    let begun = Instant::now();
    let outcome = client.reset_login(ResetLogin::new(token)).await;
    let took = begun.elapsed();
    (Finished::called(position, shown, outcome, took), room)
}
