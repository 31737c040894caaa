//! Connections that are kept, by host.
//!
//! HTTP/1.1 connections are used by one request at a time, the latest first, so
//! that the others grow old and are closed. An HTTP/2 connection is shared.
//!
//! A permit is the right to use a connection of a host, not to have one: with it
//! a connection that is free is taken before a new one is made, so that a host
//! never has more connections than permits, and whoever gives one back lets the
//! next go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// Unused connections in all.
pub const IDLE: usize = 4_096;
/// How often old ones are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// A connection to a host.
pub(super) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>, OwnedSemaphorePermit),
    /// With its number, to tell it from those that come after it.
    Http2(http2::SendRequest<Full<Bytes>>, u64),
}

/// What a request to a host goes over.
pub(super) enum Way {
    Kept(Connection),
    /// None is free: the right to open one.
    New(OwnedSemaphorePermit),
}

struct Idle {
    sender: http1::SendRequest<Full<Bytes>>,
    since: Instant,
}

struct Shared {
    sender: http2::SendRequest<Full<Bytes>>,
    number: u64,
    used: Instant,
}

struct Host {
    idle: Vec<Idle>,
    shared: Option<Shared>,
    permits: Arc<Semaphore>,
}

struct State {
    hosts: HashMap<Box<str>, Host>,
    idle: usize,
    swept: Instant,
    /// Connections that were shared so far.
    shared: u64,
}

/// The pool. Keys are `host:port`.
pub(super) struct Pool {
    state: Mutex<State>,
    idle_timeout: Duration,
    per_host: usize,
}

impl Pool {
    pub(super) fn new(idle_timeout: Duration, per_host: usize) -> Self {
        let state = State { hosts: HashMap::new(), idle: 0, swept: Instant::now(), shared: 0 };
        Self { state: Mutex::new(state), idle_timeout, per_host: per_host.max(1) }
    }

    /// A connection that is shared or free, or the right to open one; waits while
    /// the host has all that it may have. None while the process ends.
    pub(super) async fn way(&self, key: &str) -> Option<Way> {
        let permits = match self.shared(key) {
            Ok(shared) => return Some(Way::Kept(shared)),
            Err(permits) => permits,
        };
        let permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => permits.acquire_owned().await.ok()?,
        };
        Some(self.take(key, permit))
    }

    /// The connection that all requests to a host share, or its permits.
    fn shared(&self, key: &str) -> Result<Connection, Arc<Semaphore>> {
        let now = Instant::now();
        let state = &mut *self.state.lock();
        if now - state.swept > SWEEP {
            state.sweep(now, self.idle_timeout);
        }
        let Some(host) = state.hosts.get_mut(key) else {
            let permits = Arc::new(Semaphore::new(self.per_host));
            let host = Host { idle: Vec::new(), shared: None, permits: Arc::clone(&permits) };
            state.hosts.insert(key.into(), host);
            return Err(permits);
        };
        host.shared(now, self.idle_timeout).ok_or_else(|| Arc::clone(&host.permits))
    }

    /// What is free, or was shared by another request meanwhile.
    fn take(&self, key: &str, permit: OwnedSemaphorePermit) -> Way {
        let now = Instant::now();
        let state = &mut *self.state.lock();
        let Some(host) = state.hosts.get_mut(key) else { return Way::New(permit) };
        if let Some(shared) = host.shared(now, self.idle_timeout) {
            return Way::Kept(shared);
        }
        while let Some(idle) = host.idle.pop() {
            state.idle -= 1;
            if !idle.sender.is_closed() && now - idle.since < self.idle_timeout {
                return Way::Kept(Connection::Http1(idle.sender, permit));
            }
        }
        Way::New(permit)
    }

    /// What to use when a connection that was kept turned out to be closed.
    pub(super) async fn instead_of(&self, key: &str, closed: Connection) -> Option<Way> {
        match closed {
            // Those that were kept beside it may be closed as well.
            Connection::Http1(_, permit) => Some(Way::New(permit)),
            Connection::Http2(_, number) => {
                if let Some(host) = self.state.lock().hosts.get_mut(key) {
                    host.shared.take_if(|shared| shared.number == number);
                }
                self.way(key).await
            }
        }
    }

    /// Keeps a connection for all requests to a host; its number.
    pub(super) fn share(&self, key: &str, sender: &http2::SendRequest<Full<Bytes>>) -> u64 {
        let state = &mut *self.state.lock();
        state.shared += 1;
        if let Some(host) = state.hosts.get_mut(key) {
            host.shared = Some(Shared { sender: sender.clone(), number: state.shared, used: Instant::now() });
        }
        state.shared
    }

    /// Takes a connection back after a complete exchange.
    pub(super) fn give_back(&self, key: &str, connection: Connection) {
        let Connection::Http1(sender, permit) = connection else { return };
        let state = &mut *self.state.lock();
        if let Some(host) = state.hosts.get_mut(key)
            && state.idle < IDLE
            && !sender.is_closed()
        {
            host.idle.push(Idle { sender, since: Instant::now() });
            state.idle += 1;
        }
        // After the connection is back: who waited for the permit finds it.
        drop(permit);
    }
}

impl Host {
    /// The connection that is shared, unless it is closed or was not used for long.
    fn shared(&mut self, now: Instant, timeout: Duration) -> Option<Connection> {
        self.shared.take_if(|shared| shared.is_over(now, timeout));
        let shared = self.shared.as_mut()?;
        shared.used = now;
        Some(Connection::Http2(shared.sender.clone(), shared.number))
    }
}

impl Shared {
    fn is_over(&self, now: Instant, timeout: Duration) -> bool {
        self.sender.is_closed() || now - self.used >= timeout
    }
}

impl State {
    fn sweep(&mut self, now: Instant, timeout: Duration) {
        self.swept = now;
        let mut idle = 0;
        self.hosts.retain(|_, host| {
            host.idle.retain(|kept| !kept.sender.is_closed() && now - kept.since < timeout);
            host.shared.take_if(|shared| shared.is_over(now, timeout));
            idle += host.idle.len();
            // Somebody may hold a permit, or wait for one.
            !host.idle.is_empty() || host.shared.is_some() || Arc::strong_count(&host.permits) > 1
        });
        self.idle = idle;
    }
}
