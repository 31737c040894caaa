//! Response bodies: proper ones and those that never end.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Interval, interval};

/// One piece of the endless body.
static PIECE: [u8; 16 << 10] = [b'x'; 16 << 10];

pub(super) enum ReplyBody {
    Whole(Bytes),
    Endless,
    Slow(Interval),
}

impl ReplyBody {
    pub(super) fn slow(every: Duration) -> Self {
        Self::Slow(interval(every.max(Duration::from_millis(1))))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Self::Whole(bytes) => std::mem::take(bytes),
            Self::Endless => Bytes::from_static(&PIECE),
            Self::Slow(tick) => {
                ready!(tick.poll_tick(cx));
                Bytes::from_static(b".")
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Endless | Self::Slow(_) => SizeHint::default(),
        }
    }
}
