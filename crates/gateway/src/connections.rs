//! The limits on connections: how many are open, and how long each may be idle or take to send a
//! request.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
    time::{Instant, Sleep, sleep},
};

/// The time limit for the head of a request. It starts with the connection or with the first byte of
/// a later request.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for a connection without a request.
const IDLE_TIME_LIMIT: Duration = Duration::from_secs(75);

/// How long a connection that closes before a whole body was read still reads and discards. Without
/// this, the kernel resets the connection, and the client loses the response.
const LINGER: Duration = Duration::from_secs(1);

/// The open connections of one gateway.
pub(crate) struct Connections {
    max: usize,
    open: Mutex<HashMap<u64, Arc<State>>>,
}

/// One open connection. Dropping it frees its place.
pub(crate) struct Connection {
    id: u64,
    connections: Arc<Connections>,
    state: Arc<State>,
}

struct State {
    activity: Mutex<Activity>,
    /// Makes the connection's task close it.
    close: Notify,
}

#[derive(Clone, Copy)]
struct Activity {
    phase: Phase,
    /// When the phase started.
    since: Instant,
    /// Whether to read and discard what the client still sends when the connection closes.
    lingers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No byte of the next request has arrived.
    Idle,
    /// The head of a request is arriving, or is due on a new connection.
    Head,
    /// The body of a request is arriving. The reader of the body has its own time limit.
    Body,
    /// A complete request is being handled. Only such a connection is never closed for a limit.
    Busy,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Connections {
            max,
            open: Mutex::default(),
        })
    }

    /// Registers a new connection. At the limit, the oldest idle connection is closed for it.
    ///
    /// # Returns
    ///
    /// `None` if the limit is reached and every connection is busy.
    pub(crate) fn open(self: &Arc<Self>, id: u64) -> Option<Connection> {
        if self.lock().len() >= self.max && !self.close_oldest_idle() {
            return None;
        }
        let state = Arc::new(State {
            activity: Mutex::new(Activity {
                phase: Phase::Head,
                since: Instant::now(),
                lingers: false,
            }),
            close: Notify::new(),
        });
        self.lock().insert(id, Arc::clone(&state));
        Some(Connection {
            id,
            connections: Arc::clone(self),
            state,
        })
    }

    /// Closes the connection that has been without a complete request for the longest time. Returns
    /// whether there is one.
    pub(crate) fn close_oldest_idle(&self) -> bool {
        let mut open = self.lock();
        let oldest = open
            .iter()
            .map(|(id, state)| (state.activity(), id))
            .filter(|(activity, _)| activity.phase != Phase::Busy)
            .min_by_key(|(activity, _)| activity.since)
            .map(|(_, id)| *id);
        match oldest.and_then(|id| open.remove(&id)) {
            Some(state) => {
                state.close.notify_one();
                true
            }
            None => false,
        }
    }

    /// Closes the connections that exceed a time limit.
    pub(crate) fn close_expired(&self) {
        self.lock().retain(|_, state| {
            let activity = state.activity();
            let limit = match activity.phase {
                Phase::Head => HEAD_TIME_LIMIT,
                Phase::Idle => IDLE_TIME_LIMIT,
                Phase::Body | Phase::Busy => return true,
            };
            let is_expired = activity.since.elapsed() >= limit;
            if is_expired {
                state.close.notify_one();
            }
            !is_expired
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<State>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Wraps the socket, to notice when a request starts to arrive.
    pub(crate) fn stream(&self, socket: TcpStream) -> Stream {
        Stream {
            socket,
            state: Arc::clone(&self.state),
            lingering: None,
        }
    }

    /// Waits until the connection must be closed for a limit.
    pub(crate) async fn closed(&self) {
        self.state.close.notified().await;
    }

    /// The head of a request has arrived.
    pub(crate) fn body(&self) {
        self.state.enter(Phase::Body);
    }

    /// The whole request has arrived.
    pub(crate) fn busy(&self) {
        self.state.enter(Phase::Busy);
    }

    /// The response is ready.
    pub(crate) fn idle(&self) {
        self.state.enter(Phase::Idle);
    }

    /// The connection closes after this response, while the client may still send a body.
    pub(crate) fn linger(&self) {
        self.state.change(|activity| activity.lingers = true);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.id);
    }
}

impl State {
    fn activity(&self) -> Activity {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Activity)) {
        change(&mut self.activity.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn enter(&self, phase: Phase) {
        self.change(|activity| {
            activity.phase = phase;
            activity.since = Instant::now();
        });
    }

    /// Bytes have arrived.
    fn received(&self) {
        self.change(|activity| {
            if activity.phase == Phase::Idle {
                activity.phase = Phase::Head;
                activity.since = Instant::now();
            }
        });
    }
}

/// The socket of a connection.
pub(crate) struct Stream {
    socket: TcpStream,
    state: Arc<State>,
    /// The end of lingering, once it has started.
    lingering: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.socket).poll_read(context, buffer));
        if buffer.filled().len() > before {
            self.state.received();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Ends the response. Then, if the client may still send, reads until it stops or for [`LINGER`].
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(context))?;
            if !this.state.activity().lingers {
                return Poll::Ready(Ok(()));
            }
        }
        let end = this
            .lingering
            .get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut discarded = [0; 4096];
        while end.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut discarded);
            let read = ready!(Pin::new(&mut this.socket).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
