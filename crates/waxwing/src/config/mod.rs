//! The configuration of `waxwing serve`.
//!
//! One table ([`table`]) names every setting; flags, environment variables, the
//! keys of the TOML file, `--help` and `config print` are made from it, so that
//! they cannot drift apart. Flags win over the environment, the environment over
//! the file, the file over the defaults. What nobody knows is an error.

pub(crate) mod dashboard;
mod encryption;
pub(crate) mod environment;
pub(crate) mod flags;
pub(crate) mod layers;
mod limits;
pub(crate) mod parse;
pub(crate) mod settings;
pub(crate) mod suggest;
pub(crate) mod table;
mod targets;

pub(crate) use environment::Environment;
pub(crate) use flags::Flags;
pub(crate) use layers::Effective;
pub(crate) use settings::{Database, LogFormat, Settings, TlsFiles};
