//! The requests: prepared beforehand, sent over connections that stay open, each as soon as the
//! reply to the one before it has come and was checked.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::message::Connection;
use crate::receiver::Receiver;

/// Webhooks have stopped coming when none has come for so long.
const QUIET: Duration = Duration::from_secs(1);

/// How long webhooks are waited for after the last reply.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be asked of which server.
#[derive(Deserialize)]
pub(crate) struct Job {
    address: SocketAddr,
    /// Sent if given: a gateway adds its own.
    client_id: Option<String>,
    secret: Option<String>,
    /// Whose Items are reset, in turn.
    access_tokens: Vec<String>,
    connections: usize,
    #[serde(flatten)]
    span: Span,
    /// Whether to wait, after the last reply, until no more webhooks come.
    wait_for_webhooks: bool,
}

/// How long to ask.
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum Span {
    Time {
        warm_up_ms: u64,
        measure_ms: u64,
    },
    /// Until each Item was reset so many times.
    Rounds {
        rounds: usize,
    },
}

/// What came of it. Rates and times are those of the measured span, `all_…` count from the first
/// request on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    replies: usize,
    replies_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Replies that did not say that the login was reset, and connections that failed.
    errors: usize,
    all_replies: usize,
    webhooks: u64,
    webhooks_per_second: f64,
    all_webhooks: u64,
    /// From the last reply to the last webhook.
    webhooks_late_ms: f64,
}

/// What the connections share. Nothing is held across an await.
struct Load {
    requests: Vec<Vec<u8>>,
    next: Cell<usize>,
    /// How many requests are sent at most.
    limit: Cell<usize>,
    replies: Cell<usize>,
    errors: Cell<usize>,
    /// In nanoseconds, while they are measured.
    latencies: RefCell<Option<Vec<u64>>>,
}

#[derive(Deserialize)]
struct Reply {
    reset_login: bool,
}

/// Does the job.
///
/// # Errors
///
/// When there is no Item to reset. What goes wrong with requests is counted.
pub(crate) async fn run(job: Job, receiver: &Receiver) -> io::Result<Figures> {
    if job.access_tokens.is_empty() {
        return Err(io::Error::other("no access tokens"));
    }
    let load = Rc::new(Load::new(&job));
    let mut connections = JoinSet::new();
    for _ in 0..job.connections {
        connections.spawn_local(Load::connection(Rc::clone(&load), job.address));
    }
    if let Span::Time { warm_up_ms, .. } = job.span {
        sleep(Duration::from_millis(warm_up_ms)).await;
    }
    load.latencies.replace(Some(Vec::new()));
    let (begun, webhooks_before) = (Instant::now(), receiver.received());
    match job.span {
        Span::Time { measure_ms, .. } => sleep(Duration::from_millis(measure_ms)).await,
        Span::Rounds { .. } => while connections.join_next().await.is_some() {},
    }
    let (seconds, webhooks) = (
        begun.elapsed().as_secs_f64(),
        receiver.received() - webhooks_before,
    );
    let mut latencies = load.latencies.take().unwrap_or_default();
    load.limit.set(0);
    while connections.join_next().await.is_some() {}
    let webhooks_late = match job.wait_for_webhooks {
        true => last_webhook(receiver).await,
        false => Duration::ZERO,
    };

    latencies.sort_unstable();
    Ok(Figures {
        replies: latencies.len(),
        replies_per_second: latencies.len() as f64 / seconds,
        p50_ms: percentile(&latencies, 0.5),
        p99_ms: percentile(&latencies, 0.99),
        errors: load.errors.get(),
        all_replies: load.replies.get(),
        webhooks,
        webhooks_per_second: webhooks as f64 / seconds,
        all_webhooks: receiver.received(),
        webhooks_late_ms: webhooks_late.as_secs_f64() * 1000.0,
    })
}

impl Load {
    fn new(job: &Job) -> Self {
        let tokens = job.access_tokens.iter();
        Load {
            requests: tokens.map(|token| request(job, token)).collect(),
            next: Cell::new(0),
            limit: Cell::new(match job.span {
                Span::Time { .. } => usize::MAX,
                Span::Rounds { rounds } => rounds * job.access_tokens.len(),
            }),
            replies: Cell::new(0),
            errors: Cell::new(0),
            latencies: RefCell::new(None),
        }
    }

    async fn connection(load: Rc<Load>, address: SocketAddr) {
        if load.ask(address).await.is_err() {
            load.errors.set(load.errors.get() + 1);
        }
    }

    async fn ask(&self, address: SocketAddr) -> io::Result<()> {
        let mut connection = Connection::new(TcpStream::connect(address).await?)?;
        while let Some(request) = self.next_request() {
            let sent = Instant::now();
            connection.stream().write_all(request).await?;
            let Some(reply) = connection.read().await? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let is_reset = reply.is_ok()
                && serde_json::from_slice(reply.body).is_ok_and(|reply: Reply| reply.reset_login);
            let counter = if is_reset {
                &self.replies
            } else {
                &self.errors
            };
            counter.set(counter.get() + 1);
            if let (Some(latencies), true) = (&mut *self.latencies.borrow_mut(), is_reset) {
                latencies.push(sent.elapsed().as_nanos() as u64);
            }
        }
        Ok(())
    }

    fn next_request(&self) -> Option<&[u8]> {
        let next = self.next.get();
        if next >= self.limit.get() {
            return None;
        }
        self.next.set(next + 1);
        Some(&self.requests[next % self.requests.len()])
    }
}

fn request(job: &Job, access_token: &str) -> Vec<u8> {
    let body = serde_json::json!({ "access_token": access_token }).to_string();
    let header = |name: &str, value: &Option<String>| match value {
        Some(value) => format!("{name}: {value}\r\n"),
        None => String::new(),
    };
    format!(
        "POST /sandbox/item/reset_login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         {}{}content-length: {}\r\n\r\n{body}",
        job.address,
        header("plaid-client-id", &job.client_id),
        header("plaid-secret", &job.secret),
        body.len(),
    )
    .into_bytes()
}

/// Waits until webhooks stop coming, and says when that was, counted from now.
async fn last_webhook(receiver: &Receiver) -> Duration {
    let begun = Instant::now();
    let mut last = (receiver.received(), Duration::ZERO);
    loop {
        sleep(Duration::from_millis(10)).await;
        let (received, waited) = (receiver.received(), begun.elapsed());
        if received != last.0 {
            last = (received, waited);
        } else if waited - last.1 > QUIET || waited > PATIENCE {
            return last.1;
        }
    }
}

/// In milliseconds; of nothing, 0.
fn percentile(sorted_nanos: &[u64], share: f64) -> f64 {
    let place = (sorted_nanos.len() as f64 * share) as usize;
    let nanos = sorted_nanos.get(place.min(sorted_nanos.len().saturating_sub(1)));
    nanos.copied().unwrap_or_default() as f64 / 1e6
}
