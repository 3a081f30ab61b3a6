//! Where a command prints. Writing blocks for as long as the reader takes, so a thread of its own
//! does it: a slow reader holds up only what it reads.

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    thread,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::{Notice, text::reason};

/// How many texts can wait to be written. With more, printing waits.
const WAITING: usize = 1024;

/// Texts are written together up to about this many bytes.
const AT_ONCE: usize = 16 << 10;

/// How long the last texts may take when a command ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Which streams of a process show colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Colours {
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

impl Colours {
    /// The streams of this process that are terminals, if colours are allowed.
    pub fn of_process(allowed: bool) -> Self {
        Self {
            stdout: allowed && io::stdout().is_terminal(),
            stderr: allowed && io::stderr().is_terminal(),
        }
    }
}

/// Where a command prints.
pub struct Output {
    writer: Box<dyn Write + Send>,
    is_terminal: bool,
    colours: bool,
    reader: reader::Watched,
    notes: Notes,
}

/// Where a command prints what is not a result, such as its progress.
pub(crate) struct Notes {
    pub(crate) writer: Box<dyn Write + Send>,
    pub(crate) is_terminal: bool,
    pub(crate) colours: bool,
}

impl Output {
    /// Prints to `writer`, without colours, and drops notes. Each text is written at once.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Output {
            writer: Box::new(writer),
            is_terminal: false,
            colours: false,
            reader: reader::Watched::default(),
            notes: Notes::to(io::sink()),
        }
    }

    /// Prints notes to `writer`.
    #[must_use]
    pub fn with_notes(self, writer: impl Write + Send + 'static) -> Self {
        Output {
            notes: Notes::to(writer),
            ..self
        }
    }

    /// Prints to standard output, and notes to standard error.
    pub fn stdout(colours: Colours) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Output {
            is_terminal: stdout.is_terminal(),
            colours: colours.stdout,
            reader: reader::Watched::stdout(),
            notes: Notes {
                is_terminal: stderr.is_terminal(),
                colours: colours.stderr,
                writer: Box::new(stderr),
            },
            writer: Box::new(stdout),
        }
    }

    /// Whether it prints to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether it prints colours.
    pub(crate) fn colours(&self) -> bool {
        self.colours
    }

    /// Takes the place for notes out.
    pub(crate) fn take_notes(&mut self) -> Notes {
        std::mem::replace(&mut self.notes, Notes::to(io::sink()))
    }

    /// Starts the thread.
    pub(crate) fn start(self) -> Printer {
        let (lines, to_write) = mpsc::channel(WAITING);
        let writer = self.writer;
        Printer {
            lines,
            thread: spawn_blocking(move || write_lines(to_write, writer)),
            reader: self.reader,
        }
    }
}

impl Notes {
    /// Without colours.
    pub(crate) fn to(writer: impl Write + Send + 'static) -> Self {
        Notes {
            writer: Box::new(writer),
            is_terminal: false,
            colours: false,
        }
    }

    /// Writes `text`, however long that takes.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        write_text(&mut self.writer, text)
    }
}

/// Prints lines in their order.
pub(crate) struct Printer {
    lines: mpsc::Sender<String>,
    thread: JoinHandle<io::Result<()>>,
    reader: reader::Watched,
}

impl Printer {
    /// Prints `text`, which ends with the end of a line. Waits while too many texts wait.
    pub(crate) async fn print(&self, text: String) {
        // It fails when nothing can be written any more: `unread` and `finish` report that.
        let _ = self.lines.send(text).await;
    }

    /// Waits for a permit to print one text; `None` when nothing can be written any more.
    pub(crate) async fn permit(&self) -> Option<Permit> {
        self.lines.clone().reserve_owned().await.ok().map(Permit)
    }

    /// Resolves when the reader has left, or nothing can be written.
    pub(crate) async fn unread(&self) {
        tokio::select! {
            () = self.lines.closed() => {}
            () = self.reader.left() => {}
        }
    }

