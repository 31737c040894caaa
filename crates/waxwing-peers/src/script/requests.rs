//! Where a request ends, in HTTP/1.1 and HTTP/2.

use std::io::{self, ErrorKind};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What an HTTP/2 client says first (RFC 9113, 3.4), in bytes.
const PREFACE: usize = 24;
/// A frame's header (RFC 9113, 4.1), in bytes.
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
/// The longest request that is read, in bytes.
const MAX_REQUEST: usize = 16 << 20;

/// Reads requests from one connection.
pub(super) struct Requests {
    http2: bool,
    preface_read: bool,
    buffer: BytesMut,
}

impl Requests {
    pub(super) fn new(http2: bool) -> Self {
        Self { http2, preface_read: false, buffer: BytesMut::new() }
    }

    /// Reads the next request to its end.
    pub(super) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        loop {
            let ended = if self.http2 { self.http2_ended() } else { self.http1_ended() };
            if ended {
                return Ok(());
            }
            if self.buffer.len() > MAX_REQUEST {
                return Err(ErrorKind::InvalidData.into());
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn http1_ended(&mut self) -> bool {
        let Some(head) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return false;
        };
        let end = head + 4 + content_length(&self.buffer[..head]);
        if self.buffer.len() < end {
            return false;
        }
        self.buffer.advance(end);
        true
    }

    /// Takes whole frames until one ends a stream.
    fn http2_ended(&mut self) -> bool {
        if !self.preface_read {
            if self.buffer.len() < PREFACE {
                return false;
            }
            self.buffer.advance(PREFACE);
            self.preface_read = true;
        }
        while self.buffer.len() >= FRAME_HEADER {
            let length = usize::try_from((&self.buffer[..3]).get_uint(3)).unwrap_or(usize::MAX);
            let (kind, flags) = (self.buffer[3], self.buffer[4]);
            if self.buffer.len() - FRAME_HEADER < length {
                return false;
            }
            self.buffer.advance(FRAME_HEADER + length);
            if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                return true;
            }
        }
        false
    }
}

/// 0 when the head does not say.
fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    lengths.next_back().unwrap_or(0)
}
