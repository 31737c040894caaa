//! Connections that are kept, by host.
//!
//! HTTP/1.1 connections are used by one request at a time, the latest first, so
//! that the others grow old and are closed. An HTTP/2 connection is shared.

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
const IDLE: usize = 4_096;
/// How often old ones are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// A connection to a host.
pub(super) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>, OwnedSemaphorePermit),
    Http2(http2::SendRequest<Full<Bytes>>),
}

struct Idle {
    sender: http1::SendRequest<Full<Bytes>>,
    since: Instant,
    permit: OwnedSemaphorePermit,
}

struct Host {
    idle: Vec<Idle>,
    shared: Option<(http2::SendRequest<Full<Bytes>>, Instant)>,
    permits: Arc<Semaphore>,
}

struct State {
    hosts: HashMap<Box<str>, Host>,
    idle: usize,
    swept: Instant,
}

/// The pool. Keys are `host:port`.
pub(super) struct Pool {
    state: Mutex<State>,
    idle_timeout: Duration,
    idle_per_host: usize,
    per_host: usize,
}

impl Pool {
    pub(super) fn new(idle_timeout: Duration, idle_per_host: usize, per_host: usize) -> Self {
        let state = State { hosts: HashMap::new(), idle: 0, swept: Instant::now() };
        Self { state: Mutex::new(state), idle_timeout, idle_per_host, per_host: per_host.max(1) }
    }

    /// A connection that is free, or shared; none when a new one is needed.
    pub(super) fn take(&self, key: &str) -> Option<Connection> {
        let now = Instant::now();
        let state = &mut *self.state.lock();
        let host = state.hosts.get_mut(key)?;
        if let Some((sender, used)) = &mut host.shared {
            if !sender.is_closed() {
                *used = now;
                return Some(Connection::Http2(sender.clone()));
            }
            host.shared = None;
        }
        while let Some(idle) = host.idle.pop() {
            state.idle -= 1;
            if !idle.sender.is_closed() && now - idle.since < self.idle_timeout {
                return Some(Connection::Http1(idle.sender, idle.permit));
            }
        }
        None
    }

    /// The right to open one more connection to a host.
    pub(super) async fn permit(&self, key: &str) -> Option<OwnedSemaphorePermit> {
        let permits = {
            let state = &mut *self.state.lock();
            let host = state.hosts.entry(key.into()).or_insert_with(|| Host {
                idle: Vec::new(),
                shared: None,
                permits: Arc::new(Semaphore::new(self.per_host)),
            });
            Arc::clone(&host.permits)
        };
        permits.acquire_owned().await.ok()
    }

    /// Keeps a shared connection for all requests to a host.
    pub(super) fn share(&self, key: &str, sender: &http2::SendRequest<Full<Bytes>>) {
        if let Some(host) = self.state.lock().hosts.get_mut(key) {
            host.shared = Some((sender.clone(), Instant::now()));
        }
    }

    /// Takes a connection back after a complete exchange.
    pub(super) fn give_back(&self, key: &str, connection: Connection) {
        let Connection::Http1(sender, permit) = connection else { return };
        let state = &mut *self.state.lock();
        let now = Instant::now();
        if now - state.swept > SWEEP {
            state.sweep(now, self.idle_timeout);
        }
        if let Some(host) = state.hosts.get_mut(key)
            && host.idle.len() < self.idle_per_host
            && state.idle < IDLE
            && !sender.is_closed()
        {
            host.idle.push(Idle { sender, since: now, permit });
            state.idle += 1;
        }
    }
}

impl State {
    fn sweep(&mut self, now: Instant, timeout: Duration) {
        self.swept = now;
        let mut idle = 0;
        self.hosts.retain(|_, host| {
            host.idle.retain(|kept| !kept.sender.is_closed() && now - kept.since < timeout);
            host.shared.take_if(|(sender, used)| sender.is_closed() || now - *used >= timeout);
            idle += host.idle.len();
            // Somebody may hold a permit, or wait for one.
            !host.idle.is_empty() || host.shared.is_some() || Arc::strong_count(&host.permits) > 1
        });
        self.idle = idle;
    }
}
