//! One file for each resource.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod encryption;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod operator_keys;
pub(crate) mod portal_tokens;
pub(crate) mod replay;
pub(crate) mod secrets;
pub(crate) mod signing_keys;
pub(crate) mod webhooks;
