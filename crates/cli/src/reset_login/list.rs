//! Where the tokens come from: arguments, a file, or standard input. A list is read as it is
//! needed, on a thread of its own, for reading blocks; at most two pieces of it are held.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    vec,
};

use secrecy::ExposeSecret;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::{
    Options,
    text::printable,
    tokens::{AccessToken, Entry, Lines},
};
use crate::{Notice, output::PATIENCE};

/// What a position in the list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Arguments,
    File,
    StandardInput,
}

/// The tokens of a run, in their order.
pub(super) struct List {
    pub(super) origin: Origin,
    batch: vec::IntoIter<Entry>,
    more: mpsc::Receiver<io::Result<Vec<Entry>>>,
    last: u64,
    /// How many tokens there are in all, once that is known.
    pub(super) total: Arc<OnceLock<u64>>,
    /// Counts them, in a file that is read again for it.
    counting: Option<JoinHandle<()>>,
}

impl List {
    /// The list that `options` name.
    ///
    /// # Errors
    ///
    /// A [`Notice`] of wrong usage if there is none.
    pub(super) async fn open(options: &Options) -> Result<Self, Notice> {
        match (&options.file, &options.tokens[..]) {
            (Some(path), _) if path.as_os_str() == "-" => Ok(Self::of_standard_input()),
            (Some(path), _) => Self::of_file(path.clone()).await,
            (None, []) if io::stdin().is_terminal() => Err(Notice::usage(
                "no token is given: pipe tokens in, a line each, or name their file with --file; - \
                 stands for the terminal",
            )),
            (None, []) => Ok(Self::of_standard_input()),
            (None, tokens) => {
                let has_dash = tokens.iter().any(|token| token.0.expose_secret() == "-");
                match (has_dash, tokens.len()) {
                    (true, 1) => Ok(Self::of_standard_input()),
                    (true, _) => Err(Notice::usage(
                        "- stands for standard input, and stands alone: leave the other tokens out",
                    )),
                    (false, _) => Ok(Self::of_arguments(tokens)),
                }
            }
        }
    }

    fn of_arguments(tokens: &[AccessToken]) -> Self {
        let entries: Vec<Entry> = (1..)
            .zip(tokens)
            .map(|(position, token)| Entry::new(position, token.0.expose_secret().as_bytes()))
            .collect();
        let (_, no_more) = mpsc::channel(1);
        Self {
            origin: Origin::Arguments,
            total: Arc::new(OnceLock::from(entries.len() as u64)),
            counting: None,
            batch: entries.into_iter(),
            more: no_more,
            last: 0,
        }
    }

    async fn of_file(path: PathBuf) -> Result<Self, Notice> {
        let shown = printable(&path.to_string_lossy());
        let unreadable = |error: &io::Error| {
            Notice::usage(format_args!("--file: {shown} cannot be read: {error}"))
        };
        let opened = spawn_blocking(move || open(&path)).await;
        let (file, again) = opened
            .map_err(io::Error::from)
            .flatten()
            .map_err(|error| unreadable(&error))?;
        let mut list = Self::of_lines(Origin::File, file);
        list.counting = again.map(|again| {
            let total = list.total.clone();
            spawn_blocking(move || {
                if let Ok(counted) = count(again) {
                    let _ = total.set(counted);
                }
            })
        });
        Ok(list)
    }

    fn of_standard_input() -> Self {
        Self::of_lines(Origin::StandardInput, io::stdin())
    }

    fn of_lines(origin: Origin, reader: impl Read + Send + 'static) -> Self {
        let (sender, more) = mpsc::channel(1);
        // Nobody waits for its end: a read may take for ever.
        spawn_blocking(move || {
            let mut lines = Lines::new(reader);
            while let Some(batch) = lines.next_batch().transpose() {
                let is_last = batch.is_err();
                if sender.blocking_send(batch).is_err() || is_last {
                    return;
                }
            }
        });
        Self {
            origin,
            batch: Vec::new().into_iter(),
            more,
            last: 0,
            total: Arc::default(),
            counting: None,
        }
    }

    /// The next token, or what is in its place; `None` at the end. Nothing is lost when the wait is
    /// given up.
    pub(super) async fn next(&mut self) -> Option<io::Result<Entry>> {
        loop {
            if let Some(entry) = self.batch.next() {
                self.last = entry.position;
                return Some(Ok(entry));
            }
            match self.more.recv().await? {
                Ok(batch) => self.batch = batch.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Where to go on if nothing more is taken.
    pub(super) fn next_position(&self) -> u64 {
        let next = self.batch.as_slice().first();
        next.map_or(self.last + 1, |entry| entry.position)
    }

    /// How many tokens there are in all. Waits for the count, though not for long.
    pub(super) async fn total(&mut self) -> Option<u64> {
        if let Some(counting) = self.counting.take() {
            let _ = timeout(PATIENCE, counting).await;
        }
        self.total.get().copied()
    }
}

/// Opens a file, and once more to count its tokens if it can be read twice.
fn open(path: &Path) -> io::Result<(File, Option<File>)> {
    let file = File::open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let again = kind.is_file().then(|| File::open(path)).transpose()?;
    Ok((file, again))
}

fn count(file: File) -> io::Result<u64> {
    let mut lines = Lines::new(file);
    let mut total = 0;
    while let Some(batch) = lines.next_batch()? {
        total += batch.len() as u64;
    }
    Ok(total)
}
