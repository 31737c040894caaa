//! The other ends of the wire, for `waxwing demo`, `listen`, `bench` and tests.
//!
//! A throw-away certificate authority, an HTTPS receiver that can be told to
//! misbehave in every way a webhook's server does, a TLS server that follows a
//! script byte by byte, raw listeners that do not even speak TLS, proxies, the edge in
//! front of a webhook's server, and a small client of the HTTP API. Nothing in here
//! takes part in serving or delivering.

pub mod ca;
pub mod client;
pub mod edge;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod script;
mod secure;
pub mod verify;

pub use ca::{Ca, CaError, ClientCert, ServerCert};
pub use client::{ApiClient, ApiError, ApiResponse};
pub use edge::{Edge, Fault, Passage};
pub use proxy::{ProxyKind, ProxyPeer};
pub use raw::{Misbehaviour, RawListener};
pub use receiver::{
    Alpn, Counters, Handler, Received, Receiver, ReceiverError, ReceiverOptions, Reply, tls_config,
};
pub use script::{Progress, ScriptedPeer, Step};
pub use verify::{VerifyError, verify};
