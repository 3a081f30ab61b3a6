//! The calls of a run: a limited number in flight, and none started once there is a reason to end.

use std::{
    panic::resume_unwind,
    pin::{Pin, pin},
    sync::Arc,
};

use futures_util::future::FusedFuture;
use secrecy::SecretString;
use tokio::{select, task::JoinSet, time::Instant};
use utdk_plaid_client::{Client, ResetLogin};

use super::{
    finished::Finished,
    list::{Entry, List},
    pace::Pace,
    report::Report,
    summary::End,
};
use crate::{
    output::{Permit, Printer},
    style::PrintStyle,
};

/// What a run consists of.
pub(super) struct Run {
    pub(super) client: Client,
    pub(super) concurrency: usize,
    pub(super) list: List,
    pub(super) printer: Printer,
    pub(super) report: Report,
}

impl Run {
    /// Calls for each token of the list, and reports each as it finishes. A call starts only with a
    /// permit to print its result, so a call that finishes never waits for the reader.
    pub(super) async fn call_all(
        &mut self,
        mut stop: Pin<&mut impl FusedFuture<Output = ()>>,
    ) -> End {
        let pace = Arc::new(Pace::new());
        let mut calls = JoinSet::new();
        let mut end = None;
        let mut unread = pin!(self.printer.unread());
        loop {
            let is_early = !matches!(end, None | Some(End::Done));
            match end {
                Some(end) if calls.is_empty() => return end,
                _ if is_early => pace.close(),
                _ => {}
            }
            select! {
                biased;
                () = &mut stop => {
                    if !is_early {
                        end = Some(End::Interrupted);
                    }
                    self.report.stopping(calls.len());
                }
                Some(call) = calls.join_next() => {
                    let (position, finished, permit) =
                        call.unwrap_or_else(|error| resume_unwind(error.into_panic()));
                    self.report.limited(&pace);
                    match finished {
                        None => self.list.put_back(position),
                        Some(finished) => if self.report.add(finished, permit) && !is_early {
                            end = Some(End::GaveUp);
                        },
                    }
                }
                () = &mut unread, if !is_early && self.report.style == PrintStyle::Json => {
                    end = Some(End::Unread);
                }
                permit = self.printer.permit(), if end.is_none() && calls.len() < self.concurrency => {
                    match (permit, self.list.next()) {
                        (None, _) => end = Some(End::Unread),
                        (_, None) => end = Some(End::Done),
                        (Some(permit), Some(Entry { position, token: Ok(token) })) => {
                            calls.spawn(call(self.client.clone(), pace.clone(), position, token, permit));
                        }
                        (Some(permit), Some(Entry { position, token: Err(defect) })) => {
                            self.report.add(Finished::refused(position, defect), permit);
                        }
                    }
                }
            }
        }
    }
}

/// Calls for one token, at the pace of the run; nothing if the run ends before the server lets it
/// through.
async fn call(
    client: Client,
    pace: Arc<Pace>,
    position: u64,
    token: SecretString,
    permit: Permit,
) -> (u64, Option<Finished>, Permit) {
    let mut attempts = 0;
    while pace.start().await {
        let started = Instant::now();
        let mut outcome = client.reset_login(ResetLogin::new(token.clone())).await;
        attempts += outcome.attempts;
        outcome.attempts = attempts;
        let is_limited = outcome.status == Some(429);
        if is_limited && pace.limited(started, outcome.retry_after) {
            continue;
        }
        if !is_limited && outcome.status.is_some() {
            pace.passed(started);
        }
        let mut finished = Finished::called(position, &token, outcome, started.elapsed());
        finished.is_of_all |= is_limited;
        return (position, Some(finished), permit);
    }
    (position, None, permit)
}
