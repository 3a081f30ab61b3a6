//! The calls of a run: a limited number in flight, and none started once there is a reason to end.

use std::{
    panic::resume_unwind,
    pin::{Pin, pin},
    time::Instant,
};

use futures_util::future::FusedFuture;
use secrecy::SecretString;
use tokio::{select, task::JoinSet};
use utdk_plaid_client::{Client, ResetLogin};

use super::{
    finished::Finished,
    list::{Entry, List},
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
        let mut calls = JoinSet::new();
        let mut end = None;
        let mut unread = pin!(self.printer.unread());
        loop {
            let may_start = match end {
                Some(end) if calls.is_empty() => return end,
                Some(_) => false,
                None => calls.len() < self.concurrency,
            };
            select! {
                biased;
                () = &mut stop => {
                    end.get_or_insert(End::Interrupted);
                    self.report.stopping(calls.len());
                }
                Some(call) = calls.join_next() => {
                    let (finished, permit) =
                        call.unwrap_or_else(|error| resume_unwind(error.into_panic()));
                    if self.report.add(finished, permit) {
                        end.get_or_insert(End::GaveUp);
                    }
                }
                () = &mut unread, if end.is_none() && self.report.style == PrintStyle::Json => {
                    end = Some(End::Unread);
                }
                permit = self.printer.permit(), if may_start => match (permit, self.list.next()) {
                    (None, _) => end = Some(End::Unread),
                    (_, None) => end = Some(End::Done),
                    (Some(permit), Some(Entry { position, token: Ok(token) })) => {
                        calls.spawn(call(self.client.clone(), position, token, permit));
                    }
                    (Some(permit), Some(Entry { position, token: Err(defect) })) => {
                        self.report.add(Finished::refused(position, defect), permit);
                    }
                },
            }
        }
    }
}

async fn call(
    client: Client,
    position: u64,
    token: SecretString,
    permit: Permit,
) -> (Finished, Permit) {
    let started = Instant::now();
    let outcome = client.reset_login(ResetLogin::new(token.clone())).await;
    let finished = Finished::called(position, &token, outcome, started.elapsed());
    (finished, permit)
}
