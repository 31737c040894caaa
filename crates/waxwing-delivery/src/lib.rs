//! The delivery engine: lanes, sending, recording, and the HTTPS sender.
//!
//! The engine takes its clock, its randomness, its sender and its store as
//! parameters, so that it runs unchanged in a test or a simulation. It keeps in
//! memory what is due soon and no more; what waits longer waits in the store.

mod alarms;
mod attempt;
mod credentials;
mod dispatcher;
pub mod engine;
pub mod https;
mod lane;
pub mod options;
mod resealing;
mod route;
pub mod sender;
mod upkeep;

pub use engine::{Engine, EngineHandle, EngineParts};
pub use options::EngineOptions;
pub use sender::{Request, Response, Sender};
