//! HTTP/2 frames by hand (RFC 9113, 6), and bytes of HTTP/1.1.

use bytes::Bytes;
use waxwing_peers::Step;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// The index of `:status: 200` in HPACK's static table (RFC 7541, appendix A), as
/// a whole header block.
pub(crate) const STATUS_200: &[u8] = &[0x88];
/// `:status: 500`.
pub(crate) const STATUS_500: &[u8] = &[0x8e];

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Bytes {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.into()
}

pub(crate) fn data(stream: u32, payload: &[u8]) -> Step {
    Step::Send(frame(0, 0, stream, payload))
}

/// The head of an answer whose body follows.
pub(crate) fn headers(stream: u32, block: &[u8]) -> Step {
    Step::Send(frame(1, END_HEADERS, stream, block))
}

/// An answer without a body.
pub(crate) fn answer(stream: u32, block: &[u8]) -> Step {
    Step::Send(frame(1, END_HEADERS | END_STREAM, stream, block))
}

pub(crate) fn rst_stream(stream: u32, code: u32) -> Step {
    Step::Send(frame(3, 0, stream, &code.to_be_bytes()))
}

/// What a server has to say first.
pub(crate) fn settings() -> Step {
    Step::Send(frame(4, 0, 0, &[]))
}

pub(crate) fn goaway(last_stream: u32, code: u32) -> Step {
    Step::Send(frame(7, 0, 0, &[last_stream.to_be_bytes(), code.to_be_bytes()].concat()))
}

/// Sends these bytes.
pub(crate) fn say(bytes: impl Into<Bytes>) -> Step {
    Step::Send(bytes.into())
}

/// An answer of HTTP/1.1 without a body, after which the connection stays open.
pub(crate) fn ok() -> Step {
    say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}
