//! What a person sees while a run goes on: a bar, if it is a terminal, and lines above it. Drawn on
//! a thread of its own, so that a terminal that is held up holds nothing else up.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::output::{Notes, PATIENCE};

/// How often the bar is drawn; it is not to be seen before.
const EVERY: Duration = Duration::from_millis(100);

/// Lines that wait to be printed; more are left out, for the summary tells of all.
const WAITING: usize = 1024;

/// How far a run has come.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) finished: AtomicU64,
    pub(super) failed: AtomicU64,
    /// How many tokens there are in all, once that is known.
    pub(super) total: Arc<OnceLock<u64>>,
}

/// Where lines are printed while a run goes on.
pub(super) struct Screen {
    lines: SyncSender<String>,
    thread: JoinHandle<()>,
}

impl Screen {
    /// Starts the thread.
    pub(super) fn start(notes: Notes, progress: Arc<Progress>) -> Self {
        let (lines, to_print) = sync_channel(WAITING);
        Self {
            lines,
            thread: spawn_blocking(move || show(notes, &progress, &to_print)),
        }
    }

    /// Prints a line, which has its end.
    pub(super) fn print(&self, line: String) {
        let _ = self.lines.try_send(line);
    }

    /// Takes the bar away, once all lines are printed; does not wait for long.
    pub(super) async fn close(self) {
        drop(self.lines);
        let _ = timeout(PATIENCE, self.thread).await;
    }
}

fn show(mut notes: Notes, progress: &Progress, lines: &Receiver<String>) {
    let bar = match notes.is_terminal {
        true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
        false => ProgressBar::hidden(),
    };
    bar.set_style(style("{spinner} {human_pos} done  {rate}{msg}  {elapsed}"));
    loop {
        match lines.recv_timeout(EVERY) {
            // Whoever cannot be told now has the summary.
            Ok(line) => drop(bar.suspend(|| notes.write(&line))),
            Err(RecvTimeoutError::Timeout) => draw(&bar, progress, notes.colours),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    bar.finish_and_clear();
}

fn draw(bar: &ProgressBar, progress: &Progress, colours: bool) {
    if let (None, Some(total)) = (bar.length(), progress.total.get()) {
        bar.set_length(*total);
        let template = "{spinner} {wide_bar} {human_pos}/{human_len}  {rate}{msg}  {eta} left";
        bar.set_style(style(template));
    }
    let failed = HumanCount(progress.failed.load(Ordering::Relaxed));
    bar.set_message(match (failed.0, colours) {
        (0, _) => String::new(),
        (_, true) => format!("  \u{1b}[31m{failed} failed\u{1b}[0m"),
        (_, false) => format!("  {failed} failed"),
    });
    bar.set_position(progress.finished.load(Ordering::Relaxed));
    bar.tick();
}

fn style(template: &str) -> ProgressStyle {
    let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
        // It fails only where a string would not take what is written.
        let _ = write!(text, "{:.0}/s", state.per_sec());
    };
    ProgressStyle::with_template(template)
        .expect("the templates are well-formed")
        .with_key("rate", rate)
        .progress_chars("━╸─")
}