    /// Prints `text`, which is all there is to print, and waits until it is written.
    ///
    /// # Errors
    ///
    /// A [`Notice`] of why it could not be written.
    pub(crate) async fn print_all(self, text: String) -> Result<(), Notice> {
        self.print(text).await;
        let written = self.finish_all().await;
        written.map_err(|error| {
            Notice::failure(format_args!("cannot write the output: {}", reason(&error)))
        })
    }

    /// Waits for the last texts to be written, but not for long: the reader may have stalled.
    ///
    /// # Errors
    ///
    /// Why texts could not be written, unless the reader has left.
    pub(crate) async fn finish(self) -> io::Result<()> {
        timeout(PATIENCE, self.finish_all()).await.unwrap_or(Ok(()))
    }

    /// Waits for the last texts to be written, however long that takes.
    pub(crate) async fn finish_all(self) -> io::Result<()> {
        drop(self.lines);
        match self.thread.await {
            Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// A permit to print a line, or lines, without waiting.
pub(crate) struct Permit(mpsc::OwnedPermit<String>);

impl Permit {
    /// Prints `text`, which ends with the end of a line.
    pub(crate) fn print(self, text: String) {
        self.0.send(text);
    }
}

fn write_lines(
    mut lines: mpsc::Receiver<String>,
    mut writer: Box<dyn Write + Send>,
) -> io::Result<()> {
    while let Some(mut text) = lines.blocking_recv() {
        while text.len() < AT_ONCE
            && let Ok(more) = lines.try_recv()
        {
            text.push_str(&more);
        }
        write_text(&mut writer, &text)?;
    }
    Ok(())
}

fn write_text(writer: &mut impl Write, text: &str) -> io::Result<()> {
    let mut left = text.as_bytes();
    while !left.is_empty() {
        match patiently(|| writer.write(left))? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => left = &left[written..],
        }
    }
    patiently(|| writer.flush())
}

/// Waits for a pipe that does not block as if it did: Node makes its own pipes non-blocking.
pub(crate) fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(5));
            }
            ended => return ended,
        }
    }
}

/// Notices that the reader of a pipe has left, also while there is nothing to write: a server
/// without a reader must not hold its port.
#[cfg(unix)]
mod reader {
    use std::{
        future::pending,
        io::{self, IsTerminal},
        os::fd::{AsFd, OwnedFd},
        time::Duration,
    };

    use tokio::{io::Interest, net::unix::pipe::Sender, time::sleep};

    /// How often the pipe is checked.
    const EVERY: Duration = Duration::from_millis(500);

    /// The writer's end of a pipe, if there is one.
    #[derive(Default)]
    pub(super) struct Watched(Option<OwnedFd>);

    impl Watched {
        pub(super) fn stdout() -> Self {
            let stdout = io::stdout();
            match stdout.is_terminal() {
                // The end of a terminal comes as a signal.
                true => Watched(None),
                false => Watched(stdout.as_fd().try_clone_to_owned().ok()),
            }
        }

        /// Resolves when the reader has left; never for a file.
        pub(super) async fn left(&self) {
            let pipe = self.0.as_ref().and_then(|pipe| pipe.try_clone().ok());
            // Nothing is written through it, so it may block. A socket, which Node uses as a
            // pipe, works the same.
            let Some(Ok(pipe)) = pipe.map(Sender::from_owned_fd_unchecked) else {
                return pending().await;
            };
            while let Ok(ready) = pipe.ready(Interest::WRITABLE | Interest::ERROR).await {
                if ready.is_write_closed() || ready.is_error() {
                    return;
                }
                // Once writable, it stays ready until something is written through it.
                sleep(EVERY).await;
            }
            pending().await
        }
    }
}

#[cfg(not(unix))]
mod reader {
    /// Watches nothing: the next write notices that the reader has left.
    #[derive(Default)]
    pub(super) struct Watched;

    impl Watched {
        pub(super) fn stdout() -> Self {
            Watched
        }

        pub(super) async fn left(&self) {
            std::future::pending().await
        }
    }
}
