//! The body of an answer on its way out.
//!
//! It goes out in small pieces, each asked for when the client has room for it: so it is
//! known how long a client takes, and what it does not take is let go with its connection.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::activity::Untaken;

/// Bytes that are handed to a connection at a time.
const PIECE: usize = 16 << 10;

/// A body that counts as not taken until its end, or while it waits for what comes next.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    /// Of the body's last frame, what has not been handed over.
    rest: Bytes,
    untaken: Untaken,
}

impl Answer {
    /// This body.
    pub(super) fn new(body: Body, untaken: Untaken) -> Self {
        Self { body, rest: Bytes::new(), untaken }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = Pin::new(&mut self.body).poll_frame(cx);
            // Who asks for more has taken what there was.
            if frame.is_pending() {
                self.untaken.taken();
            } else {
                self.untaken.given();
            }
            match ready!(frame).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let hint = self.body.size_hint();
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper.saturating_add(rest));
        }
        whole
    }
}
