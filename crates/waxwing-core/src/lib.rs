//! The domain of Waxwing, as values and pure functions.
//!
//! Nothing in here does IO, is async, reads a clock or draws randomness: time,
//! jitter and random bytes come in as arguments, so that every rule can be
//! tested by itself and the same code runs in a simulation. JSON shapes live in
//! `waxwing-api`, rows in the stores.

pub mod bucket;
pub mod clock;
pub mod credentials;
pub mod delivery;
pub mod envelope;
pub mod event_type;
pub mod id;
pub mod key;
pub mod outcome;
pub mod role;
pub mod schedule;
pub mod seal;
pub mod secret;
pub mod signature;
pub mod signing_key;
pub mod target;
pub mod time;
pub mod webhook;

pub use bucket::{Bucket, Rate};
pub use clock::{Clock, Entropy};
pub use delivery::DeliveryState;
pub use event_type::{EventType, Pattern};
pub use id::{AccountId, ErasureId, EventId, KeyId, ReplayId, WebhookId};
pub use key::KeyKind;
pub use outcome::{AttemptError, Outcome, TimeoutPhase};
pub use role::Role;
pub use schedule::RetrySchedule;
pub use secret::Secret;
pub use signing_key::{PublicKey, SigningKey};
pub use target::TargetPolicy;
pub use time::Timestamp;
pub use webhook::{DisabledReason, WebhookStatus};
