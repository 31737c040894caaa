//! An HTTPS receiver that answers as it is told.
//!
//! Fast enough to stand at the other end of a benchmark, and able to misbehave
//! in every way that a webhook's server does ([`Reply`]). HTTP/1.1 and HTTP/2,
//! chosen by ALPN. It never verifies signatures by itself: see
//! [`crate::verify()`].

mod body;
mod connection;
mod reply;
mod server;

pub use reply::{Handler, MAX_REQUEST_BODY, Received, Reply};
pub use server::{Alpn, Counters, Receiver, ReceiverError, ReceiverOptions, tls_config};
