//! Failures of connections and exchanges, in plain words.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

use h2::Reason;
use waxwing_core::AttemptError;

use super::{connect::HEADER_BYTES, tls};

/// Headers of an answer over HTTP/1.1 at most; hyper's bound.
const HEADERS: usize = 100;

/// Why a TCP connection could not be made.
pub(super) fn connect(error: &io::Error) -> AttemptError {
    match error.kind() {
        ErrorKind::ConnectionRefused => AttemptError::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => AttemptError::Reset,
        ErrorKind::HostUnreachable => AttemptError::Unreachable("there is no way to this host".into()),
        ErrorKind::NetworkUnreachable => AttemptError::Unreachable("there is no way to this network".into()),
        ErrorKind::TimedOut => AttemptError::Unreachable("it did not answer".into()),
        _ => AttemptError::Unreachable(error.to_string()),
    }
}

/// Why an exchange over a connection failed. [`AttemptError::Reset`] means that
/// the connection ended, so that another one may be tried.
pub(super) fn exchange(error: &hyper::Error) -> AttemptError {
    if error.is_parse_too_large() {
        return headers_too_large();
    }
    if error.is_parse() {
        return AttemptError::Protocol(error.to_string());
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return AttemptError::Reset;
    }
    if let Some(http2) = cause::<h2::Error>(error) {
        return self::http2(http2);
    }
    match cause::<io::Error>(error) {
        Some(io) => broken(io),
        None => AttemptError::Protocol(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

/// An error of the connection, or of what was read from it: TLS and chunked
/// bodies tell theirs as such, too.
fn broken(error: &io::Error) -> AttemptError {
    if tls::cause(error).is_some() {
        return AttemptError::Tls(tls::explain(error));
    }
    if let Some(said) = tls::explain_text(&error.to_string()) {
        return AttemptError::Tls(said);
    }
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput => AttemptError::Protocol(error.to_string()),
        _ => AttemptError::Reset,
    }
}

fn http2(error: &h2::Error) -> AttemptError {
    if let Some(io) = error.get_io() {
        return broken(io);
    }
    match error.reason() {
        // How a server says that it did not process a request, and that it ends a
        // connection in peace (RFC 9113, 6.8 and 8.7).
        Some(Reason::NO_ERROR | Reason::REFUSED_STREAM) if error.is_remote() => AttemptError::Reset,
        Some(reason) if error.is_remote() => {
            AttemptError::Protocol(format!("the server ended the request with the HTTP/2 error {reason:?}"))
        }
        // How our side turns large headers away, and very large ones.
        Some(Reason::REFUSED_STREAM | Reason::ENHANCE_YOUR_CALM) => headers_too_large(),
        Some(reason) => AttemptError::Protocol(format!("it breaks the rules of HTTP/2 ({reason:?})")),
        None => AttemptError::Protocol(error.to_string()),
    }
}

fn headers_too_large() -> AttemptError {
    AttemptError::Protocol(format!(
        "its headers are too many or too large (at most {HEADERS}, of {} KiB in all)",
        HEADER_BYTES >> 10
    ))
}

/// The first error of this kind below another.
fn cause<E: Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut next = error.source();
    while let Some(inner) = next {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        next = inner.source();
    }
    None
}
