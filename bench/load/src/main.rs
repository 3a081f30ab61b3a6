//! Asks a server for `POST /sandbox/item/reset_login` as fast as it replies, and meanwhile answers
//! the webhooks that the server sends.
//!
//! It prints a line of JSON with the address of its webhook receiver, reads one with a [`Job`] from
//! standard input, does it, prints a line with the figures, and ends. Reading order: here the
//! process, then [`load`] (the requests), [`receiver`] (the webhooks), [`message`] (HTTP/1.1).
//!
//! It speaks HTTP over bare sockets, and knows no more of it than these messages need: what it takes
//! from the machine, the server under measurement lacks. For the same reason requests are sent from
//! one thread, and webhooks are answered on another.

#![forbid(unsafe_code)]

mod load;
mod message;
mod receiver;

use std::error::Error;
use std::io::Write;

use serde::Serialize;
use tokio::task::LocalSet;

use crate::load::Job;
use crate::receiver::Receiver;

fn main() -> Result<(), Box<dyn Error>> {
    let receiver = Receiver::start()?;
    print(&serde_json::json!({ "receiver": receiver.url() }))?;

    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let figures = LocalSet::new().block_on(&runtime, load::run(job, &receiver))?;
    print(&figures)?;
    Ok(())
}

fn print(line: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, line)?;
    writeln!(output)?;
    output.flush()?;
    Ok(())
}
