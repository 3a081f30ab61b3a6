//! Opens a URL in the user's browser, with the program that the system has for it. A library for it
//! adds 80 KB to the binary.

use std::{
    io,
    process::{Command, Stdio},
    thread,
};

/// Opens `url`, which must be one of ours: it becomes an argument.
///
/// # Errors
///
/// Why no browser could be started.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut command = match std::env::consts::OS {
        "macos" => Command::new("open"),
        "windows" => Command::new("explorer"),
        _ => Command::new("xdg-open"),
    };
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Ctrl-C is for the command, not for the browser.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut browser = command.spawn()?;
    // A process that ends must be waited for.
    thread::spawn(move || browser.wait());
    Ok(())
}
