//! The sockets that requests come through, and what a stranger may cost there.
//!
//! Whoever can reach the port can connect, send slowly, read slowly, or ask and give up.
//! Each of these has a bound here: connections in all and from one address, the size of a
//! head and the time for it, the time without a request, the time to take an answer, the
//! requests that are given up. What an HTTP message says is not looked at.

mod accept;
mod activity;
mod answer;
mod connection;
mod shares;
#[cfg(test)]
mod tests;
mod tls;

use std::{net::IpAddr, time::Duration};

pub(crate) use accept::run;
pub(crate) use connection::Site;
pub use tls::{Identity, Tls, TlsError};

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// In all: past it nobody is let in until one ends.
    pub connections: usize,
    /// From one address, or one /64 network of IPv6: further ones are closed at once.
    pub connections_of_peer: usize,
}

impl Bounds {
    /// So many in all; one address may have half of them, for it may be a proxy.
    pub fn of_connections(connections: usize) -> Self {
        Self { connections, connections_of_peer: connections.div_ceil(2) }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::of_connections(4_096)
    }
}

/// The address that a request came from, a client's or that of a proxy in front: an
/// extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// An extension of the requests that came over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverTls;

/// From a connection to the head of its first request, TLS included.
pub const FIRST_REQUEST: Duration = Duration::from_secs(15);
/// Without a request; and how long an answer may lie until it is taken, once or twice this.
pub const IDLE: Duration = Duration::from_mins(1);
/// For a connection to end that was told to.
pub const DRAIN: Duration = Duration::from_secs(10);
/// Bytes of a head, and of what is read ahead on a connection over HTTP/1.
pub const HEADER_BYTES: u32 = 32 << 10;
/// Requests at once on one connection over HTTP/2.
pub const STREAMS: u32 = 128;
/// Bytes of bodies in memory that nobody has read yet: of one request, of one connection.
pub const WINDOW: u32 = 256 << 10;
/// See [`WINDOW`].
pub const CONNECTION_WINDOW: u32 = 1 << 20;
/// Streams that a client resets before they are looked at, and that we reset for its errors.
pub const RESETS: usize = 20;
/// Requests that a client gives up on one connection, if they are most of its requests.
pub const GIVEN_UP: usize = 100;
/// A silent connection over HTTP/2 is asked for a sign of life this often, and may take as
/// long to give it.
pub const PING: Duration = Duration::from_secs(20);
