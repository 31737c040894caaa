//! The numbered rules of ARCHITECTURE.md, as tests that plain `cargo test` runs.
//!
//! There is no code here, only `tests/`: `edges` says who may depend on whom, `layout` how
//! files look, `licences` what may be built upon. A failure names the file and what to do.
