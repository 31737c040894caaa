//! Failures of connections and exchanges, in plain words.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

use waxwing_core::AttemptError;

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

/// Why an exchange over a connection failed.
pub(super) fn exchange(error: &hyper::Error) -> AttemptError {
    if error.is_parse_too_large() {
        return AttemptError::Protocol("its headers are too large".into());
    }
    if error.is_parse() {
        return AttemptError::Protocol(error.to_string());
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() || broken(error) {
        return AttemptError::Reset;
    }
    AttemptError::Protocol(source(error))
}

fn broken(error: &hyper::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<io::Error>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

fn source(error: &hyper::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
