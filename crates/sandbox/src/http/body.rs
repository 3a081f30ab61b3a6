//! Request bodies with a limit, and response bodies that can break off.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// A longer request body is refused. Plaid publishes no limit (inferred).
const BODY_LIMIT: usize = 1 << 20;

/// How much of a refused body is read, so that the client finishes sending and reads the response.
/// Otherwise it would see a connection reset.
const DISCARD_LIMIT: usize = 16 << 20;

/// The whole request body, or `None` if it is too long or ended early.
pub(super) async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if length <= DISCARD_LIMIT {
            kept = Vec::new();
        } else {
            return None;
        }
    }
    (length <= BODY_LIMIT).then_some(kept)
}

/// The error that makes hyper end a connection early.
pub(super) fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// A response body. One that is cut short is announced longer than it is.
pub(super) struct ReplyBody {
    left: Option<Bytes>,
    announced: u64,
    is_cut_short: bool,
    /// Whether hyper had a turn to write the bytes.
    is_written: bool,
}

impl ReplyBody {
    pub(super) fn new(mut bytes: Bytes, is_cut_short: bool) -> Self {
        let announced = bytes.len() as u64;
        if is_cut_short {
            bytes.truncate(bytes.len() / 2);
        }
        ReplyBody {
            left: Some(bytes).filter(|bytes| !bytes.is_empty()),
            announced,
            is_cut_short,
            is_written: false,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.left.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // On an error hyper drops the bytes it has not written.
            None if self.is_cut_short && !self.is_written => {
                self.is_written = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.is_cut_short => Poll::Ready(Some(Err(reset()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && !self.is_cut_short
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
