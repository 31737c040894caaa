//! Verifies webhooks: one call from raw body and headers to an event.
//!
//! ```
//! use serde_json::Value;
//! use waxwing_receiver::{Event, Options, Reason, Secrets, verify};
//!
//! # fn main() -> Result<(), waxwing_receiver::Error> {
//! let secrets = Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
//!
//! // `headers` is whatever gives names and values: an `&http::HeaderMap`, a map, pairs.
//! let headers = [("webhook-id", "evt_1"), ("webhook-timestamp", "1774519200")];
//! let event: Result<Event<Value>, _> = verify(b"{}", headers, &secrets, &Options::new());
//! assert_eq!(event.unwrap_err().reason(), Reason::MissingHeader);
//! # Ok(())
//! # }
//! ```
//!
//! The body must be the bytes that came: JSON that was parsed and printed again has another
//! signature. What is checked, in which order, and why a request can be refused: [`Reason`].
//!
//! [`Event`] is generic over its data; [`ByType`] reads each event type as a type of its own.
//! Delivery is at least once: [`Seen`] remembers which ids were there already.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `ed25519`: public keys (`whpk_…`), which verify `v1a` signatures.
//! - `tower`: `tower::VerifyLayer` stands in front of any service for HTTP requests.
//! - `axum`: `axum::Webhook` is an extractor for axum 0.8.

#[cfg(feature = "axum")]
pub mod axum;
mod clock;
mod error;
mod event;
mod headers;
#[cfg(feature = "http")]
mod once;
mod options;
#[cfg(feature = "http")]
mod receiver;
mod secrets;
mod seen;
mod signature;
#[cfg(feature = "tower")]
pub mod tower;
mod verify;

pub use error::{Error, Reason};
pub use event::{ByType, Data, Event, RawEvent, ignore_data};
#[cfg(feature = "http")]
pub use once::{Once, OnceError, once};
pub use options::{DEFAULT_TOLERANCE, Options, Scheme};
#[cfg(feature = "http")]
pub use receiver::{DEFAULT_MAX_BODY, Receiver};
pub use secrets::{MAX_SECRET_LEN, MIN_SECRET_LEN, Secrets};
pub use seen::{DEFAULT_CAPACITY, DEFAULT_TTL, MemorySeen, Seen};
pub use signature::MAX_SIGNATURES;
pub use verify::verify;

/// The code of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
