//! What fuzzing runs: everything that reads what strangers send, with what must
//! always hold.
//!
//! A target takes any bytes and panics when something does not hold. `fuzz/` runs
//! each under libFuzzer for as long as one likes; the tests of this crate run the
//! same functions on a bounded number of inputs, so that they cannot rot. Nothing in
//! here takes part in serving or delivering.

mod addresses;
mod configuration;
mod cursors;
mod event_types;
mod ids;
mod json;
mod proxy_answers;
mod requests;
mod retry_after;
mod sealed;
mod signatures;
mod times;
mod urls;

/// Something to be fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name in `fuzz/`.
    pub name: &'static str,
    /// Panics when something does not hold for these bytes.
    pub run: fn(&[u8]),
    /// Words that its inputs are made of, in libFuzzer's format: one in quotes a line.
    pub words: &'static str,
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// Every target.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name::run,
            words: include_str!(concat!("../words/", stringify!($name), ".dict")),
        }),*];

        $(
            #[doc = concat!("The target `", stringify!($name), "`.")]
            pub fn $name(bytes: &[u8]) {
                $name::run(bytes);
            }
        )*
    };
}

targets!(
    addresses,
    configuration,
    cursors,
    event_types,
    ids,
    json,
    proxy_answers,
    requests,
    retry_after,
    sealed,
    signatures,
    times,
    urls
);

/// The bytes as text. What is no UTF-8 never reaches a parser of text.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// The first line and what follows it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, b""),
    }
}
